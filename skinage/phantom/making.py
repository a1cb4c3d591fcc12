"""Make the phantom folder: people, their slides, and apart from them the planted truth."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from joblib import Parallel, delayed, parallel_config
from tqdm.auto import tqdm

from skinage.errors import StageError
from skinage.phantom.optics import render
from skinage.phantom.people import make_people
from skinage.phantom.slide_file import write_slide
from skinage.storage import stored, storing, write_json

MPP = 1.0
DRAWING = 4  # raised whenever the drawing changes, so that older slides are drawn again
COHORT_COLUMNS = [
    "slide_id",
    "person_id",
    "path",
    "age_years",
    "sex",
    "body_site",
    "scanner",
    "biopsy_year",
    "follow_up_years",
    "died",
    "disease_cardiovascular",
    "disease_osteoarthritis",
]


def make_cohort(
    out: str | Path,
    n_people: int = 100,
    seed: int = 0,
    *,
    hazard_ratio: float = 1.5,
    odds_ratio: float = 1.5,
    n_workers: int | None = None,
) -> Path:
    """Write a cohort of synthetic people with a slide each, and the planted truth beside it.

    Slides already drawn from the same person and seed are kept, so a stopped run goes on where it
    was; slides of earlier runs that do not belong to this cohort stay but are not listed.

    Parameters
    ----------
    out
        Folder to make: ``cohort.csv``, ``truth.csv``, ``truth.json`` and ``slides/``.
    n_people
        How many people, a slide each.
    seed
        Seed of everything: the same seed gives the same bytes.
    hazard_ratio, odds_ratio
        Planted effects of five years of acceleration, as in `make_people`.
    n_workers
        Processes that draw; all cores by default.

    Returns
    -------
    pathlib.Path
        The path of ``cohort.csv``.

    Raises
    ------
    StageError
        If the people cannot be drawn, or `out` cannot be written.
    """
    people = make_people(n_people, seed, hazard_ratio=hazard_ratio, odds_ratio=odds_ratio)
    people["slide_id"] = people["person_id"] + "_S1"
    people["path"] = "slides/" + people["slide_id"] + ".tiff"
    out = _writable(Path(out))
    _draw_slides(out, people, seed, n_workers or os.cpu_count() or 1)
    planted = {"hazard_ratio_per_5_years": hazard_ratio, "odds_ratio_per_5_years": odds_ratio}
    truth = people.drop(columns=[c for c in COHORT_COLUMNS if c != "person_id"]).assign(**planted)
    _write_csv(out / "truth.csv", truth)
    write_json(out / "truth.json", {"seed": seed, "n_people": len(people), **planted})
    return _write_csv(out / "cohort.csv", people[COHORT_COLUMNS])


def _writable(out: Path) -> Path:
    try:
        (out / "slides").mkdir(parents=True, exist_ok=True)
        probe = out / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise StageError(
            f"{out}: cannot write the phantom cohort there ({error.strerror}); expected a folder "
            "that can be made and written. Choose another `out`."
        ) from error
    return out


def _draw_slides(out: Path, people: pd.DataFrame, seed: int, n_workers: int) -> None:
    rows = people.to_dict("records")
    jobs = [(out / row["path"], _recipe(row, seed, k)) for k, row in enumerate(rows)]
    missing = [job for job in jobs if not stored(*job)]
    with tqdm(total=len(jobs), initial=len(jobs) - len(missing), unit="slide") as bar:
        if not missing:
            return
        # loky's workers share nothing with this process (a fork of one that holds torch can hang)
        # and, unlike multiprocessing's, do not import a user's script once more.
        with parallel_config("loky", n_jobs=min(n_workers, len(missing)), inner_max_num_threads=1):
            drawn = Parallel(return_as="generator_unordered")(
                delayed(_draw_slide)(*job) for job in missing
            )
            for _ in drawn:
                bar.update()


def _recipe(row: dict[str, Any], seed: int, index: int) -> dict[str, Any]:
    return {"drawing": DRAWING, "seed": [seed, index], "person": row}


def _draw_slide(path: Path, recipe: Mapping[str, Any]) -> None:
    with storing(path, recipe) as partial:
        write_slide(partial, render(recipe["person"], recipe["seed"]), MPP)


def _write_csv(path: Path, table: pd.DataFrame) -> Path:
    partial = path.with_name(f".partial-{os.getpid()}-{path.name}")
    table.to_csv(partial, index=False, lineterminator="\n")
    partial.replace(path)
    return path
