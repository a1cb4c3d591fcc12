from types import SimpleNamespace

import numpy as np
import pytest

from skinage.errors import StageError
from skinage.explain.attribution.age_of_tiles import AgeOfTiles
from skinage.explain.attribution.attribute import attribute
from skinage.explain.attribution.baselines import Baseline
from skinage.explain.faithfulness.grade import grade_maps
from skinage.explain.faithfulness.map_case import map_case
from skinage.explain.faithfulness.randomised import randomise

from ..attribution.conftest import SIDE, bent_encoder, clock_of, linear_encoder, make_clock


@pytest.fixture
def tiles():
    return np.random.default_rng(1).integers(60, 256, (26, SIDE, SIDE, 3), dtype=np.uint8)


@pytest.mark.parametrize("coarse", [True, False])
def test_maps_of_a_sum_of_pixels_are_exact_whether_coarse_or_not(tiles, coarse):
    encoder, clock = linear_encoder(), make_clock(5, ("mean",))
    age_of = AgeOfTiles(encoder, clock, tiles[:5])
    baseline = Baseline(tiles[10:], "others")
    other = AgeOfTiles(next(iter(randomise(encoder)))[1], clock, tiles[:5])
    case = map_case(
        age_of, tiles[5], baseline, person_id="P1", coarse=coarse,
        unlike={"random": other}, like={"itself": age_of, "scanner B": tiles[6]},
    )  # fmt: skip
    expected = attribute(age_of, tiles[5], baseline).heat
    for map_ in (case.explain_map, case.like["itself"]):
        np.testing.assert_allclose(map_(tiles[5]), expected, atol=1e-6)
    of_another_scan = attribute(age_of, tiles[6], baseline).heat
    np.testing.assert_allclose(case.like["scanner B"](tiles[5]), of_another_scan, atol=1e-6)
    own = case.unlike["random"](tiles[5])
    np.testing.assert_allclose(own, attribute(other, tiles[5], baseline).heat, atol=1e-6)
    assert abs(np.corrcoef(own.ravel(), expected.ravel())[0, 1]) < 0.3
    np.testing.assert_array_equal(case.filling, tiles[10:14])
    np.testing.assert_allclose(case.age_of(tiles[:2]), age_of.predict(tiles[:2]))


def test_a_coarse_map_goes_with_the_one_that_adds_up(tiles):
    age_of = AgeOfTiles(bent_encoder(), make_clock(6), tiles[:5])
    baseline = Baseline(tiles[10:], "others")
    coarse = map_case(age_of, tiles[5], baseline, person_id="P1").explain_map(tiles[5])
    full = attribute(age_of, tiles[5], baseline).heat
    assert np.corrcoef(coarse.ravel(), full.ravel())[0, 1] > 0.9


def test_methods_that_do_not_integrate_are_graded_as_they_are(tiles):
    age_of = AgeOfTiles(bent_encoder(), make_clock(6), tiles[:5])
    baseline = Baseline(tiles[10:14], "others")
    case = map_case(age_of, tiles[5], baseline, person_id="P1", method="grad_cam")
    expected = attribute(age_of, tiles[5], baseline, method="grad_cam").heat
    np.testing.assert_array_equal(case.explain_map(tiles[5]), expected)
    assert grade_maps([case])["passed"].isna().all()


def test_a_clock_without_gradients_is_told_what_works(tiles):
    clock = clock_of(SimpleNamespace(predict=lambda inputs: inputs.features[:, 0]), ["mean_0000"])
    age_of = AgeOfTiles(linear_encoder(), clock, tiles[:5])
    baseline = Baseline(tiles[10:14], "others")
    with pytest.raises(StageError, match="method='occlusion'"):
        grade_maps([map_case(age_of, tiles[5], baseline, person_id="P1")])
    case = map_case(age_of, tiles[5], baseline, person_id="P1", method="occlusion")
    assert len(grade_maps([case])) == 8
