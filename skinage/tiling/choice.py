"""The tiles of one slide: which squares are kept, which are rejected, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skinage.errors import SettingError, StageError
from skinage.slides.slide import Slide
from skinage.tiling.grid import around, grid, most_common, random_order, share
from skinage.tiling.quality import LIMITS, fold_mask, quality, reasons
from skinage.tiling.tissue import ink_mask, number_pieces, tissue_mask

MASK_MPP = 8.0
TRACE = 0.005
"""Squares with less tissue than this hold none; they are not listed."""
LEAST_AT_ONCE, MOST_AT_ONCE = 16, 1024


@dataclass(frozen=True)
class Choice:
    """The squares of a slide, kept and rejected.

    Attributes
    ----------
    tiles
        The kept ones: tile_id, slide_id, path, x, y, extent_px (level-0 px), tile_px, mpp,
        centre_id, piece, tissue_fraction, pen_fraction, fold_fraction, sharpness, blood_fraction.
    rejected
        Those that hold tissue or pen and were rejected, with the same columns and ``reason``.
    n_pieces
        Number of pieces of tissue on the slide.
    n_not_drawn
        Number of squares with enough tissue that were not examined, because the slide already had
        ``tiles_per_slide`` tiles.
    """

    tiles: pd.DataFrame
    rejected: pd.DataFrame
    n_pieces: int
    n_not_drawn: int


def choose_tiles(
    slide: Slide,
    tile_px: int = 96,
    mpp: float | Sequence[float] = 1.0,
    *,
    step_um: float | None = None,
    tiles_per_slide: int | None = 40,
    limits: Mapping[str, float] | None = None,
    seed: int = 0,
) -> Choice:
    """Choose the tiles of one slide; every rejected tile has its reason.

    Parameters
    ----------
    slide
        An open slide. The sample depends on its ``slide_id`` and on ``seed``.
    tile_px, mpp, step_um, tiles_per_slide, limits, seed
        As in :func:`skinage.tile`.

    Returns
    -------
    Choice
        The kept tiles and the rejected ones with their reasons.

    Raises
    ------
    SlideError
        If the slide cannot be read, or is coarser than ``mpp``.
    SettingError
        If a setting is out of range.
    StageError
        If ``step_um`` is less than a pixel of the slide.
    """
    scales = check_settings(tile_px, mpp, step_um, tiles_per_slide)
    extents = [round(tile_px * slide.px_per(scale)) for scale in scales]
    limits = {**LIMITS, **(limits or {})}
    ground = _Ground(slide, tile_px)
    step_px = extents[0] if step_um is None else step_um / slide.mpp
    if step_px < 1:
        raise StageError(f"tile: step_um is {step_um}, less than a px of {slide.mpp:.3g} um")
    centres = grid(slide.dimensions, extents[0], step_px) + np.float64(extents[0] / 2)
    squares = ground.squares(centres, extents[0])
    too_little = squares["tissue_fraction"] < limits["tissue_fraction"]
    is_marked = squares["pen_fraction"] > limits["pen_fraction"]
    little = squares[too_little & (is_marked | (squares["tissue_fraction"] > TRACE))]
    seen = {name: limits[name] for name in ("pen_fraction", "tissue_fraction")}
    little = little.assign(reason=reasons(little, seen))
    examined = _examine(ground, squares[~too_little], extents[0], limits, tiles_per_slide, seed)
    kept = examined[examined["reason"] == ""].drop(columns="reason")
    centres = kept[["x", "y"]].to_numpy() + extents[0] / 2
    wider = [ground.with_quality(ground.squares(centres, extent), extent) for extent in extents[1:]]
    return Choice(
        tiles=joined([kept, *wider]),
        rejected=joined([examined[examined["reason"] != ""], little]).reindex(
            columns=examined.columns
        ),
        n_pieces=int(ground.pieces.max(initial=0)),
        n_not_drawn=int((~too_little).sum()) - len(examined),
    )


class _Ground:
    """Masks of tissue, pen and folds on a slide, and how much of them a square holds."""

    def __init__(self, slide: Slide, tile_px: int) -> None:
        self.slide, self.tile_px = slide, tile_px
        mpp = max(MASK_MPP, slide.mpp)
        overview = slide.read_region(0, 0, *slide.dimensions, mpp=mpp)
        self.tissue, self.pen = tissue_mask(overview, mpp), ink_mask(overview, mpp)
        self.fold = fold_mask(overview, self.tissue, mpp)
        self.pieces = number_pieces(self.tissue, mpp)

    def squares(self, centres: NDArray[np.float64], extent_px: int) -> pd.DataFrame:
        """Describe squares around centres (n, 2) in level-0 px."""
        corners = around(centres, extent_px)
        where = (self.slide.dimensions, corners, extent_px)
        name = self.slide.slide_id
        return pd.DataFrame(
            {
                "tile_id": [f"{name}_{x}_{y}_{extent_px}" for x, y in corners.tolist()],
                "slide_id": name,
                "path": self.slide.path,
                "x": corners[:, 0],
                "y": corners[:, 1],
                "extent_px": extent_px,
                "tile_px": self.tile_px,
                "mpp": self.slide.mpp * extent_px / self.tile_px,
                "centre_id": [f"{name}_{x:.0f}_{y:.0f}" for x, y in centres.tolist()],
                "piece": most_common(self.pieces, *where),
                "tissue_fraction": share(self.tissue, *where),
                "pen_fraction": share(self.pen, *where),
                "fold_fraction": share(self.fold, *where),
            }
        )

    def with_quality(self, squares: pd.DataFrame, extent_px: int) -> pd.DataFrame:
        """Read squares of one extent and add how good each is to see."""
        pixels = self.slide.read_tiles(squares[["x", "y"]].to_numpy(), extent_px, self.tile_px)
        measured = quality(pixels, self.slide.mpp * extent_px / self.tile_px)
        return squares.join(measured.set_axis(squares.index))


def check_settings(
    tile_px: int,
    mpp: float | Sequence[float],
    step_um: float | None,
    tiles_per_slide: int | None,
) -> list[float]:
    """Refuse settings out of range, and return the scales, the finest first.

    Raises
    ------
    SettingError
        If a setting is out of range, or a scale is named twice.
    """
    scales = sorted([mpp] if isinstance(mpp, int | float) else mpp)
    most = tiles_per_slide
    is_right = {
        f"tile_px at least 8, got {tile_px}": tile_px >= 8,
        f"mpp above 0, each once, got {mpp}": 0 < len(scales) == len(set(scales)) and scales[0] > 0,
        f"step_um above 0, got {step_um}": step_um is None or step_um > 0,
        f"tiles_per_slide at least 1 or None, got {most}": most is None or most >= 1,
    }
    if not all(is_right.values()):
        expected = "; ".join(text for text, right in is_right.items() if not right)
        raise SettingError(f"tile: expected {expected}")
    return scales


def _examine(
    ground: _Ground,
    squares: pd.DataFrame,
    extent_px: int,
    limits: Mapping[str, float],
    most: int | None,
    seed: int,
) -> pd.DataFrame:
    """Examine squares in random order until enough are good; return them in their own order."""
    order = random_order(len(squares), seed, ground.slide.slide_id)
    n_wanted = len(squares) if most is None else most
    parts = [ground.with_quality(squares.iloc[:0], extent_px).assign(reason="")]
    start = 0
    while n_wanted > 0 and start < len(order):
        end = start + min(max(n_wanted, LEAST_AT_ONCE), MOST_AT_ONCE)
        part = ground.with_quality(squares.iloc[order[start:end]], extent_px)
        part = part.assign(reason=reasons(part, limits))
        # Squares behind the last one that was needed count as not examined.
        is_good = part["reason"] == ""
        parts.append(part[is_good.cumsum() - is_good < n_wanted])
        n_wanted -= is_good.sum()
        start = end
    return joined(parts, ignore_index=False).sort_index()


def joined(tables: list[pd.DataFrame], ignore_index: bool = True) -> pd.DataFrame:
    """Join tables; those without rows do not change the types of columns."""
    filled = [table for table in tables if len(table)] or tables[:1]
    return pd.concat(filled, ignore_index=ignore_index)
