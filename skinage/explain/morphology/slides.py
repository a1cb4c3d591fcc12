"""Measure every slide of a cohort, on all cores; a stopped run goes on where it was.

cohort -> slides, each in a process that reads and measures it (`slide`) -> a row per slide, and a
map of its structures.
"""

import json
import warnings
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import pandas as pd
from joblib import Parallel, cpu_count, delayed, parallel_config
from tqdm.auto import tqdm

from skinage.errors import SettingError, SlideError, StageError
from skinage.explain.morphology.maps import map_path, write_map
from skinage.explain.morphology.section.section import COARSEST_MPP, FINEST_MPP
from skinage.explain.morphology.slide import SEPARATOR, measure_slide
from skinage.skip_log import add_skipped
from skinage.slides.slide import open_row
from skinage.storage import file_hash, in_words, recipe_hash, stored, storing, write_csv

METHOD = 1
"""Raised whenever the same slide gives other measures."""
Row = dict[str, Any]


def measure_slides(
    cohort: pd.DataFrame,
    *,
    out: str | Path | None = None,
    mpp: float = 1.0,
    n_workers: int | None = None,
) -> pd.DataFrame:
    """Measure the tissue of every slide: layers, nuclei, collagen, vessels, in um and per mm2.

    The measures are defined in the rooms `layers` and `dermis` of `skinage.explain.morphology`. No
    age and no other slide is looked at. The limits that tell structures apart were set on drawn
    sections and one real picture; look at what was found (`figures.section_structures`).

    Parameters
    ----------
    cohort
        A row per slide: slide_id, person_id, path, and mpp for files without a scale.
    out
        A folder for ``measures.csv`` and ``maps/`` (the structure of each pixel, see `read_map`).
        Slides that were measured there before, from the same file, are not measured again.
    mpp
        um per px at which slides are measured; a slide that is coarser than 1.5 times that is
        measured at its own scale, at which some measures are missing.
    n_workers
        Number of processes; None takes one per core.

    Returns
    -------
    pandas.DataFrame
        A row per slide: ``slide_id``, ``person_id``, ``measured_mpp``, ``n_pieces``, totals and
        measures (NaN where the section does not show the structure), ``flags`` (what to look at, in
        words: folds, a cut across the ridges) and ``not_measured``, the reasons.
        `skinage.skipped` lists slides that could not be read and counts missing measures.

    Raises
    ------
    SettingError
        If ``mpp`` is not from 1 to 4.
    SlideError
        If no slide at all could be measured.
    StageError
        If a worker was ended from outside, or ``out`` cannot be written.
    """
    if not FINEST_MPP <= mpp <= COARSEST_MPP:
        raise SettingError(
            f"measure_slides: mpp is {mpp}; expected um per px from {FINEST_MPP:g} to "
            f"{COARSEST_MPP:g}"
        )
    # Workers that were started elsewhere would take a relative path from there.
    folder = None if out is None else Path(out).absolute()
    rows = cohort.to_dict("records")
    found = dict(_measure_all(rows, folder, mpp, n_workers or cpu_count()))
    records, problems = [], {}
    for row in rows:
        record = found[row["slide_id"]]
        if "problem" in record:
            problems[f"slide {row['slide_id']}"] = record["problem"]
        else:
            records.append({key: row[key] for key in ("slide_id", "person_id")} | record)
    if not records:
        listed = "\n".join(f"{slide}: {reason}" for slide, reason in problems.items())
        raise SlideError(f"measure_slides: no slide could be measured:\n{listed}")
    table = pd.DataFrame(records)
    if problems:
        warnings.warn(
            f"measure_slides: {len(problems)} of {len(rows)} slides were not measured: {problems}",
            stacklevel=2,
        )
    add_skipped(table, "measure_slides", problems | _missing(table))
    if folder is not None:
        write_csv(folder / "measures.csv", table)
    return table


def _missing(table: pd.DataFrame) -> dict[str, str]:
    """Return what is missing in how many slides, by reason."""
    reasons = table["not_measured"].str.split(SEPARATOR, regex=False).explode()
    counts = reasons[reasons != ""].value_counts()
    return {
        f"{reason.partition(': ')[0]} of {count} slides": reason.partition(": ")[2]
        for reason, count in counts.items()
    }


def _measure_all(
    rows: list[Row], folder: Path | None, mpp: float, n_workers: int
) -> Iterator[tuple[str, Row]]:
    """Yield the record of each slide, those that are stored first."""
    jobs = []
    if folder is not None:
        with in_words(folder):
            (folder / "maps").mkdir(parents=True, exist_ok=True)
    with tqdm(total=len(rows), desc="measuring", unit="slide") as bar:
        for row in rows:
            recipe = _recipe(row, mpp)
            path = None if folder is None else _record_path(folder, row["slide_id"])
            if (
                folder is not None
                and path is not None
                and stored(path, recipe)
                and stored(map_path(folder, row["slide_id"]), recipe)
            ):
                yield row["slide_id"], json.loads(path.read_text())
                bar.update()
            else:
                jobs.append(delayed(_measure_slide)(row, mpp, folder, recipe))
        if not jobs:
            return
        try:
            n_jobs = min(n_workers, len(jobs))
            with (
                parallel_config("loky", n_jobs=n_jobs, inner_max_num_threads=1),
                warnings.catch_warnings(),
            ):
                # loky replaces workers that have grown, which a large section makes them do. Where
                # its warning is an error it would end loky's own thread, and nothing would go on.
                warnings.filterwarnings("ignore", "A worker stopped while some jobs", UserWarning)
                for slide_id, record in Parallel(return_as="generator_unordered")(jobs):
                    yield slide_id, record
                    bar.update()
        except BrokenProcessPool:
            raise StageError(
                "measure_slides: a process that measures was ended from outside, most often for "
                "want of memory. Start again with fewer n_workers; with out= what is done is kept."
            ) from None


def _recipe(row: Row, mpp: float) -> Row:
    known = {name: row.get(name) for name in ("slide_id", "path", "mpp")}
    file = file_hash(row["path"]) if Path(row["path"]).is_file() else None
    return {"method": METHOD, "mpp": mpp, "slide": known, "file": file}


def _record_path(folder: Path, slide_id: str) -> Path:
    return folder / ".made" / f"slide-{recipe_hash({'slide_id': slide_id})[:16]}.json"


def _measure_slide(row: Row, mpp: float, folder: Path | None, recipe: Row) -> tuple[str, Row]:
    """Measure a slide in a worker, and keep its record and map; a problem is not kept."""
    try:
        slide = open_row(row)
        record, packed = measure_slide(slide, mpp)
    except SlideError as error:
        return row["slide_id"], {"problem": str(error)}
    if folder is not None:
        with storing(map_path(folder, row["slide_id"]), recipe) as partial:
            write_map(partial, packed, record["measured_mpp"])
        path = _record_path(folder, row["slide_id"])
        path.parent.mkdir(exist_ok=True)
        with storing(path, recipe) as partial:
            partial.write_text(json.dumps(record))
    return row["slide_id"], record
