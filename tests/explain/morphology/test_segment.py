import numpy as np
import pytest

from skinage.explain.morphology.segment import measure_section, segment
from skinage.explain.morphology.structures import Structure

PINK = (200, 120, 170)


def measured(pixels, mpp):
    found = segment(pixels, mpp)
    values, reasons = measure_section(found)
    assert {name for name, value in values.items() if np.isnan(value)} == {*reasons}
    return found, values


@pytest.fixture(scope="module")
def fat():
    """Empty cells between walls of 4 px, and glass around."""
    pixels = np.full((600, 800, 3), 245, np.uint8)
    for k in range(4):
        pixels[100:500, 100 + k : 700 : 50] = PINK
        pixels[100 + k : 500 : 50, 100:700] = PINK
    return pixels


@pytest.mark.parametrize("mpp", [1.0, 2.0, 4.0])
def test_fat_alone_holds_no_epidermis_no_vessels_and_no_nuclei(fat, mpp):
    found, values = measured(fat, mpp)
    for name in ("epidermis_um", "vessels_per_mm2", "dermal_nuclei_per_mm2",
                 "inflammation_fraction"):  # fmt: skip
        assert np.isnan(values[name]), name
    assert values["surface_mm"] == values["epidermis_mm2"] == 0
    if mpp < 4:  # walls of 16 um about cells of 184 um are no fat
        tissue = found.structures[found.structures != Structure.GLASS]
        assert (tissue == Structure.SUBCUTIS).mean() > 0.95


@pytest.mark.parametrize("mpp", [0.5, 1.0, 2.0])
@pytest.mark.parametrize(
    "shape", [(1, 1), (3, 3), (2, 50), (300, 300)], ids=lambda shape: "x".join(map(str, shape))
)
@pytest.mark.parametrize("colour", [PINK, (245, 245, 245), (0, 0, 0)])
def test_pictures_of_one_colour_or_of_a_few_px_have_measures_or_reasons(shape, colour, mpp):
    measured(np.full((*shape, 3), colour, np.uint8), mpp)


@pytest.mark.parametrize("mpp", [1.0, 4.0])
def test_even_tissue_with_nothing_to_compare_has_no_epidermis(mpp):
    pixels = np.full((400, 500, 3), 245, np.uint8)
    pixels[50:350, 50:450] = PINK
    assert np.isnan(measured(pixels, mpp)[1]["epidermis_um"])
