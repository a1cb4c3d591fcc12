"""One interface to the readers: cuCIM, OpenSlide, tifffile, and pictures held in memory.

Only the reader process imports this module. Coordinates are pixels of the level that is read;
whatever lies outside the slide is white. The header always comes from OpenSlide, whichever library
reads the pixels.
"""

import math
import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

import numpy as np
import openslide
from numpy.typing import NDArray

from skinage.errors import SlideError
from skinage.slides.integrity.encoded import EncodedTiles
from skinage.slides.integrity.screen import PLAIN_TIFFS
from skinage.slides.reading.picture import Picture, on_white
from skinage.slides.reading.tiled import TiledTiff
from skinage.slides.scale import Header, plausible, true_downsamples

BATCH = 64
CUCIM_SUFFIXES = (".svs", ".tif", ".tiff")  # cuCIM chooses its decoder by the lower-case suffix
Pixels = NDArray[np.uint8]
Corners = NDArray[np.int64]


class Backend(Protocol):
    """What every reader offers: the header of a slide, and pixels."""

    header: Header

    def read_many(self, level: int, corners: Corners, pixels: Pixels) -> None:
        """Fill ``pixels`` (n, height, width, 3) from corners (n, 2), left and top."""


def open_backend(path: str, reader: str, n_threads: int = 2) -> Backend:
    """Open a file with the reader that ``which_reader`` chose."""
    if reader == "picture":
        return Picture(path)
    if reader == "tifffile":
        return TiledTiff(path)
    backend = OpenslideSlide if reader == "OpenSlide" else CucimSlide
    try:
        return backend(path, n_threads)
    except (openslide.OpenSlideError, RuntimeError) as error:
        raise SlideError(f"{reader} cannot open it, its tables are damaged: {error}") from None


class CucimSlide:
    """A slide read by cuCIM; ``screen`` decides which files it may open."""

    def __init__(self, path: str, n_threads: int) -> None:
        with openslide.OpenSlide(path) as slide:
            self.header = _header(slide)
        self.image, self.n_threads = _open_by_any_name(path), n_threads
        self.tiles = EncodedTiles(path)
        self.downsamples = self.image.resolutions["level_downsamples"]
        levels = tuple((w, h) for w, h in self.image.resolutions["level_dimensions"])
        if levels != self.header.levels:
            raise SlideError(f"cuCIM sees the levels {levels}, OpenSlide {self.header.levels}")

    def read(self, level: int, x: int, y: int, size: tuple[int, int]) -> Pixels:
        """Read one rectangle; only its part on the slide is asked of cuCIM."""
        pixels = np.full((size[1], size[0], 3), 255, np.uint8)
        width, height = self.header.levels[level]
        left, right = max(x, 0), min(x + size[0], width)
        top, bottom = max(y, 0), min(y + size[1], height)
        if left < right and top < bottom:
            place, part = self._location(level, left, top), (right - left, bottom - top)
            region = self.image.read_region(place, part, level)
            pixels[top - y : bottom - y, left - x : right - x] = np.asarray(region)
        return pixels

    def read_many(self, level: int, corners: Corners, pixels: Pixels) -> None:
        """Read rectangles on the slide as batches, those across its edge one by one."""
        size = (pixels.shape[2], pixels.shape[1])
        self.tiles.check(self.header.levels[level], corners, size)
        room = np.subtract(self.header.levels[level], size)
        inside = np.flatnonzero(((corners >= 0) & (corners <= room)).all(axis=1))
        if len(inside) == 1:  # cuCIM answers a list of one location with an image, not with batches
            inside = inside[:0]
        for index in np.setdiff1d(np.arange(len(corners)), inside):
            pixels[index] = self.read(level, int(corners[index, 0]), int(corners[index, 1]), size)
        if not len(inside):
            return
        places = [self._location(level, x, y) for x, y in corners[inside].tolist()]
        done = 0
        # An iterator that is dropped half-way can abort the process: it is always drained.
        for batch in self.image.read_region(
            places, size, level, batch_size=min(BATCH, len(places)), num_workers=self.n_threads
        ):
            read = np.asarray(batch).reshape(-1, *pixels.shape[1:])
            pixels[inside[done : done + len(read)]] = read
            done += len(read)

    def _location(self, level: int, x: int, y: int) -> tuple[int, int]:
        # cuCIM takes level-0 px and floors location / downsample: rounding up meets x, y exactly.
        downsample = self.downsamples[level]
        return math.ceil(x * downsample), math.ceil(y * downsample)


def _open_by_any_name(path: str):  # type: ignore[no-untyped-def]
    """Open a file with cuCIM, whatever its suffix: under a second name, which is gone at once."""
    sys.modules.setdefault("cupy", None)  # type: ignore[arg-type]
    # cuCIM would import cupy, which takes half a second, for the GPU that is not used here.
    from cucim.clara import CuImage

    if Path(path).suffix in CUCIM_SUFFIXES:
        return CuImage(path)
    with tempfile.TemporaryDirectory(prefix="skinage-") as folder:
        name = os.path.join(folder, "slide.tif")
        os.symlink(path, name)
        return CuImage(name)


class OpenslideSlide:
    """A slide read by OpenSlide, whose transparent pixels (never scanned, outside) are white."""

    def __init__(self, path: str, n_threads: int) -> None:
        self.slide = openslide.OpenSlide(path)
        self.threads = ThreadPoolExecutor(n_threads)
        self.header = _header(self.slide)
        # Other formats build on TIFF in ways of their own, which OpenSlide knows.
        self.tiles = EncodedTiles(path) if self.header.vendor in PLAIN_TIFFS else None

    def read(self, level: int, x: int, y: int, size: tuple[int, int]) -> Pixels:
        """Read one rectangle over white."""
        # OpenSlide takes whole level-0 px: where its downsample is no whole number, a pixel of the
        # level is met to within half a level-0 px only, and OpenSlide interpolates.
        downsample = self.slide.level_downsamples[level]
        place = (round(x * downsample), round(y * downsample))
        return on_white(self.slide.read_region(place, level, size))

    def read_many(self, level: int, corners: Corners, pixels: Pixels) -> None:
        """Read rectangles in a few threads."""
        size = (pixels.shape[2], pixels.shape[1])
        if self.tiles:
            self.tiles.check(self.header.levels[level], corners, size)
        parts = self.threads.map(lambda c: self.read(level, c[0], c[1], size), corners.tolist())
        for index, part in enumerate(parts):
            pixels[index] = part


def _header(slide: openslide.OpenSlide) -> Header:
    properties = slide.properties
    vendor = properties[openslide.PROPERTY_NAME_VENDOR]
    mpps = [_number(properties.get(f"openslide.mpp-{axis}")) for axis in "xy"]
    if vendor == "generic-tiff":  # resolution tags, which may be a printer's
        mpps = [plausible(mpp) for mpp in mpps]
    return Header(
        vendor=vendor,
        levels=tuple((width, height) for width, height in slide.level_dimensions),
        downsamples=true_downsamples(slide.level_dimensions, slide.level_downsamples),
        mpp=_square(*mpps),
        magnification=_number(properties.get(openslide.PROPERTY_NAME_OBJECTIVE_POWER)),
    )


def _number(text: str | None) -> float | None:
    """Read a positive number from a header; None if there is none."""
    try:
        value = float(text or 0)
    except ValueError:
        return None
    return value if 0 < value < math.inf else None


def _square(mpp_x: float | None, mpp_y: float | None) -> float | None:
    if mpp_x is None or mpp_y is None:
        return None
    if abs(mpp_x / mpp_y - 1) > 0.02:
        raise SlideError(f"pixels are not square: {mpp_x:g} by {mpp_y:g} um")
    return (mpp_x + mpp_y) / 2
