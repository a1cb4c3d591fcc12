"""Make the phantom folder: slides, the label of each of their pixels, and the truth."""

import zlib
from collections.abc import Iterator, Mapping
from concurrent.futures.process import BrokenProcessPool
from itertools import takewhile
from pathlib import Path
from typing import Any

import pandas as pd
from joblib import Parallel, cpu_count, delayed, parallel_config
from tqdm.auto import tqdm

from skinage.errors import StageError
from skinage.phantom.drawing.optics import draw_slide
from skinage.phantom.people import make_slides
from skinage.phantom.presets import check_number, check_whole, choose
from skinage.phantom.slide_file import write_labels, write_slide
from skinage.phantom.truth import LABELS, SLIDES, public, truth_of_all, truth_tables
from skinage.storage import in_words, remove, stored, storing, unwritten, write_csv, write_json

DRAWING = 5  # raised whenever the drawing changes, so that older slides are drawn again
TABLES = ("cohort.csv", "truth.csv", "truth_slides.csv", "truth.json")


def make_cohort(
    out: str | Path,
    n_people: int = 100,
    *,
    seed: int = 0,
    preset: str = "teaching",
    dials: Mapping[str, float] | None = None,
    ratios: Mapping[str, float] | None = None,
    mpp: float = 1.0,
    n_workers: int | None = None,
) -> Path:
    """Write a cohort of synthetic people with their slides, and the planted truth beside it.

    Slides already drawn by the same settings are kept, so a stopped run goes on where it was;
    slides of earlier runs that do not belong to this cohort stay but are not listed. The tables
    are written last: where ``cohort.csv`` is, the cohort is whole.

    Parameters
    ----------
    out
        The folder to make: ``cohort.csv``, ``truth.csv``, ``truth_slides.csv``, ``truth.json``,
        ``slides/`` and ``labels/``; ``data/README.md`` describes them.
    n_people
        The number of people, each with one slide or more.
    seed
        The seed of everything: the same seed gives the same bytes.
    preset
        ``teaching`` (clear effects), ``realistic`` (as large as published), ``hard`` (as realistic,
        with all that real cohorts do to a study), ``null`` (no ageing in the tissue) or
        ``confounded`` (age in the scanner only).
    dials
        Dials that differ from the preset, by the names and ranges of `DIALS`; None keeps all.
    ratios
        ``hazard_ratio`` of death and ``odds_ratio`` of disease per five years of acceleration that
        differ from the preset; None keeps both.
    mpp
        um per pixel of the slides, 0.25 to 2.
    n_workers
        The number of processes that draw; None takes one per core.

    Returns
    -------
    pathlib.Path
        The path of ``cohort.csv``.

    Raises
    ------
    SettingError
        If an argument cannot be used; nothing is written then.
    StageError
        If a file cannot be written.
    """
    check_number("mpp", mpp, 0.25, 2.0, "um per pixel from 0.25 to 2")
    if n_workers is not None:
        check_whole("n_workers", n_workers, 1)
    slides = make_slides(n_people, seed=seed, preset=preset, dials=dials, ratios=ratios)
    settings = {"seed": int(seed), "mpp": float(mpp)}
    out = Path(out)
    _prepare(out)
    _draw_all(out, slides, settings, n_workers or cpu_count())
    truth = settings | {"n_people": int(n_people), "preset": preset}
    write_json(out / "truth.json", truth | truth_of_all(choose(preset, dials, ratios)))
    for name, table in (truth_tables(slides) | {"cohort.csv": public(slides)}).items():
        write_csv(out / name, table)
    return out / "cohort.csv"


def slide_seed(seed: int, slide_id: str) -> list[int]:
    """Return the seed of a slide; other slides do not change it."""
    return [seed, zlib.crc32(slide_id.encode())]


def _prepare(out: Path) -> None:
    """Make the folders, and remove the half-written files of stopped runs and workers."""
    with in_words(out):
        for folder in (out, out / SLIDES, out / LABELS):
            folder.mkdir(parents=True, exist_ok=True)
            for partial in (*folder.glob(".partial-*"), *folder.glob(".made/.partial-*")):
                remove(partial)


def _draw_all(out: Path, slides: pd.DataFrame, settings: Mapping[str, Any], n_workers: int) -> None:
    """Draw what is missing; after a problem no slide is begun, and those begun are finished."""
    jobs = _jobs(out, slides, settings)
    missing = [job for job in jobs if not all(stored(path, job[2]) for path in job[:2])]
    problems: list[str] = []
    with tqdm(total=len(slides), initial=len(slides) - len(missing), unit="slide") as bar:
        if not missing:
            return
        with in_words(out):
            for name in TABLES:  # those of an earlier run do not belong to the new slides
                (out / name).unlink(missing_ok=True)
        drawing = (delayed(_draw)(*job) for job in takewhile(lambda _: not problems, missing))
        n_workers = min(n_workers, len(missing))
        try:
            # loky's workers share nothing with this process (a fork of one that holds torch can
            # hang) and, unlike multiprocessing's, do not import a user's script once more.
            with parallel_config("loky", n_jobs=n_workers, inner_max_num_threads=1):
                for problem in Parallel(return_as="generator_unordered")(drawing):
                    if problem:
                        problems.append(problem)
                    else:
                        bar.update()
        except BrokenProcessPool:
            raise StageError(
                f"{out}: a process that draws was ended from outside, most often for want of "
                "memory. Start again with fewer n_workers: what is done is kept."
            ) from None
    if problems:
        raise StageError(problems[0])


def _jobs(
    out: Path, slides: pd.DataFrame, settings: Mapping[str, Any]
) -> Iterator[tuple[Path, Path, dict[str, Any]]]:
    for row in slides.itertuples(index=False):
        slide = row._asdict()
        name, seed = f"{slide['slide_id']}.tiff", slide_seed(settings["seed"], slide["slide_id"])
        recipe = {"drawing": DRAWING, **settings, "seed": seed, "slide": slide}
        yield out / SLIDES / name, out / LABELS / name, recipe


def _draw(slide_path: Path, label_path: Path, recipe: Mapping[str, Any]) -> str:
    """Draw a slide and write it; return the problem in words (an exception would be joblib's)."""
    picture, labels = draw_slide(recipe["slide"], seed=recipe["seed"], mpp=recipe["mpp"])
    files = ((slide_path, write_slide, picture), (label_path, write_labels, labels))
    for path, write, pixels in files:
        try:
            with storing(path, recipe) as partial:
                write(partial, pixels, recipe["mpp"])
        except StageError as error:
            return str(error)
        except OSError as error:
            return unwritten(path, error)
    return ""
