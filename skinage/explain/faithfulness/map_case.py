"""The case of one tile from ages as modules: what is alike and unlike has another clock or encoder.

Twenty tiles need some 200 maps. Where a method integrates, maps are made coarsely: two steps from
each of 16 pictures of the baseline, a tenth of the work. On the teaching phantom such a map goes
with the one that adds up by Spearman's r of .81 to .86 over blocks (four tiles).
"""

from collections.abc import Mapping

import numpy as np

from skinage.explain.attribution.age_of_tiles import AgeOfTiles
from skinage.explain.attribution.attribute import attribute
from skinage.explain.attribution.baselines import Baseline
from skinage.explain.faithfulness.case import ExplainMap, MapCase

N_FILLING, N_PICTURES, N_STEPS, BATCH = 4, 16, 2, 32
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
    like: Mapping[str, AgeOfTiles] | None = None,
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
        up, in a tenth of the time.
    unlike
        Ages by name whose maps must differ: with encoders of `randomise`, with a clock fitted on
        `shuffle_ages`.
    like
        Ages by name whose maps should agree: with clocks of other folds, with encoders of other
        seeds and their clocks.

    Returns
    -------
    MapCase
        One case for `grade_maps`.
    """

    def explaining(age: AgeOfTiles) -> ExplainMap:
        if coarse and method in INTEGRATED:
            return lambda tile: _coarse_map(age, tile, baseline)
        return lambda tile: attribute(age, tile, baseline, method=method).heat

    return MapCase(
        person_id, pixels, age_of.predict, explaining(age_of), baseline.pixels[:N_FILLING],
        unlike={name: explaining(age) for name, age in (unlike or {}).items()},
        like={name: explaining(age) for name, age in (like or {}).items()},
    )  # fmt: skip


def _coarse_map(age_of: AgeOfTiles, tile: np.ndarray, baseline: Baseline) -> np.ndarray:
    from captum.attr import IntegratedGradients

    pictures = age_of.prepare(baseline.pixels[:N_PICTURES])
    ends = age_of.prepare(np.ascontiguousarray(tile)[None]).expand(len(pictures), -1, -1, -1)
    heat = IntegratedGradients(age_of).attribute(
        ends, pictures, n_steps=N_STEPS, internal_batch_size=BATCH
    )
    return heat.mean(dim=0).sum(dim=0).detach().cpu().numpy()
