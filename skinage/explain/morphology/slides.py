"""Measure every slide of a cohort, on all cores; a stopped run goes on where it was.

cohort -> slide -> pieces of tissue (8 um/px) -> parts of 30 mm2 at most (1 um/px) -> structures ->
measures of each part -> a row per slide, and a map of the structures.
"""

import itertools
import json
import warnings
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, cpu_count, delayed, parallel_config
from scipy import ndimage
from tqdm.auto import tqdm

from skinage.errors import SettingError, SlideError, StageError
from skinage.explain.morphology.combine import combined
from skinage.explain.morphology.maps import StructureMap, map_path, write_map
from skinage.explain.morphology.measures import flags_of
from skinage.explain.morphology.section import COARSEST_MPP, FINEST_MPP
from skinage.explain.morphology.segment import measure_section, segment
from skinage.skip_log import add_skipped
from skinage.slides.slide import MOST_UPSAMPLING, Slide, open_row
from skinage.storage import file_hash, in_words, recipe_hash, stored, storing, write_csv
from skinage.tiling.tissue import number_pieces, tissue_mask

METHOD = 1
"""Raised whenever the same slide gives other measures."""
OVERVIEW_MPP = 8.0
MARGIN_UM = 100.0
MOST_PART_MM2 = 30.0
"""A larger piece is cut across its longer side, so that a worker needs less than 3 GB."""
Row = dict[str, Any]


def measure_slides(
    cohort: pd.DataFrame,
    *,
    out: str | Path | None = None,
    mpp: float = 1.0,
    n_workers: int | None = None,
) -> pd.DataFrame:
    """Measure the tissue of every slide: layers, nuclei, collagen, vessels, in um and per mm2.

    The measures are defined in `skinage.explain.morphology.measures`. Nothing is learned and no
    age is looked at, so the measures of a slide do not depend on other slides.

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
    folder = None if out is None else Path(out)
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
    reasons = table["not_measured"].str.split("; ").explode()
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
            if path is not None and stored(path, recipe):
                yield row["slide_id"], json.loads(path.read_text())
                bar.update()
            else:
                jobs.append(delayed(_measure_slide)(row, mpp, folder, recipe))
        if not jobs:
            return
        try:
            n_jobs = min(n_workers, len(jobs))
            with parallel_config("loky", n_jobs=n_jobs, inner_max_num_threads=1):
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


def measure_slide(slide: Slide, mpp: float = 1.0) -> tuple[Row, np.ndarray]:
    """Measure one open slide.

    Parameters
    ----------
    slide
        The slide.
    mpp
        um per px to measure at; the slide's own if that is more than 1.5 times coarser.

    Returns
    -------
    record : dict
        ``measured_mpp``, ``n_pieces``, the measures, ``flags`` and ``not_measured``.
    packed : numpy.ndarray
        ``(h, w)`` uint8 of the whole slide, see `StructureMap.unpacked`.

    Raises
    ------
    SlideError
        If the slide cannot be read, shows no tissue, or is coarser than 4 um per px.
    """
    mpp = mpp if slide.mpp <= MOST_UPSAMPLING * mpp else slide.mpp
    if mpp > COARSEST_MPP:
        raise SlideError(
            f"{slide.path}: {mpp:.3g} um per px; tissue is measured up to {COARSEST_MPP:g}"
        )
    scale = slide.px_per(mpp)
    width_px, height_px = (round(side / scale) for side in slide.dimensions)
    packed = np.zeros((height_px, width_px), np.uint8)
    parts, pieces = [], set()
    for piece, window, own in _parts(slide, mpp, packed.shape):
        pixels = _read(slide, window, scale)
        pixels[~own] = 255
        found = segment(pixels, mpp)
        values, reasons = measure_section(found)
        parts.append((values, reasons))
        pieces.add(piece)
        shown = StructureMap(found.structures, found.nuclei > 0, found.elastosis, mpp).packed
        packed[window] = np.where(own, shown, packed[window])
    if not parts:
        raise SlideError(f"{slide.path}: no tissue was found to measure")
    values, reasons = combined([one for one, _ in parts], [why for _, why in parts])
    record: Row = {"measured_mpp": mpp, "n_pieces": len(pieces), **values}
    record["flags"] = flags_of(values)
    record["not_measured"] = "; ".join(f"{name}: {why}" for name, why in reasons.items())
    return record, packed


def _parts(
    slide: Slide, mpp: float, shape: tuple[int, int]
) -> Iterator[tuple[int, tuple[slice, slice], np.ndarray]]:
    """Yield the number of the piece, the window at ``mpp``, and which pixels are this part's."""
    coarse = max(OVERVIEW_MPP, slide.mpp)
    overview = slide.read_region(0, 0, *slide.dimensions, mpp=coarse)
    numbers = number_pieces(tissue_mask(overview, coarse), coarse)
    # Every pixel about a piece is the piece's whose tissue is nearest.
    nearest = ndimage.distance_transform_edt(
        numbers == 0, return_distances=False, return_indices=True
    )
    owner = numbers[tuple(nearest)]
    step, margin = coarse / mpp, MARGIN_UM / mpp
    for number, box in enumerate(ndimage.find_objects(numbers), start=1):
        first = [max(0, round(side.start * step - margin)) for side in box]
        last = [
            min(n, round(side.stop * step + margin)) for side, n in zip(box, shape, strict=True)
        ]
        for window in _cut(first, last, mpp):
            rows, columns = (
                np.minimum(np.arange(side.start, side.stop) / step, n - 1).astype(int)
                for side, n in zip(window, owner.shape, strict=True)
            )
            yield number, window, owner[np.ix_(rows, columns)] == number


def _cut(first: list[int], last: list[int], mpp: float) -> Iterator[tuple[slice, slice]]:
    """Yield the window, cut across its longer side if it is large."""
    sides = np.subtract(last, first)
    n_parts = int(np.ceil(sides.prod() * (mpp / 1000) ** 2 / MOST_PART_MM2))
    longer = int(sides.argmax())
    edges = np.linspace(first[longer], last[longer], n_parts + 1).round().astype(int)
    for start, stop in itertools.pairwise(edges):
        window = [slice(a, b) for a, b in zip(first, last, strict=True)]
        window[longer] = slice(int(start), int(stop))
        yield window[0], window[1]


def _read(slide: Slide, window: tuple[slice, slice], scale: float) -> np.ndarray:
    rows, columns = window
    size = (columns.stop - columns.start), (rows.stop - rows.start)
    place = columns.start * scale, rows.start * scale
    return slide.read_region(*place, *(side * scale for side in size), mpp=slide.mpp * scale)
