import numpy as np
import pytest
from scipy import ndimage

from skinage.explain.morphology.dermis.sharpness import SHARPNESS_PER_UM2, equal_light, light_of


@pytest.fixture(scope="module")
def texture():
    """Stained islands in clear gaps, finer than a scanner's blur in places."""
    noise = np.random.default_rng(0).normal(size=(400, 400))
    return np.where(ndimage.gaussian_filter(noise, 2.5) > 0, 0.5, 1.0).astype(np.float32)


def blurred(light, blur_um):
    return ndimage.gaussian_filter(light, blur_um)


EVERYWHERE = np.ones((400, 400), bool)


def test_two_scanners_end_at_the_same_light(texture):
    ends = [equal_light(blurred(texture, blur), EVERYWHERE, 1.0) for blur in (0.45, 0.95)]
    (sharp, more), (soft, less) = ends
    assert more > less > 0
    assert np.hypot(0.45, more) == pytest.approx(np.hypot(0.95, less), rel=0.05)
    assert np.abs(sharp - soft).max() < 0.02
    assert np.abs(blurred(texture, 0.45) - blurred(texture, 0.95)).max() > 0.08


def test_a_soft_picture_stays_as_it_is(texture):
    light = blurred(texture, 2.5)
    same, blur_um = equal_light(light, EVERYWHERE, 1.0)
    assert blur_um == 0
    assert same is light


def test_only_what_lies_within_decides_and_nothing_is_no_error(texture):
    half = blurred(texture, 0.45)
    half[:, 200:] = blurred(texture, 2.5)[:, 200:]
    left = EVERYWHERE.copy()
    left[:, 190:] = False
    whole = equal_light(blurred(texture, 0.45), EVERYWHERE, 1.0)[1]
    assert equal_light(half, left, 1.0)[1] == pytest.approx(whole, abs=0.1)
    assert equal_light(half, ~left & (np.arange(400) > 215), 1.0)[1] == 0
    assert equal_light(half, left & False, 1.0)[1] == 0


def test_a_line_left_over_at_the_edge_of_a_picture_is_no_part(texture):
    one_more = blurred(texture, 0.45)[:257, :257]
    assert equal_light(one_more, EVERYWHERE[:257, :257], 1.0)[1] > 0


def test_the_blur_is_in_um(texture):
    """The same pixels at half the scale are twice as sharp per um2, four times."""
    light = blurred(texture, 2.0)
    assert equal_light(light, EVERYWHERE, 1.0)[1] == 0
    assert equal_light(light, EVERYWHERE, 0.25)[1] > 0
    assert SHARPNESS_PER_UM2 < 1


def test_light_of_density():
    assert light_of(np.array([0, 1, 2], np.float32)) == pytest.approx([1, 0.1, 0.01])
