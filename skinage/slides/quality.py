"""How sharp a tile is, as a number; what is done about it is the user's decision."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from skinage.slides.tissue import optical_density


def sharpness(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Measure the sharpness of tiles: the variance of the Laplacian of their grey optical density.

    Optical density rather than brightness, so that pale and dark stains count alike. The value
    depends on the scale: compare tiles of one ``mpp`` only.

    Parameters
    ----------
    pixels
        (n, height, width, 3) uint8 RGB.

    Returns
    -------
    numpy.ndarray
        (n,) float64; small is blurred (or empty).

    References
    ----------
    Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy", ICPR 2000.
    """
    grey = optical_density(pixels).mean(axis=-1)
    edges = np.stack([ndimage.laplace(tile) for tile in grey]) if len(grey) else grey
    return edges.var(axis=(1, 2), dtype=np.float64)
