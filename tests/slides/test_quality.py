import numpy as np
from scipy import ndimage

from skinage.slides.quality import sharpness


def test_blur_lowers_sharpness():
    tile = np.random.default_rng(0).integers(60, 250, (64, 64, 3), np.uint8)
    blurred = [ndimage.gaussian_filter(tile, (s, s, 0)) for s in (0, 1, 2, 4)]
    values = sharpness(np.stack(blurred))
    assert (np.diff(values) < 0).all()
    assert values.shape == (4,)
    assert values[1] < values[0] / 2


def test_even_and_no_tiles():
    assert sharpness(np.full((2, 16, 16, 3), 200, np.uint8)).tolist() == [0, 0]
    assert sharpness(np.empty((0, 16, 16, 3), np.uint8)).shape == (0,)
