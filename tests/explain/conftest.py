from pathlib import Path

import numpy as np
import pytest

from skinage.stains import EOSIN, HAEMATOXYLIN

SKIN = Path(__file__).parents[2] / ".." / "shared" / "realdata" / "skin" / "skin.tif"


def _stain(haematoxylin, eosin):
    density = np.multiply.outer(haematoxylin, HAEMATOXYLIN) + np.multiply.outer(eosin, EOSIN)
    return np.round(255 * 10.0**-density).astype(np.uint8)


@pytest.fixture(scope="session")
def stain():
    """Return a function from amounts of stain to the pixels of a section (Beer and Lambert)."""
    return _stain


@pytest.fixture(scope="session")
def skin_tiles():
    """Return (15, 20, 64, 64, 3): real skin in a grid of tiles, about 1 um per px."""
    if not SKIN.exists():
        pytest.skip("the real skin section is not here")
    import tifffile

    grid = tifffile.imread(SKIN)[:960, :1280].reshape(15, 64, 20, 64, 3)
    return grid.swapaxes(1, 2)
