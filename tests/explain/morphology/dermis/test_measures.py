"""The measures of whole sections: values against what is drawn, and reasons for what is missing."""

import dataclasses

import numpy as np
import pytest

from skinage.explain.morphology.dermis.collagen import measure_collagen
from skinage.explain.morphology.dermis.nuclear_measures import measure_nuclei
from skinage.explain.morphology.dermis.object_measures import measure_objects
from skinage.explain.morphology.structures import DERMIS, Structure

ALL = (measure_nuclei, measure_objects, measure_collagen)
DERMIS_MM2 = 0.5 * 0.8


def check(values, reasons):
    """Whatever is NaN has a reason, and nothing else has one."""
    assert {name for name, value in values.items() if np.isnan(value)} == set(reasons)


def scattered(n, *, seed=0, least_um=14, deep_um=(190, 590)):
    """Return n places in the dermis, none near to another."""
    rng = np.random.default_rng(seed)
    places = [rng.uniform((deep_um[0], 15), (deep_um[1], 785))]
    while len(places) < n:
        place = rng.uniform((deep_um[0], 15), (deep_um[1], 785))
        if np.hypot(*(np.array(places) - place).T).min() > least_um:
            places.append(place)
    return places


def test_nuclei_of_the_dermis_are_counted_by_shape_and_stain(drawn):
    places = scattered(200)
    drawn.nuclei(places[:90], width_um=4)
    drawn.nuclei(places[90:120], width_um=4, haematoxylin=1.8)
    drawn.nuclei(places[120:], radius_um=3.5, width_um=7)
    values, reasons = measure_nuclei(drawn.segmentation())
    check(values, reasons)
    assert values["dermal_nuclei_per_mm2"] == pytest.approx(200 / DERMIS_MM2, rel=0.03)
    assert values["spindle_nuclei_per_mm2"] == pytest.approx(120 / DERMIS_MM2, rel=0.05)
    assert values["dark_nuclei_fraction"] == pytest.approx(30 / 120, abs=0.03)
    assert values["epidermal_nuclei_per_mm2"] == 0
    assert "fewer than 20 nuclei" in reasons["epidermal_nucleus_um2"]


def test_medians_of_the_nuclei_of_each_layer(drawn):
    drawn.nuclei([(70, 20 + 20 * k) for k in range(38)], radius_um=4, width_um=8)
    drawn.nuclei(scattered(60), width_um=4)
    values, _ = measure_nuclei(drawn.segmentation())
    assert values["epidermal_nucleus_um2"] == pytest.approx(np.pi * 16, rel=0.15)
    assert values["epidermal_nucleus_roundness"] > 0.9
    assert values["dermal_nucleus_roundness"] == pytest.approx(4 / 12, abs=0.08)
    assert values["epidermal_nucleus_haematoxylin"] == pytest.approx(1.2, abs=0.05)


def test_nuclei_in_adnexa_are_no_nuclei_of_the_dermis(drawn):
    drawn.nuclei(scattered(60))
    found = drawn.segmentation()
    structures = np.where(drawn.across < 400, Structure.ADNEXA, found.structures)
    structures[drawn.down < 100] = found.structures[drawn.down < 100]
    half = dataclasses.replace(found, structures=structures)
    n_right = sum(place[1] > 400 for place in scattered(60))
    values, _ = measure_nuclei(half)
    assert values["dermal_nuclei_per_mm2"] == pytest.approx(n_right / (DERMIS_MM2 / 2), rel=0.05)


def test_organs_are_counted_per_mm2_and_their_width_is_in_um(drawn):
    found = drawn.segmentation()
    structures = found.structures.copy()
    for col, half in ((150, 6), (300, 8), (450, 10)):
        inside = np.hypot((drawn.across - col) / 2, drawn.down - 400) < half
        structures[inside] = Structure.VESSEL
    for col in (600, 615, 700):  # two tubes of one gland, and another gland
        structures[np.hypot(drawn.across - col, drawn.down - 500) < 5] = Structure.ADNEXA
    values, reasons = measure_objects(dataclasses.replace(found, structures=structures))
    check(values, reasons)
    assert values["vessels_per_mm2"] == pytest.approx(3 / DERMIS_MM2)
    assert values["vessel_um"] == pytest.approx(16, rel=0.03)
    assert values["adnexa_per_mm2"] == pytest.approx(2 / DERMIS_MM2)
    assert values["adnexa_fraction"] == pytest.approx(3 * np.pi * 25 / 4e5, rel=0.05)


def test_elastosis_is_as_thick_as_drawn(drawn):
    found = drawn.segmentation()
    band = (drawn.below_um > 15) & (drawn.below_um < 95)
    half = band & (drawn.across < 400)
    for mask, thick_um in ((band, 80), (half, 40), (band & False, 0)):
        values, _ = measure_objects(dataclasses.replace(found, elastosis=mask))
        assert values["elastosis_um"] == pytest.approx(thick_um, abs=1)
        assert values["elastosis_fraction"] == pytest.approx(thick_um / 500, abs=0.003)


def test_a_crowd_of_nuclei_is_inflammation_and_scattered_ones_are_not(drawn):
    drawn.nuclei(scattered(150), radius_um=3, width_um=6)
    values, _ = measure_objects(drawn.segmentation())
    assert values["inflammation_per_mm2"] == 0
    drawn.nuclei(np.random.default_rng(0).normal((380, 400), 25, (75, 2)), radius_um=3, width_um=6)
    values, _ = measure_objects(drawn.segmentation())
    assert values["inflammation_per_mm2"] == pytest.approx(1 / DERMIS_MM2)
    assert 2000 / 4e5 < values["inflammation_fraction"] < 9000 / 4e5


def test_crowded_strands_are_inflamed_no_further_than_the_dermis_goes(drawn):
    found = drawn.segmentation()
    strands = np.isin(found.structures, DERMIS) & (drawn.down % 60 < 24)
    structures = np.where(strands, Structure.RETICULAR_DERMIS, Structure.SUBCUTIS).astype(np.uint8)
    nuclei = (strands & (drawn.across % 8 < 5)).astype(np.int32)
    crowded = dataclasses.replace(found, structures=structures, nuclei=nuclei)
    fraction = measure_objects(crowded)[0]["inflammation_fraction"]
    assert fraction == pytest.approx(1, abs=0.02)


def gaps(drawn, period_um, gap_um, start_um=0):
    """Open gaps of one width across the reticular dermis, in both directions."""
    for axis in (drawn.down, drawn.across):
        open_ = (axis % period_um < gap_um) & (drawn.below_um > max(75, start_um))
        drawn.eosin[open_], drawn.haematoxylin[open_] = 0.0, 0.0


@pytest.mark.parametrize(("period_um", "gap_um"), [(20, 4), (24, 8)])
def test_collagen_is_the_stained_share_of_the_reticular_dermis(drawn, period_um, gap_um):
    gaps(drawn, period_um, gap_um)
    drawn.nuclei(scattered(80))
    values, reasons = measure_collagen(drawn.segmentation())
    check(values, reasons)
    solid = (1 - gap_um / period_um) ** 2
    assert values["reticular_collagen_fraction"] == pytest.approx(solid, abs=0.06)
    assert values["gap_fraction"] == pytest.approx(1 - values["reticular_collagen_fraction"])
    assert values["papillary_collagen_fraction"] > 0.97


def test_elastosis_does_not_count_as_collagen_nor_as_gap(drawn):
    gaps(drawn, 20, 4, start_um=215)
    drawn.nuclei(scattered(80))
    found = drawn.segmentation()
    band = (drawn.below_um > 15) & (drawn.below_um < 215)
    grey = dataclasses.replace(found, elastosis=band)
    with_it, without = measure_collagen(grey)[0], measure_collagen(found)[0]
    assert with_it["reticular_collagen_fraction"] == pytest.approx(0.64, abs=0.06)
    assert without["reticular_collagen_fraction"] > 0.7


def test_wider_bundles_are_wider(draw):
    found = []
    for period_um in (9, 12, 16):
        drawn = draw()
        gaps(drawn, period_um, period_um / 4)
        found.append(measure_collagen(drawn.segmentation())[0]["bundle_um"])
    assert found[0] < found[1] < found[2]


@pytest.mark.parametrize("measure", ALL)
def test_without_dermis_every_measure_of_it_says_why(drawn, measure):
    drawn.structures[drawn.structures > Structure.EPIDERMIS] = Structure.GLASS
    values, reasons = measure(drawn.segmentation())
    check(values, reasons)
    assert all(np.isnan(v) for name, v in values.items() if not name.startswith("epidermal"))
    assert all("mm2" in why for name, why in reasons.items() if not name.startswith("epidermal"))


@pytest.mark.parametrize("measure", ALL)
def test_at_2_um_per_px_nothing_is_told_and_the_reason_says_up_to_where(draw, measure):
    values, reasons = measure(draw(mpp=2.0).segmentation())
    check(values, reasons)
    assert set(values) == set(reasons)
    assert all("2 um per px" in why and "1.5" in why for why in reasons.values())


def test_without_a_junction_depth_is_missing_and_the_rest_is_there(drawn):
    gaps(drawn, 20, 4)
    drawn.below_um[:] = np.nan
    drawn.structures[drawn.structures == Structure.PAPILLARY_DERMIS] = Structure.RETICULAR_DERMIS
    drawn.haematoxylin[drawn.down > 500], drawn.eosin[drawn.down > 500] = 0.2, 0.3
    found = drawn.segmentation()
    assert found.elastosis.any()
    values, reasons = measure_collagen(found)
    check(values, reasons)
    assert set(reasons) == {"papillary_collagen_fraction", "fibre_order"}
    values, reasons = measure_objects(found)
    check(values, reasons)
    assert "junction" in reasons["elastosis_um"]
    assert values["elastosis_fraction"] > 0.1
