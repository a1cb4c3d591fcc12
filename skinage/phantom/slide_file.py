"""Write a picture as a small pyramidal JPEG TIFF that cuCIM and OpenSlide both read."""

from pathlib import Path

import numpy as np
import tifffile

TILE_PX = 256
QUALITY = 85
UM_PER_CM = 10_000


def write_slide(path: Path, picture: np.ndarray, mpp: float, n_levels: int = 3) -> None:
    """Write a tiled pyramid; every level halves the one before.

    Parameters
    ----------
    path
        Where to write; the suffix should be ``.tiff``.
    picture
        ``(h, w, 3)`` uint8 RGB.
    mpp
        Micrometres per pixel of `picture`, written as resolution tags in pixels per centimetre.
    n_levels
        How many levels, the full one included.
    """
    with tifffile.TiffWriter(path) as file:
        for level in range(n_levels):
            file.write(
                picture,
                tile=(TILE_PX, TILE_PX),
                photometric="rgb",
                compression="jpeg",
                compressionargs={"level": QUALITY},
                subfiletype=1 if level else 0,
                resolution=(UM_PER_CM / (mpp * 2**level),) * 2,
                resolutionunit="CENTIMETER",
                metadata=None,
                software=False,
            )
            picture = _halved(picture)


def _halved(picture: np.ndarray) -> np.ndarray:
    height, width = (n // 2 * 2 for n in picture.shape[:2])
    even = picture[:height, :width].astype(np.uint16)
    total = even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]
    return ((total + 2) // 4).astype(np.uint8)
