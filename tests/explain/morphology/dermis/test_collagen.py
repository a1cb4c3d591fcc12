import numpy as np
import pytest
from scipy import ndimage

from skinage.explain.morphology.dermis.collagen import (
    BANDS_UM,
    collagen_light,
    gap_width_um,
    is_solid,
    log_contrasts,
)  # fmt: skip

SIDE = 400
EVERYWHERE = np.ones((SIDE, SIDE), bool)


def bundles(bundle_um, gap_um, *, scale=8):
    """Draw bundles side by side, with gaps between them; light 0.4 and 1."""
    fine = (np.arange(SIDE * scale) + 0.5) / scale % (bundle_um + gap_um) < bundle_um
    share = fine.reshape(SIDE, scale).mean(axis=1)
    return np.broadcast_to((1 - 0.6 * share)[:, None], (SIDE, SIDE)).astype(np.float32)


@pytest.mark.parametrize(("bundle_um", "gap_um"), [(12, 4), (16, 4), (10, 6)])
def test_share_and_gaps_of_drawn_bundles(bundle_um, gap_um):
    light = bundles(bundle_um, gap_um)
    level = collagen_light(light, EVERYWHERE)
    assert level == pytest.approx(0.4, abs=0.02)
    solid = is_solid(light, level)
    assert solid.mean() == pytest.approx(bundle_um / (bundle_um + gap_um), abs=0.05)
    # Crofton's formula holds for borders of every direction; these have one: 4 / pi too wide.
    assert gap_width_um(solid, EVERYWHERE, 1.0) == pytest.approx(4 / np.pi * gap_um, rel=0.1)


def test_gaps_of_every_direction_have_their_width():
    down, across = np.mgrid[:SIDE, :SIDE] - SIDE / 2
    rings = np.hypot(down, across) % 20 < 15
    assert gap_width_um(rings, EVERYWHERE, 1.0) == pytest.approx(5, rel=0.06)
    assert gap_width_um(rings, EVERYWHERE, 0.5) == pytest.approx(2.5, rel=0.06)
    assert np.isnan(gap_width_um(EVERYWHERE, EVERYWHERE, 1.0))


def test_gaps_outside_do_not_count():
    solid = EVERYWHERE.copy()
    solid[:, 200:204] = False
    assert np.isnan(gap_width_um(solid, EVERYWHERE & (np.arange(SIDE) < 150), 1.0))


def coarseness(size_um):
    noise = np.random.default_rng(0).normal(size=(SIDE, SIDE))
    islands = ndimage.gaussian_filter(noise, size_um / 4) > 0
    light = ndimage.gaussian_filter(np.where(islands, 0.4, 1.0), 0.6).astype(np.float32)
    fine, wide = log_contrasts(light, EVERYWHERE, BANDS_UM, 2.0)
    return wide - fine


def test_wider_bundles_have_more_contrast_at_the_coarser_scale():
    found = [coarseness(size_um) for size_um in (5, 7, 9, 12)]
    assert np.all(np.diff(found) > 0.01)


def test_the_strength_of_the_stain_does_not_matter():
    light = bundles(9, 3)
    one, other = (log_contrasts(x, EVERYWHERE, BANDS_UM, 2.0) for x in (light, 1 - (1 - light) / 2))
    assert np.diff(one) == pytest.approx(np.diff(other), abs=1e-3)
