import numpy as np
import pytest

from skinage.explain.morphology.dermis.fibres import fibre_measures

SHAPE, UNIT_UM = (200, 300), 2.0
DOWN, ACROSS = np.meshgrid(*[(np.arange(n) + 0.5) * UNIT_UM for n in SHAPE], indexing="ij")
EVERYWHERE = np.ones(SHAPE, bool)


def stripes(turn, period_um=14.0):
    """Draw fibres in a direction, radians from the columns towards the rows."""
    aside = DOWN * np.cos(turn) - ACROSS * np.sin(turn)
    return (0.7 + 0.3 * np.sin(2 * np.pi * aside / period_um)).astype(np.float32)


def depth(turn=0.0):
    """Um below a flat junction in a direction."""
    return (DOWN * np.cos(turn) - ACROSS * np.sin(turn) + 500).astype(np.float32)


def measured(light, within=EVERYWHERE, below_um=None):
    return fibre_measures(light, within, depth() if below_um is None else below_um, UNIT_UM)


@pytest.mark.parametrize("turn", [0.0, 0.5, 1.2])
def test_parallel_fibres_are_in_order_whatever_the_direction(turn):
    found = measured(stripes(turn))
    assert found["fibre_coherency"] > 0.95
    assert found["orientation_entropy"] < 0.35
    assert found["fibre_order"] > 0.97


def test_two_directions_in_turn_have_no_order_over_all():
    """Bands of 100 um: each window sees one direction, the section both."""
    bands = (ACROSS // 100).astype(int) % 2 == 0
    found = measured(np.where(bands, stripes(0.2), stripes(0.2 + np.pi / 2)))
    assert found["fibre_order"] < 0.1
    assert found["fibre_coherency"] > 0.6


def test_noise_has_no_order():
    found = measured(np.random.default_rng(0).uniform(0.4, 1, SHAPE).astype(np.float32))
    assert found["fibre_order"] < 0.1
    assert found["fibre_coherency"] < 0.2
    assert found["orientation_entropy"] > 0.85


def test_order_is_against_the_surface():
    """Fibres that turn with the surface are in order; fibres that do not are not."""
    bend = np.where(ACROSS < 300, 0.0, np.pi / 2)
    below_um = np.where(ACROSS < 300, depth(), 2000 + ACROSS).astype(np.float32)
    turned = np.where(bend == 0, stripes(0.0), stripes(np.pi / 2))
    away = EVERYWHERE & (np.abs(ACROSS - 300) > 60)
    assert measured(turned, away, below_um)["fibre_order"] > 0.6
    assert measured(stripes(0.0), away, below_um)["fibre_order"] < 0.4


def test_only_what_lies_within_counts():
    light = np.where(ACROSS < 300, stripes(0.0), np.random.default_rng(0).uniform(0.4, 1, SHAPE))
    assert measured(light.astype(np.float32), EVERYWHERE & (ACROSS < 290))["fibre_order"] > 0.95


def test_without_junction_or_without_a_whole_window():
    found = measured(stripes(0.0), below_um=np.full(SHAPE, np.nan, np.float32))
    assert np.isnan(found["fibre_order"])
    assert found["fibre_coherency"] > 0.95
    few = measured(stripes(0.0), EVERYWHERE & (np.abs(DOWN - 100) < 8) & (ACROSS < 50))
    assert np.isnan([few["fibre_coherency"], few["orientation_entropy"]]).all()
