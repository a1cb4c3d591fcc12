"""From rectangles in level-0 pixels to pixels of the size that was asked for."""

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from skinage.slides.reading.backends import Backend


def read_resampled(
    slide: Backend,
    level: int,
    corners: NDArray[np.float64],
    extent: tuple[float, float],
    pixels: NDArray[np.uint8],
) -> None:
    """Fill ``pixels`` with n rectangles of one slide, each resampled to one size.

    If the level has the target's scale (within half a pixel over the rectangle) its pixels are
    given as they are, at the nearest whole pixel; otherwise they are reduced by a triangle filter
    as wide as two target pixels, so that nothing aliases.

    Parameters
    ----------
    slide
        An open backend.
    level
        The one to read: the coarsest that still resolves the target (see ``finest_needed``).
    corners
        (n, 2) left and top in level-0 px.
    extent
        Width and height in level-0 px.
    pixels
        (n, height, width, 3) uint8, filled in place.
    """
    size = (pixels.shape[2], pixels.shape[1])
    downsample = slide.header.downsamples[level]
    corners = corners / downsample
    width, height = extent[0] / downsample, extent[1] / downsample
    if abs(width - size[0]) < 0.5 and abs(height - size[1]) < 0.5:
        slide.read_many(level, np.rint(corners).astype(np.int64), pixels)
        return
    whole = np.floor(corners).astype(np.int64)
    # One more pixel than the extent holds the fraction at the left and at the right.
    read = np.empty((len(whole), math.ceil(height) + 1, math.ceil(width) + 1, 3), np.uint8)
    slide.read_many(level, whole, read)
    for index, (left, top) in enumerate(corners - whole):
        box = (left, top, left + width, top + height)
        image = Image.fromarray(read[index])
        pixels[index] = np.asarray(image.resize(size, Image.Resampling.BILINEAR, box=box))
