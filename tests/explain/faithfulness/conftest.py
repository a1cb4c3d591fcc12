import numpy as np
import pytest
from scipy import ndimage

from skinage.explain.faithfulness.case import MapCase

SIDE = 48
WEIGHTS = np.zeros((SIDE, SIDE))
WEIGHTS[:, : SIDE // 2] = 60 / (SIDE * SIDE / 2)
"""The made-up clock: 60 years from no blue to full blue in the left half; the right counts not."""


def years_of(pixels, weights=WEIGHTS):
    return 30 + (pixels[..., 2] / 255 * weights).sum(axis=(-2, -1))


def true_map(filling, weights=WEIGHTS):
    """Each pixel's years against the mean of the filling: exact, since the clock is a sum."""
    mean = filling[..., 2].mean(axis=0)
    return lambda pixels: (pixels[..., 2] - mean) / 255 * weights


def random_map(pixels):
    seed = int(pixels.astype(int).sum())
    return np.random.default_rng(seed).normal(size=pixels.shape[:2])


def centred_map(pixels):
    return -np.add.outer(*(np.linspace(-1, 1, side) ** 2 for side in pixels.shape[:2]))


def edges(pixels):
    return ndimage.gaussian_gradient_magnitude(pixels.mean(axis=-1), 1)


MAPS = {"random": random_map, "centred": centred_map, "edges": edges}


@pytest.fixture
def make_cases():
    """Smooth random pictures of several people, two tiles each, and a map by its name."""

    def tissue(rng, n):
        noise = rng.normal(size=(n, SIDE, SIDE, 3))
        smooth = ndimage.gaussian_filter(noise, (0, 4, 4, 0))
        return np.clip(150 + 500 * smooth, 0, 255).astype(np.uint8)

    def make(name="true", n_people=8, **more):
        rng = np.random.default_rng(0)
        for number in range(2 * n_people):
            filling = tissue(rng, 3)
            map_ = true_map(filling) if name == "true" else MAPS[name]
            yield MapCase(f"P{number // 2}", tissue(rng, 1)[0], years_of, map_, filling, **more)

    return make
