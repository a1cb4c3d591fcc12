"""Does the age follow the map? Tissue is taken out, block by block, in the order of the map.

Deletion and insertion follow Petsiuk et al. 2018 (RISE, arXiv 1806.07421), in years and with a
sign: what makes older is taken out first, and the age should fall; or what makes younger, and it
should rise. The second is insertion of what makes older, read backwards. What is taken out is
filled with tissue of the same site, since the clock never saw grey tiles.
"""

import numpy as np
from scipy import ndimage

from skinage.explain.faithfulness.blocks import block_means, block_numbers
from skinage.explain.faithfulness.case import MapCase
from skinage.stains import optical_density, unmix

CONTROLS = ("random", "centred", "nuclear density")
N_RANDOM = 2
NUCLEAR_PX = 3.0


def areas_against_controls(
    case: MapCase, heat: np.ndarray, *, n_steps: int, seed: int
) -> dict[tuple[str, str], float]:
    """Return by how many years the order of a map beats other orders, averaged over the curve.

    The centred and the nuclear map have no sign of their own. They are given that of the whole
    tile: older or younger than its filling.

    Parameters
    ----------
    case
        The tile.
    heat
        ``(h, w)`` its map.
    n_steps
        Steps from the whole tile to nothing of it.
    seed
        Seed of the random orders.

    Returns
    -------
    dict
        Years by test ("deletion" or "insertion") and control; above 0 the map is better.
    """
    fractions = np.arange(n_steps + 1) / n_steps
    tile_years = float(case.age_of(case.pixels[None])[0])
    filled_years = float(np.mean(case.age_of(case.filling)))

    def curve(score: np.ndarray) -> np.ndarray:
        between = _years_between(case, score, fractions[1:-1])
        return np.array([tile_years, *between, filled_years])

    sign = 1.0 if tile_years >= filled_years else -1.0
    score, random = block_means(heat), np.random.default_rng(seed)
    shuffled = np.mean([curve(random.permutation(len(score))) for _ in range(N_RANDOM)], axis=0)
    found = {}
    for test, way in (("deletion", 1.0), ("insertion", -1.0)):
        own = curve(way * score)
        others = [shuffled, *(curve(way * sign * one) for one in _control_scores(case.pixels))]
        for control, other in zip(CONTROLS, others, strict=True):
            found[test, control] = float(np.trapezoid(way * (other - own), fractions))
    return found


def _years_between(case: MapCase, score: np.ndarray, fractions: np.ndarray) -> np.ndarray:
    """Return the ages with the highest blocks taken out, for each fraction of blocks."""
    place = np.empty(len(score))
    place[np.argsort(-score, kind="stable")] = (np.arange(len(score)) + 0.5) / len(score)
    place = place[block_numbers(case.pixels.shape[:2])]
    out = (place < fractions[:, None, None])[:, None, :, :, None]  # (steps, 1, h, w, 1)
    pixels = np.where(out, case.filling, case.pixels)  # (steps, m, h, w, 3)
    years = case.age_of(pixels.reshape(-1, *case.pixels.shape))
    return np.asarray(years, float).reshape(pixels.shape[:2]).mean(axis=1)


def _control_scores(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return by block: nearness to the centre; haematoxylin, smoothed as nuclei lie."""
    sides = (np.linspace(-1, 1, side) ** 2 for side in pixels.shape[:2])
    centred = -np.add.outer(*sides)
    haematoxylin = unmix(optical_density(np.moveaxis(pixels, -1, 0)[None]))[0, 0]
    return block_means(centred), block_means(ndimage.gaussian_filter(haematoxylin, NUCLEAR_PX))
