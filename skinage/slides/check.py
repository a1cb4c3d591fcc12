"""A check of all slides before hours of work: which of them cannot be read."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from skinage.errors import SlideError
from skinage.skip_log import add_skipped
from skinage.slides.slide import Slide, open_row
from skinage.storage import content_hash

PLACES = 4
SIDE_PX = 256
UNREAD = {
    "reader": "", "reason": "", "mpp": np.nan, "width_px": 0, "height_px": 0, "n_levels": 0,
    "n_tiles_read": 0, "note": "", "problem": "",
}  # fmt: skip


def check_slides(cohort: pd.DataFrame) -> pd.DataFrame:
    """Open every slide, read some places of every level, and list what is wrong.

    Parameters
    ----------
    cohort
        A row per slide: slide_id, path, mpp for files without a scale, and optionally ``sha256``
        (as ``sha256sum`` prints it), with which the file is compared: no reader can see all damage.

    Returns
    -------
    pandas.DataFrame
        A row per slide: slide_id, path, reader, reason, mpp, width_px, height_px, n_levels,
        n_tiles_read, note (a doubtful scale) and problem; both are empty if there is none. Slides
        with a problem are listed by :func:`skinage.skipped` too.
    """
    rows = tqdm(cohort.to_dict("records"), desc="check", unit="slide")
    checked = pd.DataFrame([_check(row) for row in rows])
    bad = checked[checked["problem"] != ""]
    slides = [f"slide {slide_id}" for slide_id in bad["slide_id"]]
    add_skipped(checked, "check_slides", dict(zip(slides, bad["problem"], strict=True)))
    return checked


def _check(row: dict[str, Any]) -> dict[str, Any]:
    record = {"slide_id": row["slide_id"], "path": str(row["path"]), **UNREAD}
    try:
        with warnings.catch_warnings(record=True) as doubts:
            warnings.simplefilter("always")
            slide = open_row(row)
        record |= {**slide.facts, "n_levels": len(slide.levels)}
        record["note"] = "; ".join(str(doubt.message) for doubt in doubts)
        _compare_checksum(row)
        for level in range(len(slide.levels)):
            record["n_tiles_read"] += _read_some(slide, level)
    except SlideError as error:
        record["problem"] = str(error)
    return record


def _compare_checksum(row: dict[str, Any]) -> None:
    expected = row.get("sha256")
    if not isinstance(expected, str) or not expected:
        return
    found = content_hash(row["path"])
    if found != expected.strip().lower():
        raise SlideError(
            f"{row['path']}: its sha256 is {found}, the cohort table says {expected}: not the file "
            "that it was, copy it again"
        )


def _read_some(slide: Slide, level: int) -> int:
    """Read squares spread evenly over a level, at its own scale; return how many."""
    downsample = slide.downsamples[level]
    shares = (np.arange(PLACES) + 0.5) / PLACES
    places = np.stack(np.meshgrid(shares, shares), axis=-1).reshape(-1, 2)
    extent_px = round(SIDE_PX * downsample)
    corners = (places * slide.dimensions - extent_px / 2).round().astype(np.int64)
    return len(slide.read_tiles(corners, extent_px, SIDE_PX))
