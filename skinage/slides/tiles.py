"""The tile table: a row per tile, chosen at random where there is tissue."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tqdm.auto import tqdm

from skinage.errors import SlideError, StageError
from skinage.slides.grid import grid, sample, tissue_fraction
from skinage.slides.quality import sharpness
from skinage.slides.slide import Slide, open_row
from skinage.slides.tissue import find_tissue
from skinage.storage import file_hash, stored, storing, table_hash

READ_AT_ONCE = 256
Settings = dict[str, Any]


def tile(
    cohort: pd.DataFrame,
    tile_px: int = 96,
    mpp: float = 1.0,
    *,
    tiles_per_slide: int | None = 40,
    min_tissue: float = 0.5,
    seed: int = 0,
    out: str | Path | None = None,
) -> pd.DataFrame:
    """Make the tile table of a cohort: tissue tiles on a grid, a random sample of each slide.

    A slide that cannot be read costs no other: it is warned about and noted.

    Parameters
    ----------
    cohort
        A row per slide: slide_id, person_id, path, and mpp for files without a scale.
    tile_px, mpp
        Side of a tile in px after resampling, and um per px.
    tiles_per_slide
        The most tiles of one slide; None for all.
    min_tissue
        The least share of a tile that is tissue.
    seed
        Of the sampling; a slide's sample depends on it and on ``slide_id``, not on other slides.
    out
        A Parquet file to keep the table in (and ``slides.csv`` beside it); if it was made by the
        same settings from the same files it is read instead of made.

    Returns
    -------
    pandas.DataFrame
        tile_id, slide_id, person_id, path, x, y, extent_px (level-0 px), tile_px, mpp,
        tissue_fraction, sharpness. ``attrs["slides"]`` is a list with a dict per slide: slide_id,
        reader, reason, mpp, width_px, height_px, n_tissue_tiles, n_tiles, problem.

    Raises
    ------
    SlideError
        If no slide gives a tile.
    StageError
        If a setting is out of range.
    """
    settings: Settings = {"tile_px": tile_px, "mpp": mpp, "seed": seed}
    settings |= {"tiles_per_slide": tiles_per_slide, "min_tissue": min_tissue}
    _check_settings(settings)
    tiles = _tile_all(cohort, settings) if out is None else _kept(Path(out), cohort, settings)
    _warn_of_problems(tiles.attrs["slides"])
    return tiles


def _kept(out: Path, cohort: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    recipe = _recipe(cohort, settings)
    if not stored(out, recipe):
        tiles = _tile_all(cohort, settings)
        slides = pd.DataFrame(tiles.attrs["slides"])
        with storing(out.with_name("slides.csv"), recipe) as partial:
            slides.to_csv(partial, index=False)
        with storing(out, recipe) as partial:
            tiles.to_parquet(partial)
    return pd.read_parquet(out)


def _tile_all(cohort: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    tables, slides = [], []
    for row in tqdm(cohort.to_dict("records"), desc="tiles", unit="slide"):
        try:
            table, record = _tile_slide(row, settings)
            tables.append(table)
        except SlideError as error:
            record = {"slide_id": row["slide_id"], "n_tiles": 0, "problem": str(error)}
        slides.append(record)
    if not any(slide["n_tiles"] for slide in slides):
        raise SlideError("no slide gave a tile:\n" + "\n".join(_problems(slides)))
    tiles = pd.concat(tables, ignore_index=True)
    tiles.attrs["slides"] = slides
    return tiles


def _problems(slides: list[Settings]) -> list[str]:
    return [f"{slide['slide_id']}: {slide['problem']}" for slide in slides if slide["problem"]]


def _warn_of_problems(slides: list[Settings]) -> None:
    problems = _problems(slides)
    if problems:
        warnings.warn(
            f"{len(problems)} of {len(slides)} slides gave no tiles:\n" + "\n".join(problems),
            stacklevel=3,
        )


def _tile_slide(row: Settings, settings: Settings) -> tuple[pd.DataFrame, Settings]:
    slide = open_row(row)
    tile_px = settings["tile_px"]
    extent_px = round(tile_px * slide.px_per(settings["mpp"]))
    corners = grid(slide.dimensions, extent_px)
    tissue = tissue_fraction(find_tissue(slide), slide.dimensions, corners, extent_px)
    enough = np.flatnonzero(tissue >= settings["min_tissue"])
    kept = sample(enough, settings["tiles_per_slide"], settings["seed"], row["slide_id"])
    corners, tissue = corners[kept], tissue[kept]
    table = pd.DataFrame(
        {
            "tile_id": [f"{row['slide_id']}_{x}_{y}" for x, y in corners],
            "slide_id": row["slide_id"],
            "person_id": row["person_id"],
            "path": str(row["path"]),
            "x": corners[:, 0],
            "y": corners[:, 1],
            "extent_px": extent_px,
            "tile_px": tile_px,
            "mpp": slide.mpp * extent_px / tile_px,
            "tissue_fraction": tissue,
            "sharpness": _sharpness(slide, corners, extent_px, tile_px),
        }
    )
    record = {
        "slide_id": row["slide_id"],
        "reader": slide.reader,
        "reason": slide.reason,
        "mpp": slide.mpp,
        "width_px": slide.dimensions[0],
        "height_px": slide.dimensions[1],
        "n_tissue_tiles": len(enough),
        "n_tiles": len(table),
        "problem": "" if len(table) else "no tile has enough tissue",
    }
    return table, record


def _sharpness(
    slide: Slide, corners: NDArray[np.int64], extent_px: int, tile_px: int
) -> NDArray[np.float64]:
    parts = [
        sharpness(slide.read_tiles(corners[start : start + READ_AT_ONCE], extent_px, tile_px))
        for start in range(0, len(corners), READ_AT_ONCE)
    ]
    return np.concatenate([np.empty(0), *parts])


def _recipe(cohort: pd.DataFrame, settings: Settings) -> Settings:
    needed = cohort[[c for c in ("slide_id", "person_id", "path", "mpp") if c in cohort]]
    files = {str(p): file_hash(p) if Path(p).is_file() else "missing" for p in cohort["path"]}
    return {"stage": "tile", **settings, "cohort": table_hash(needed), "files": files}


def _check_settings(settings: Settings) -> None:
    most = settings["tiles_per_slide"]
    wrong = {
        "tile_px (at least 8)": settings["tile_px"] < 8,
        "mpp (above 0)": not settings["mpp"] > 0,
        "tiles_per_slide (at least 1, or None)": most is not None and most < 1,
        "min_tissue (0 to 1)": not 0 <= settings["min_tissue"] <= 1,
    }
    if any(wrong.values()):
        names = ", ".join(name for name, is_wrong in wrong.items() if is_wrong)
        raise StageError(f"tile: out of range: {names}; got {settings}")
