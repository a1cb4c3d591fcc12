import numpy as np
import pytest

from skinage.explain.morphology.structures import Structure


def ring(middle, radius_um, n):
    """Return ``n`` places on a circle."""
    turn = 2 * np.pi * np.arange(n) / n
    return np.stack([middle[0] + radius_um * np.sin(turn), middle[1] + radius_um * np.cos(turn)], 1)


def dice(one, other):
    return 2 * (one & other).sum() / (one.sum() + other.sum())


def within(drawn, middle, radius_um):
    return np.hypot(drawn.down - middle[0], drawn.across - middle[1]) < radius_um


def add_vessel(drawn, middle, *, lumen_um=12.0, red=False):
    drawn.put(middle, lumen_um + 3, 0.2, 0.6)
    drawn.nuclei(ring(middle, lumen_um + 2, 6), radius_um=3, width_um=4)
    drawn.put(middle, lumen_um, 0.0, 1.0 if red else 0.0, blood=1.0 if red else 0.0)


def add_gland(drawn, middle, radius_um=60.0):
    drawn.put(middle, radius_um, 0.35, 0.5)
    for away in (15, 28, 41, 53):
        drawn.nuclei(ring(middle, away, round(away / 2)), radius_um=3.5, width_um=7)


@pytest.mark.parametrize("red", [False, True])
def test_a_vessel_is_found_empty_or_with_red_cells(drawn, red):
    add_vessel(drawn, (350, 300), red=red)
    found = drawn.segmentation()
    assert dice(found.structures == Structure.VESSEL, within(drawn, (350, 300), 12)) > 0.8


def test_red_cells_need_no_wall_but_dense_collagen_does(drawn):
    drawn.put((350, 200), 12, 0.0, 1.0, blood=1.0)
    drawn.put((350, 500), 12, 0.0, 2.2)
    found = drawn.segmentation().structures == Structure.VESSEL
    assert found[350, 200]
    assert not found[:, 400:].any()


def test_gaps_are_no_vessels_wide_or_narrow_beside_a_nucleus_too(drawn):
    drawn.put((300, 300), 15, 0.0, 0.0)
    drawn.put((450, 300), 100, 0.0, 0.0, width_um=5)
    drawn.nuclei([(455, 300), (318, 300)])
    assert not (drawn.segmentation().structures == Structure.VESSEL).any()


def test_a_gland_is_adnexa_with_its_lumen_and_its_nuclei_stay_nuclei(drawn):
    add_gland(drawn, (380, 400))
    drawn.put((380, 400), 8, 0.0, 0.0)
    found = drawn.segmentation()
    adnexa = found.structures == Structure.ADNEXA
    assert dice(adnexa, within(drawn, (380, 400), 60)) > 0.9
    assert adnexa[380, 400]
    assert len(np.unique(found.nuclei[adnexa])) > 40


def test_a_crowd_of_nuclei_in_collagen_is_no_gland(drawn):
    spots = np.random.default_rng(0).normal((350, 400), 25, (70, 2))
    drawn.nuclei(spots, radius_um=2.8, width_um=5.6)
    assert not (drawn.segmentation().structures == Structure.ADNEXA).any()


def test_elastosis_is_grey_begins_near_the_junction_and_stays_dermis(drawn):
    band = (drawn.below_um > 15) & (drawn.below_um < 115)
    deep = (drawn.below_um > 300) & (drawn.below_um < 400)
    drawn.haematoxylin[band | deep], drawn.eosin[band | deep] = 0.2, 0.3
    found = drawn.segmentation()
    assert dice(found.elastosis, band) > 0.93
    assert not found.elastosis[deep].any()
    assert (found.structures == drawn.structures).all()


def test_without_a_junction_elastosis_may_lie_anywhere(drawn):
    deep = (drawn.below_um > 300) & (drawn.below_um < 400)
    drawn.haematoxylin[deep], drawn.eosin[deep] = 0.2, 0.3
    drawn.below_um[:] = np.nan
    assert dice(drawn.segmentation().elastosis, deep) > 0.93


def test_nuclei_of_both_layers_are_found_each_by_its_own_threshold(drawn):
    pale = [(70, 20 + 20 * k) for k in range(38)]
    drawn.nuclei(pale, radius_um=4, width_um=8, haematoxylin=0.7)
    drawn.nuclei([(400, 50 + 100 * k) for k in range(8)], haematoxylin=1.6)
    nuclei = drawn.segmentation().nuclei
    assert len(np.unique(nuclei[drawn.structures == Structure.EPIDERMIS])) - 1 == 38
    assert len(np.unique(nuclei[drawn.structures == Structure.RETICULAR_DERMIS])) - 1 == 8


def test_beyond_the_coarsest_scale_nothing_is_found(draw):
    drawn = draw(mpp=2.0)
    add_gland(drawn, (380, 400))
    found = drawn.segmentation()
    assert (found.structures == drawn.structures).all()
    assert not found.nuclei.any()
    assert not found.elastosis.any()
