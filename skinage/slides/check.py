"""Can every slide be read? Asked before hours of work, of all slides, not of the first bad one."""

from typing import Any

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from skinage.errors import SlideError
from skinage.slides.slide import Slide, open_row

PLACES = 4
SIDE_PX = 256


def check_slides(cohort: pd.DataFrame) -> pd.DataFrame:
    """Open every slide and read its thumbnail and some places at full and at lowest resolution.

    Parameters
    ----------
    cohort
        A row per slide: slide_id, path, and mpp for files without a scale.

    Returns
    -------
    pandas.DataFrame
        A row per slide: slide_id, path, reader, reason, mpp, width_px, height_px, and problem
        (empty if there is none).
    """
    rows = tqdm(cohort.to_dict("records"), desc="check", unit="slide")
    return pd.DataFrame([_check(row) for row in rows])


def _check(row: dict[str, Any]) -> dict[str, Any]:
    record = {
        "slide_id": row["slide_id"],
        "path": str(row["path"]),
        "reader": "",
        "reason": "",
        "mpp": np.nan,
        "width_px": 0,
        "height_px": 0,
        "problem": "",
    }
    try:
        slide = open_row(row)
        record |= {
            "reader": slide.reader,
            "reason": slide.reason,
            "mpp": slide.mpp,
            "width_px": slide.dimensions[0],
            "height_px": slide.dimensions[1],
        }
        _read_some(slide)
    except SlideError as error:
        record["problem"] = str(error)
    return record


def _read_some(slide: Slide) -> None:
    slide.thumbnail(max(8.0, slide.mpp * max(slide.dimensions) / 1024))
    shares = (np.arange(PLACES) + 0.5) / PLACES
    places = np.stack(np.meshgrid(shares, shares), axis=-1).reshape(-1, 2)
    for downsample in {slide.downsamples[0], slide.downsamples[-1]}:
        extent_px = round(SIDE_PX * downsample)
        corners = (places * slide.dimensions - extent_px / 2).round().astype(np.int64)
        slide.read_tiles(corners, extent_px, SIDE_PX)
