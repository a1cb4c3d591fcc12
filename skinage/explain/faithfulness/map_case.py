"""The case of one tile from ages as modules: what is alike and unlike has another clock or encoder.

Twenty tiles need some 200 maps. Where a method integrates, maps are made coarsely: gradients at 64
points in place of 256 to thousands, each on the way from one picture of the baseline, spread evenly
along it (Erion et al. 2021 draw them at random). On the teaching phantom such a map goes with the
one that adds up by Spearman's r of .93 over blocks (mean of six tiles, baselines of 32), where two
fixed points on each way give .87.
"""

from collections.abc import Mapping

import numpy as np
import torch

from skinage.explain.attribution.age_of_tiles import AgeOfTiles
from skinage.explain.attribution.attribute import attribute
from skinage.explain.attribution.baselines import Baseline
from skinage.explain.faithfulness.case import ExplainMap, MapCase

N_FILLING, N_POINTS, BATCH = 4, 64, 32
INTEGRATED = ("expected_gradients", "integrated_gradients")


def map_case(
    age_of: AgeOfTiles,
    pixels: np.ndarray,
    baseline: Baseline,
    *,
    person_id: str,
    method: str = "expected_gradients",
    coarse: bool = True,
    unlike: Mapping[str, AgeOfTiles] | None = None,
    like: Mapping[str, AgeOfTiles | np.ndarray] | None = None,
) -> MapCase:
    """Return the case of one tile for `grade_maps`, its maps made as `attribute` makes them.

    Parameters
    ----------
    age_of
        The person's age as a function of the tile.
    pixels
        ``(h, w, 3)`` uint8 RGB, the tile.
    baseline
        What maps compare with; its first four tiles fill what is taken out. Give `baseline_tiles`:
        glass and blur are nothing that the clock knows.
    person_id
        Whose tile it is.
    method
        As for `attribute`.
    coarse
        Whether maps of "expected_gradients" and "integrated_gradients" may stop before they add
        up, in a fraction of the time.
    unlike
        Ages by name whose maps must differ: with encoders of `randomise`, with a clock fitted on
        `shuffle_ages`.
    like
        What should make the same map, by name: ages with clocks of other folds, or with encoders
        of other seeds and their clocks; or pixels ``(h, w, 3)`` of the same place by another
        scanner, aligned.

    Returns
    -------
    MapCase
        One case for `grade_maps`.
    """

    def explaining(age: AgeOfTiles) -> ExplainMap:
        # `attribute` says which methods work for a clock that has no gradients.
        if coarse and method in INTEGRATED and age.differentiable:
            return lambda tile: _coarse_map(age, tile, baseline)
        return lambda tile: attribute(age, tile, baseline, method=method).heat

    def alike(other: AgeOfTiles | np.ndarray) -> ExplainMap:
        if isinstance(other, AgeOfTiles):
            return explaining(other)
        return lambda tile: own(other)

    own = explaining(age_of)
    return MapCase(
        person_id, pixels, age_of.predict, own, baseline.pixels[:N_FILLING],
        unlike={name: explaining(age) for name, age in (unlike or {}).items()},
        like={name: alike(other) for name, other in (like or {}).items()},
    )  # fmt: skip


def _coarse_map(age_of: AgeOfTiles, pixels: np.ndarray, baseline: Baseline) -> np.ndarray:
    tile = age_of.prepare(np.ascontiguousarray(pixels)[None])
    pictures = age_of.prepare(baseline.pixels[np.arange(N_POINTS) % len(baseline.pixels)])
    # The same points for all maps, so that maps differ by what they show alone.
    order = torch.randperm(N_POINTS, generator=torch.Generator().manual_seed(0))
    part = ((order + 0.5) / N_POINTS).to(tile).view(-1, 1, 1, 1)
    points = (pictures + part * (tile - pictures)).split(BATCH)
    slopes = [torch.autograd.grad(age_of(some).sum(), some)[0] for some in map(_followed, points)]
    heat = (torch.cat(slopes) * (tile - pictures)).mean(dim=0).sum(dim=0)
    return heat.detach().cpu().numpy()


def _followed(images: torch.Tensor) -> torch.Tensor:
    return images.detach().requires_grad_()
