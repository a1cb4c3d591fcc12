"""The tile table of a cohort: a row per tile, chosen at random where there is tissue."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm.auto import tqdm

from skinage.errors import SlideError
from skinage.skip_log import add_skipped, skipped
from skinage.slides.slide import open_row
from skinage.storage import file_hash, recipe_hash, stored, storing, write_csv
from skinage.tiling.choice import check_settings, choose_tiles, joined
from skinage.tiling.quality import LIMITS, reasons

METHOD = 2
"""Raised whenever other tiles come of the same settings: tissue, quality or the draw changed."""
REJECTED = "rejected_tiles.parquet"
Settings = dict[str, Any]


def tile(
    cohort: pd.DataFrame,
    tile_px: int = 96,
    mpp: float | Sequence[float] = 1.0,
    *,
    step_um: float | None = None,
    tiles_per_slide: int | None = 40,
    limits: Mapping[str, float] | None = None,
    seed: int = 0,
    out: str | Path | None = None,
) -> pd.DataFrame:
    """Return the tile table of a cohort: tissue tiles on a grid, a random sample of each slide.

    A slide that cannot be read does not stop the others: a warning names it, and
    ``skinage.skipped(tiles)`` lists it with the reason.

    Parameters
    ----------
    cohort
        A row per slide: slide_id, person_id, path, and mpp for files without a scale.
    tile_px, mpp
        Side of a tile in px after resampling, and um per px. A field of 256 um in 224 px is
        ``mpp=256 / 224``. Several scales, such as ``mpp=(1.14, 4.57)``, give tiles with common
        centres, all of ``tile_px``; the wider ones may reach over the slide's edge, where they are
        white.
    step_um
        Distance from tile to tile in um; None is the side of a tile. Less makes tiles overlap. With
        several scales the finest one has this step.
    tiles_per_slide
        The most tiles of one slide and scale; None takes all.
    limits
        Limits that differ from ``skinage.tiling.quality.LIMITS``: the least ``tissue_fraction`` and
        ``sharpness``, and the most ``pen_fraction``, ``fold_fraction`` and ``blood_fraction``. With
        several scales the finest one is judged.
    seed
        Seed of the sample. A slide's sample depends on it and on ``slide_id``, not on other slides.
    out
        A Parquet file for the table. Beside it lie ``rejected_tiles.parquet`` (rejected tiles with
        the reason) and ``slides.csv`` (a row per slide: slide_id, reader, reason, mpp, width_px,
        height_px, n_pieces, n_tiles, n_rejected, n_not_drawn, problem). Slides that were tiled with
        the same settings from the same file are not tiled again.

    Returns
    -------
    pandas.DataFrame
        tile_id, slide_id, person_id, path, x, y, extent_px (level-0 px), tile_px, mpp, centre_id,
        piece, tissue_fraction, pen_fraction, fold_fraction, sharpness, blood_fraction.

    Raises
    ------
    SlideError
        If no slide gives a tile.
    SettingError
        If a setting is out of range.
    StageError
        If ``step_um`` is less than a pixel of a slide, or ``out`` cannot be written.
    """
    scales = check_settings(tile_px, mpp, step_um, tiles_per_slide)
    limits = {**LIMITS, **(limits or {})}
    reasons(pd.DataFrame({name: [] for name in LIMITS}), limits)  # refuses unknown names
    settings: Settings = {"tile_px": tile_px, "mpp": scales, "step_um": step_um, "seed": seed}
    settings |= {"tiles_per_slide": tiles_per_slide, "limits": limits}
    folder = None if out is None else Path(out).parent / ".tiles"
    tiles, rejected, slides = _tile_all(cohort, settings, folder)
    if out is not None:
        for path, table in ((Path(out), tiles), (Path(out).with_name(REJECTED), rejected)):
            with storing(path, {"method": METHOD, **settings}) as partial:
                table.to_parquet(partial)
        write_csv(Path(out).with_name("slides.csv"), slides)
    unused = skipped(tiles)
    if len(unused):
        listed = "\n".join(unused["item"] + ": " + unused["reason"])
        warnings.warn(
            f"{len(unused)} of {len(cohort)} slides gave no tiles:\n{listed}", stacklevel=2
        )
    return tiles


def _tile_all(
    cohort: pd.DataFrame, settings: Settings, folder: Path | None
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    tables, slides = [], []
    for row in tqdm(cohort.to_dict("records"), desc="tiles", unit="slide"):
        try:
            table = _tile_slide(row, settings, folder)
            record = table.attrs.pop("slide")
            tables.append(table)
        except SlideError as error:
            record = {"slide_id": row["slide_id"], "n_tiles": 0, "problem": str(error)}
        slides.append(record)
    problems = {f"slide {row['slide_id']}": row["problem"] for row in slides if row["problem"]}
    if len(problems) == len(slides):
        listed = "\n".join(f"{slide}: {problem}" for slide, problem in problems.items())
        raise SlideError(f"no slide gave a tile:\n{listed}")
    examined = joined(tables)
    is_kept = examined["reason"] == ""
    tiles = examined[is_kept].drop(columns="reason").reset_index(drop=True)
    add_skipped(tiles, "tile", problems)
    return tiles, examined[~is_kept].reset_index(drop=True), pd.DataFrame(slides)


def _tile_slide(row: Settings, settings: Settings, folder: Path | None) -> pd.DataFrame:
    """Choose the tiles of a slide, or read them if that was done before."""
    if folder is None:
        return _choose(row, settings)
    known = {name: row.get(name) for name in ("slide_id", "person_id", "path", "mpp")}
    # Apart from each other: a slide's own mpp is not that of its tiles.
    recipe = {"method": METHOD, "settings": settings, "slide": known}
    recipe["file"] = file_hash(row["path"]) if Path(row["path"]).is_file() else None
    part = folder / f"{recipe_hash({'slide_id': row['slide_id']})[:16]}.parquet"
    if not stored(part, recipe):
        with storing(part, recipe) as partial:
            _choose(row, settings).to_parquet(partial)
    return pd.read_parquet(part)


def _choose(row: Settings, settings: Settings) -> pd.DataFrame:
    """Return the kept tiles (without a reason) and the rejected ones, with the slide's record."""
    slide = open_row(row)
    choice = choose_tiles(slide, **settings)
    table = joined([choice.tiles.assign(reason=""), choice.rejected])
    table = table.assign(slide_id=row["slide_id"], path=str(row["path"]))
    table.insert(2, "person_id", row["person_id"])
    table.attrs["slide"] = {
        "slide_id": row["slide_id"],
        **slide.facts,
        "n_pieces": choice.n_pieces,
        "n_tiles": len(choice.tiles),
        "n_rejected": len(choice.rejected),
        "n_not_drawn": choice.n_not_drawn,
        "problem": "" if len(choice.tiles) else "no tile has enough tissue that can be used",
    }
    return table
