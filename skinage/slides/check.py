"""Can every slide be read? Asked before hours of work, of all slides, not of the first bad one."""

import hashlib
import warnings
from typing import Any

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from skinage.errors import SlideError
from skinage.skip_log import add_skipped
from skinage.slides.slide import Slide, open_row

PLACES = 4
SIDE_PX = 256


def check_slides(cohort: pd.DataFrame) -> pd.DataFrame:
    """Open every slide and read its thumbnail and some places of every level.

    Parameters
    ----------
    cohort
        A row per slide: slide_id, path, mpp for files without a scale, and ``sha256`` (as
        ``sha256sum`` prints it) where a file shall be compared, byte by byte, with what it was: no
        reader can see every kind of damage.

    Returns
    -------
    pandas.DataFrame
        A row per slide: slide_id, path, reader, reason, mpp, width_px, height_px, n_levels,
        n_tiles_read, note (a scale to be doubted) and problem; both empty if there is none.
    """
    rows = tqdm(cohort.to_dict("records"), desc="check", unit="slide")
    checked = pd.DataFrame([_check(row) for row in rows])
    bad = checked[checked["problem"] != ""]
    slides = [f"slide {slide_id}" for slide_id in bad["slide_id"]]
    add_skipped(checked, "check_slides", dict(zip(slides, bad["problem"], strict=True)))
    return checked


def _check(row: dict[str, Any]) -> dict[str, Any]:
    record = {
        "slide_id": row["slide_id"],
        "path": str(row["path"]),
        "reader": "",
        "reason": "",
        "mpp": np.nan,
        "width_px": 0,
        "height_px": 0,
        "n_levels": 0,
        "n_tiles_read": 0,
        "note": "",
        "problem": "",
    }
    try:
        with warnings.catch_warnings(record=True) as doubts:
            warnings.simplefilter("always")
            slide = open_row(row)
        record |= {
            "note": "; ".join(str(doubt.message) for doubt in doubts),
            "reader": slide.reader,
            "reason": slide.reason,
            "mpp": slide.mpp,
            "width_px": slide.dimensions[0],
            "height_px": slide.dimensions[1],
            "n_levels": len(slide.levels),
        }
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
    with open(row["path"], "rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != expected.strip().lower():
        raise SlideError(
            f"{row['path']}: its sha256 is {found}, the cohort table says {expected}: not the file "
            "that it was, copy it again"
        )


def _read_some(slide: Slide, level: int) -> int:
    """Read squares spread evenly over a level, at its own scale; tell how many."""
    downsample = slide.downsamples[level]
    shares = (np.arange(PLACES) + 0.5) / PLACES
    places = np.stack(np.meshgrid(shares, shares), axis=-1).reshape(-1, 2)
    extent_px = round(SIDE_PX * downsample)
    corners = (places * slide.dimensions - extent_px / 2).round().astype(np.int64)
    return len(slide.read_tiles(corners, extent_px, SIDE_PX))
