"""A picture of real skin, to look at beside the phantom."""

from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

from skinage.errors import StageError


def real_skin(path: str | Path | None = None) -> np.ndarray:
    """Read a picture of real H&E skin.

    Parameters
    ----------
    path
        A TIFF, PNG or JPEG at about 1 um per pixel. Without it scikit-image's ``skin`` is taken
        (public domain, 10x objective, about 1 um per pixel: normal skin above an intradermal
        naevus), fetched from the internet once.

    Returns
    -------
    numpy.ndarray
        ``(h, w, 3)`` uint8 RGB.

    Raises
    ------
    StageError
        If the picture cannot be read or fetched.
    """
    try:
        if path is None:
            picture = _fetched_skin()
        elif Path(path).suffix.lower() in (".tif", ".tiff"):
            # Pillow gives up on some compressions that tifffile reads.
            picture = tifffile.imread(path)
        else:
            picture = np.asarray(Image.open(path).convert("RGB"))
    except (OSError, ValueError) as error:
        what = path or "scikit-image's picture of skin"
        raise StageError(
            f"{what}: cannot be read or fetched ({type(error).__name__}); give the path of a "
            "picture of skin at about 1 um per pixel."
        ) from error
    if picture.ndim != 3 or picture.shape[2] < 3 or picture.dtype != np.uint8:
        raise StageError(
            f"{path}: found {picture.dtype} of shape {picture.shape}; expected RGB in 8 bits."
        )
    return picture[..., :3]


def _fetched_skin() -> np.ndarray:
    import pooch
    from skimage.data import skin

    # Its tries and the folder it writes to have no place in a notebook; a failure is an error.
    logger = pooch.get_logger()
    logger.disabled = True
    try:
        return skin()
    finally:
        logger.disabled = False
