"""One seam over three readers: cuCIM, OpenSlide, and pictures held in memory.

Only the reader process imports this module. Coordinates are pixels of the level that is read;
whatever lies outside the slide is white.
"""

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import numpy as np
import openslide
from numpy.typing import NDArray

from skinage.errors import SlideError
from skinage.slides.picture import Picture, on_white
from skinage.slides.scale import Header, plausible, resolution_mpp

THREADS = min(8, max(2, len(os.sched_getaffinity(0))))
BATCH = 64
Pixels = NDArray[np.uint8]
Corners = NDArray[np.int64]


class Backend(Protocol):
    """What a reader must know of a slide, and do."""

    header: Header

    def read(self, level: int, x: int, y: int, size: tuple[int, int]) -> Pixels:
        """Read ``size`` (width, height) pixels of a level as (height, width, 3)."""

    def read_many(self, level: int, corners: Corners, pixels: Pixels) -> None:
        """Fill ``pixels`` (n, height, width, 3) from corners (n, 2), left and top."""


def open_backend(path: str, reader: str) -> Backend:
    """Open a file with the reader that ``which_reader`` chose."""
    backends: dict[str, Callable[[str], Backend]] = {
        "cuCIM": CucimSlide,
        "OpenSlide": OpenslideSlide,
        "picture": Picture,
    }
    return backends[reader](path)


class CucimSlide:
    """A slide read by cuCIM; see ``screen`` for what it may be given."""

    def __init__(self, path: str) -> None:
        from cucim.clara import CuImage

        self.image = CuImage(path)
        aperio, tiff = self.image.metadata.get("aperio"), self.image.metadata["tiff"]
        mpp = resolution_mpp(tiff["x_resolution"], tiff["resolution_unit"])
        self.header = Header(
            vendor="generic-tiff" if aperio is None else "aperio",
            levels=tuple(tuple(size) for size in self.image.resolutions["level_dimensions"]),
            downsamples=tuple(self.image.resolutions["level_downsamples"]),
            mpp=mpp if aperio is None else number(aperio.get("MPP")),
            magnification=None if aperio is None else number(aperio.get("AppMag")),
        )

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
            places, size, level, batch_size=min(BATCH, len(places)), num_workers=THREADS
        ):
            read = np.asarray(batch).reshape(-1, *pixels.shape[1:])
            pixels[inside[done : done + len(read)]] = read
            done += len(read)

    def _location(self, level: int, x: int, y: int) -> tuple[int, int]:
        # cuCIM takes level-0 px and floors location / downsample: rounding up meets x, y exactly.
        downsample = self.header.downsamples[level]
        return math.ceil(x * downsample), math.ceil(y * downsample)


class OpenslideSlide:
    """A slide read by OpenSlide, whose transparent pixels (never scanned, outside) are white."""

    def __init__(self, path: str) -> None:
        self.slide = openslide.OpenSlide(path)
        self.threads = ThreadPoolExecutor(THREADS)
        properties = self.slide.properties
        vendor = properties[openslide.PROPERTY_NAME_VENDOR]
        mpp = _square(
            number(properties.get(openslide.PROPERTY_NAME_MPP_X)),
            number(properties.get(openslide.PROPERTY_NAME_MPP_Y)),
        )
        self.header = Header(
            vendor=vendor,
            levels=self.slide.level_dimensions,
            downsamples=self.slide.level_downsamples,
            mpp=plausible(mpp) if vendor == "generic-tiff" else mpp,
            magnification=number(properties.get(openslide.PROPERTY_NAME_OBJECTIVE_POWER)),
        )

    def read(self, level: int, x: int, y: int, size: tuple[int, int]) -> Pixels:
        """Read one rectangle over white."""
        downsample = self.header.downsamples[level]
        place = (round(x * downsample), round(y * downsample))
        return on_white(self.slide.read_region(place, level, size))

    def read_many(self, level: int, corners: Corners, pixels: Pixels) -> None:
        """Read rectangles in a few threads."""
        size = (pixels.shape[2], pixels.shape[1])
        parts = self.threads.map(lambda c: self.read(level, c[0], c[1], size), corners.tolist())
        for index, part in enumerate(parts):
            pixels[index] = part


def number(text: str | float | None) -> float | None:
    """Read a positive number from a header; None if there is none."""
    try:
        value = float(text) if text is not None else 0.0
    except ValueError:
        return None
    return value if value > 0 and math.isfinite(value) else None


def _square(mpp_x: float | None, mpp_y: float | None) -> float | None:
    if mpp_x is None or mpp_y is None:
        return None
    if abs(mpp_x / mpp_y - 1) > 0.02:
        raise SlideError(f"pixels are not square: {mpp_x:g} by {mpp_y:g} um")
    return (mpp_x + mpp_y) / 2
