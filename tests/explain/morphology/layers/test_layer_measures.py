import numpy as np
import pytest
from scipy.integrate import quad

from skinage.explain.morphology.layers.find_layers import find_layers
from skinage.explain.morphology.layers.layer_measures import FINE, OF_EPIDERMIS, measure_layers
from skinage.explain.morphology.section.section import Section
from skinage.explain.morphology.segmentation import Segmentation


def measured(pixels, mpp=1.0):
    section = Section.of(pixels, mpp)
    layers = find_layers(section)
    shape = layers.structures.shape
    nothing = np.zeros(shape, np.int32), np.zeros(shape, bool)
    return measure_layers(Segmentation(section, layers, layers.structures, *nothing))


@pytest.fixture(scope="module")
def ridged(ridged_skin):
    return measured(ridged_skin)[0]


def test_totals_of_a_drawn_section(flat_skin):
    values, reasons = measured(flat_skin)
    assert values["section_mm2"] == pytest.approx(0.8 * 0.34, rel=0.02)
    assert values["surface_mm"] == pytest.approx(0.8, rel=0.02)
    assert values["epidermis_mm2"] == pytest.approx(0.8 * 0.06, rel=0.06)
    assert values["dermis_mm2"] == pytest.approx(0.8 * 0.26, rel=0.03)
    assert values["sure_fraction"] == 1
    assert values["fold_fraction"] == 0
    assert reasons == {"dermis_um": "no subcutis is shown"}


def test_thicknesses_are_those_drawn(flat_skin, ridged):
    flat, _ = measured(flat_skin)
    for values in (flat, ridged):
        assert values["epidermis_um"] == pytest.approx(60, abs=3)
        assert values["corneum_um"] == pytest.approx(20, abs=3)
    assert flat["epidermis_p95_um"] - flat["epidermis_p05_um"] < 8
    assert ridged["epidermis_p05_um"] == pytest.approx(60 - 20, abs=5)
    assert ridged["epidermis_p95_um"] == pytest.approx(60 + 20, abs=5)


def test_ridges_and_the_length_of_the_junction_are_those_drawn(flat_skin, ridged):
    slope = 20 * 2 * np.pi / 100
    length = quad(lambda turn: np.hypot(1, slope * np.cos(turn)), 0, 2 * np.pi)[0] / (2 * np.pi)
    assert ridged["interdigitation"] == pytest.approx(length, rel=0.06)
    assert ridged["ridges_per_mm"] == pytest.approx(10, abs=1.5)
    assert ridged["ridge_height_um"] == pytest.approx(40, abs=7)
    assert ridged["papilla_islands_per_mm"] == 0
    assert measured(flat_skin)[0]["interdigitation"] < 1.08


def test_a_lean_on_the_glass_changes_no_measure(ridged_skin, ridged):
    # Rows slide by 8 degrees: areas stay, the surface grows by 1 / cos(8 degrees).
    leaning = np.stack([np.roll(ridged_skin[:, x], int(x * np.tan(np.deg2rad(8)) - 65), axis=0)
                        for x in range(ridged_skin.shape[1])], axis=1)  # fmt: skip
    values, _ = measured(leaning)
    for name in ("epidermis_um", "corneum_um", "interdigitation", "ridge_height_um"):
        assert values[name] == pytest.approx(ridged[name], rel=0.12), name


def test_half_and_double_the_scale_say_the_same(ridged_skin, ridged):
    fine, _ = measured(ridged_skin.repeat(2, axis=0).repeat(2, axis=1), 0.5)
    rows, columns = (side // 2 * 2 for side in ridged_skin.shape[:2])
    pairs = ridged_skin[:rows, :columns].reshape(rows // 2, 2, columns // 2, 2, 3)
    coarse, reasons = measured(pairs.mean(axis=(1, 3)).astype(np.uint8), 2.0)
    assert reasons.keys() == {"dermis_um"}
    for name in (*OF_EPIDERMIS, "corneum_um", "interdigitation", "ridge_height_um"):
        assert fine[name] == pytest.approx(ridged[name], rel=0.03), name
        assert coarse[name] == pytest.approx(ridged[name], rel=0.1), name


def test_what_four_um_per_px_cannot_show_is_missing_with_the_reason(flat_skin):
    quarter = flat_skin[:520, :960].reshape(130, 4, 240, 4, 3).mean(axis=(1, 3))
    values, reasons = measured(quarter.astype(np.uint8), 4.0)
    assert values["epidermis_um"] == pytest.approx(60, abs=6)
    for name in FINE:
        assert np.isnan(values[name])
        assert "4 um per px are too coarse" in reasons[name]


def test_dermis_ends_at_the_subcutis(draw):
    values, reasons = measured(draw(fat_from_um=560, height=800))
    assert values["dermis_um"] == pytest.approx(560 - 180, abs=12)
    assert reasons == {}


def test_without_epidermis_every_measure_has_its_reason(draw):
    values, reasons = measured(draw(epidermis=False))
    missing = {name for name, value in values.items() if np.isnan(value)}
    assert missing == reasons.keys() == {*OF_EPIDERMIS, *FINE, "dermis_um"}
    assert reasons["epidermis_um"] == "0 um of epidermis face glass, expected 200 or more"
    assert values["surface_mm"] == 0
    assert values["section_mm2"] > 0.25


def test_papillae_cut_across_are_islands(flat_skin):
    pixels = flat_skin.copy()
    for column in (250, 450, 650):
        pixels[134:170, column : column + 60] = flat_skin[240:276, 300:360]
    values, _ = measured(pixels)
    assert values["papilla_islands_per_mm"] == pytest.approx(3 / 0.8, rel=0.1)
