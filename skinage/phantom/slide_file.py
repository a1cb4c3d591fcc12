"""Write a picture and its labels as tiled pyramids that every reader of slides opens.

The pyramid is a plain chain of pages, each marked as a reduced copy of the first. OpenSlide and
cuCIM follow that chain and know nothing of SubIFDs. QuPath prefers OpenSlide for a TIFF of three
8-bit channels that holds one page of the largest size, and so gets pyramid and scale (OpenSlide 4
turns the resolution tags into um per px); Bio-Formats, its second choice, takes the scale from the
same tags and the reduced pages for thumbnails.
"""

from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from PIL import Image

TILE_PX = 256
SMALLEST_PX = 512
QUALITY = 85
UM_PER_CM = 10_000


def write_slide(path: Path, picture: np.ndarray, mpp: float) -> None:
    """Write a picture as a JPEG pyramid; every level halves the one before, by averaging.

    Parameters
    ----------
    path
        Where to write; the suffix should be ``.tiff``.
    picture
        ``(h, w, 3)`` uint8 RGB.
    mpp
        Micrometres per pixel of `picture`, written as resolution tags in pixels per centimetre.
    """
    levels = [picture]
    while max(levels[-1].shape[:2]) > SMALLEST_PX:
        height, width = (n // 2 * 2 for n in levels[-1].shape[:2])
        levels.append(np.asarray(Image.fromarray(levels[-1]).reduce(2, (0, 0, width, height))))
    # Colour in full resolution (4:4:4): a slide is a quarter larger than with the usual 4:2:0, but
    # in the red channel, where haematoxylin shows, the error is 30 % smaller; 4:2:0 at quality 90
    # takes the same bytes and still has the larger error.
    jpeg = {"compression": "jpeg", "subsampling": (1, 1), "compressionargs": {"level": QUALITY}}
    _write(path, levels, mpp, photometric="rgb", **jpeg)


def write_labels(path: Path, labels: np.ndarray, mpp: float) -> None:
    """Write what each pixel is as a lossless pyramid with the level sizes of `write_slide`.

    A label of a coarser level is that of a full-resolution pixel in the middle of its block: labels
    are never averaged. OpenSlide, QuPath and tifffile read it; cuCIM knows no single channel.

    Parameters
    ----------
    path
        Where to write; the suffix should be ``.tiff``.
    labels
        ``(h, w)`` uint8, values of `skinage.phantom.drawing.labels.Label`.
    mpp
        Micrometres per pixel of `labels`.
    """
    levels = [labels]
    while max(levels[-1].shape) > SMALLEST_PX:
        step = 2 ** len(levels)
        height, width = (n // step for n in labels.shape)
        levels.append(labels[step // 2 :: step, step // 2 :: step][:height, :width])
    _write(path, levels, mpp, photometric="minisblack", compression="adobe_deflate")


def _write(path: Path, levels: list[np.ndarray], mpp: float, **how: Any) -> None:
    with tifffile.TiffWriter(path) as file:
        for level, pixels in enumerate(levels):
            file.write(
                pixels,
                tile=(TILE_PX, TILE_PX),
                subfiletype=1 if level else 0,
                resolution=(UM_PER_CM / (mpp * 2**level),) * 2,
                resolutionunit="CENTIMETER",
                metadata=None,
                software=False,
                maxworkers=1,  # every core draws a slide already
                **how,
            )
