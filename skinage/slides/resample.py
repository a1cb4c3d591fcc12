"""From rectangles in level-0 pixels to pixels of the size that was asked for."""

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from skinage.slides.backends import Backend
from skinage.slides.scale import finest_needed


def read_resampled(
    slide: Backend,
    corners: NDArray[np.float64],
    extent: tuple[float, float],
    size: tuple[int, int],
    pixels: NDArray[np.uint8],
) -> None:
    """Fill ``pixels`` with n rectangles of one slide, each resampled to one size.

    The coarsest level that still resolves the target is read. If it has the target's scale
    (within half a pixel over the rectangle) its pixels are given as they are; otherwise they are
    reduced by a triangle filter as wide as two target pixels, so that nothing aliases.

    Parameters
    ----------
    slide
        An open backend.
    corners
        (n, 2) left and top in level-0 px.
    extent
        Width and height in level-0 px.
    size
        Width and height to give, in px.
    pixels
        (n, height, width, 3) uint8, filled in place.
    """
    level = finest_needed(slide.header.downsamples, extent[0] / size[0])
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
