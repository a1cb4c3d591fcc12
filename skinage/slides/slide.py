"""One slide: its scale, its size, and pixels of any part of it at any coarser scale."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skinage.errors import SlideError
from skinage.slides.reading.reader import default_reader
from skinage.slides.scale import Header, finest_needed, slide_mpp

MOST_UPSAMPLING = 1.5
READ_AT_ONCE = 256
BLOCK_PX = 4096
"""Larger regions are read in blocks of this side, so that a whole slide never lies in memory."""


@dataclass(frozen=True)
class Slide:
    """An H&E slide or picture; made by `open_slide`.

    Attributes
    ----------
    path
        The file.
    slide_id
        Its name in the cohort; the name of the file without suffix if it was opened by its path.
    mpp
        um per level-0 px.
    dimensions
        Width and height in level-0 px.
    levels
        Width and height of each level of the pyramid.
    downsamples
        Level-0 px per px of each level.
    vendor
        The slide format.
    reader, reason
        ``cuCIM``, ``OpenSlide``, ``tifffile`` or ``picture``, and why this one.
    """

    path: str
    slide_id: str
    mpp: float
    levels: tuple[tuple[int, int], ...]
    downsamples: tuple[float, ...]
    vendor: str
    reader: str
    reason: str

    @property
    def dimensions(self) -> tuple[int, int]:
        """Width and height in level-0 px."""
        return self.levels[0]

    @property
    def facts(self) -> dict[str, Any]:
        """The columns that describe a slide in a table: reader, reason, mpp and size."""
        width_px, height_px = self.dimensions
        described = {"reader": self.reader, "reason": self.reason, "mpp": self.mpp}
        return described | {"width_px": width_px, "height_px": height_px}

    def read_region(
        self, x: float, y: float, width: float, height: float, *, mpp: float | None = None
    ) -> NDArray[np.uint8]:
        """Read a rectangle, resampled to a scale.

        Parameters
        ----------
        x, y
            Left and top in level-0 px; the rectangle may reach over the slide's edge.
        width, height
            Extent in level-0 px.
        mpp
            um per px of the result; the slide's own if not given.

        Returns
        -------
        numpy.ndarray
            (height, width, 3) uint8 RGB at ``mpp``; white outside the slide.

        Raises
        ------
        SlideError
            If the pixels cannot be read or trusted, or the slide is coarser than ``mpp``.
        """
        scale = 1.0 if mpp is None else self.px_per(mpp)
        size = max(1, round(width / scale)), max(1, round(height / scale))
        step = width / size[0], height / size[1]
        pixels = np.empty((size[1], size[0], 3), np.uint8)
        level = finest_needed(self.downsamples, scale)
        side = max(1, int(BLOCK_PX * min(1.0, self.downsamples[level] / scale)))
        for left, top in itertools.product(range(0, size[0], side), range(0, size[1], side)):
            block = pixels[top : top + side, left : left + side]
            corner = np.array([[x + left * step[0], y + top * step[1]]])
            extent = (block.shape[1] * step[0], block.shape[0] * step[1])
            block[:] = self._read(corner, extent, block.shape[1::-1])[0]
        return pixels

    def read_tiles(
        self, corners: NDArray[np.integer], extent_px: int, tile_px: int
    ) -> NDArray[np.uint8]:
        """Read square tiles.

        Parameters
        ----------
        corners
            (n, 2) left and top in level-0 px.
        extent_px
            Side in level-0 px.
        tile_px
            Side after resampling.

        Returns
        -------
        numpy.ndarray
            (n, tile_px, tile_px, 3) uint8 RGB.
        """
        places = np.asarray(corners, np.float64)
        tiles = np.empty((len(corners), tile_px, tile_px, 3), np.uint8)
        for start in range(0, len(corners), READ_AT_ONCE):
            part = np.s_[start : start + READ_AT_ONCE]
            tiles[part] = self._read(places[part], (extent_px, extent_px), (tile_px, tile_px))
        return tiles

    def thumbnail(self, px: int = 1024) -> NDArray[np.uint8]:
        """Read the whole slide, small: (height, width, 3) uint8, the longer side ``px`` at most."""
        scale = max(1.0, max(self.dimensions) / px)
        return self.read_region(0, 0, *self.dimensions, mpp=self.mpp * scale)

    def px_per(self, mpp: float) -> float:
        """Return how many level-0 px make a pixel of ``mpp`` um.

        Raises
        ------
        SlideError
            If the slide is more than 1.5 times coarser than ``mpp``.
        """
        if not mpp * MOST_UPSAMPLING >= self.mpp:
            raise SlideError(
                f"{self.path}: slide is {self.mpp:.4g} um/px, coarser than the {mpp} um/px asked"
            )
        return mpp / self.mpp

    def _read(
        self, corners: NDArray[np.float64], extent: tuple[float, float], size: tuple[int, int]
    ) -> NDArray[np.uint8]:
        place = {"corners": corners, "extent": extent, "size": size}
        return default_reader().read({"path": self.path, "offset": 0, **place})


def open_slide(path: str | Path, mpp: float | None = None) -> Slide:
    """Return a slide: Aperio SVS and tiled TIFF by cuCIM, others by OpenSlide, or a picture.

    Parameters
    ----------
    path
        The file.
    mpp
        um per level-0 px, if the file does not state it or states it wrongly.

    Returns
    -------
    Slide
        The slide; its ``reader`` and ``reason`` say which library reads it and why.

    Raises
    ------
    SlideError
        If the file is missing, damaged, unknown, or of unknown scale.
    """
    path = str(Path(path).absolute())
    answer = default_reader().header_of(path)
    header: Header = answer["header"]
    return Slide(
        path, Path(path).stem, slide_mpp(path, header, mpp), header.levels, header.downsamples,
        header.vendor, answer["reader"], answer["reason"],
    )  # fmt: skip


def open_row(row: Mapping[str, Any]) -> Slide:
    """Return the slide of a cohort row.

    Parameters
    ----------
    row
        A row of the cohort table: ``path``, and where they are known ``slide_id`` and ``mpp``.

    Returns
    -------
    Slide
        The open slide, with the ``slide_id`` and the scale of the row.

    Raises
    ------
    SlideError
        As :func:`open_slide`.
    """
    given = row.get("mpp")
    slide = open_slide(row["path"], None if given is None or pd.isna(given) else float(given))
    return replace(slide, slide_id=str(row.get("slide_id", slide.slide_id)))
