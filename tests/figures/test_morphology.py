import matplotlib.pyplot as plt
import numpy as np
import pytest

from skinage import SettingError, figures
from skinage.explain.morphology.structures import Structure
from skinage.figures import style
from skinage.figures.morphology import STRUCTURES

PIXELS = np.full((60, 80, 3), 200, np.uint8)


@pytest.fixture
def structures():
    found = np.zeros((60, 80), np.uint8)
    found[20:40], found[40:] = Structure.EPIDERMIS, Structure.RETICULAR_DERMIS
    return found


def test_every_structure_has_words_and_a_colour_of_its_own():
    assert STRUCTURES.keys() == {*map(int, Structure)} - {Structure.GLASS}
    for number, (words, _) in STRUCTURES.items():
        assert Structure(number).name.lower().replace("_", " ").split()[0] in words
    colours = [colour for _, colour in STRUCTURES.values()]
    assert len({*colours}) == len(colours)


def test_what_was_found_is_tinted_and_outlined_and_its_share_stands_in_the_legend(structures):
    ax = figures.section_structures(PIXELS, structures, mpp=1.0)
    shown = ax.images[0].get_array()
    outline = np.array([0x00, 0x72, 0xB2])
    np.testing.assert_array_equal(shown[20, 40], outline)
    tinted = 200 + 0.22 * (outline - 200)
    np.testing.assert_allclose(shown[30, 40], tinted, atol=1)
    np.testing.assert_array_equal(shown[5, 40], 200)
    np.testing.assert_array_equal(shown[50, 40], 200)
    words = [text.get_text() for text in ax.get_legend().get_texts()]
    assert words == ["viable epidermis (50.0%)", "reticular dermis (50.0%)"]
    assert any("µm" in text.get_text() for text in ax.texts)


def test_nuclei_are_drawn_over_structures(structures):
    nuclei = np.zeros(structures.shape, np.int32)
    nuclei[28:32, 40:44] = 7
    ax = figures.section_structures(PIXELS, structures, mpp=1.0, nuclei=nuclei)
    np.testing.assert_array_equal(ax.images[0].get_array()[28, 40], [0x56, 0xB4, 0xE9])
    assert "nuclei" in [text.get_text() for text in ax.get_legend().get_texts()]


def test_finer_pixels_are_reduced_and_given_axes_used(structures):
    axes = plt.subplots()[1]
    fine = PIXELS.repeat(2, axis=0).repeat(2, axis=1)
    ax = figures.section_structures(fine, structures, mpp=1.0, ax=axes)
    assert ax is axes
    assert ax.images[0].get_array().shape == (60, 80, 3)


def test_a_large_slide_is_drawn_small_with_its_shares_and_its_scale(structures):
    large, pixels = structures.repeat(60, axis=1), PIXELS.repeat(60, axis=1)
    large = large.repeat(60, axis=0)
    large[5:10, 5:10] = Structure.VESSEL
    ax = figures.section_structures(pixels.repeat(60, axis=0), large, mpp=1.0, nuclei=large == 0)
    small = figures.section_structures(PIXELS, structures, mpp=60.0)
    assert ax.images[0].get_array().shape == (1200, 1600, 3)
    for of in (ax, small):
        assert [text.get_text() for text in of.texts] == ["1000 µm"]
    length = [np.ptp(of.lines[0].get_xdata()) for of in (ax, small)]
    assert length[0] == pytest.approx(1000 / 3)
    assert length[1] == pytest.approx(1000 / 60)
    words = [text.get_text() for text in ax.get_legend().get_texts()]
    assert words[:2] == ["viable epidermis (50.0%)", "reticular dermis (50.0%)"]


def test_an_empty_slide_can_be_drawn():
    ax = figures.section_structures(PIXELS, np.zeros((60, 80), np.uint8), mpp=1.0)
    assert ax.get_legend().get_texts() == []


def test_the_legend_is_not_cut_off(structures):
    ax = figures.section_structures(PIXELS, structures, mpp=1.0)
    with plt.rc_context(style.PAPER):
        ax.figure.draw_without_rendering()
    box = ax.get_legend().get_window_extent()
    assert box.y1 <= ax.figure.bbox.y1


def test_two_parts_of_a_slide_are_refused(structures):
    with pytest.raises(SettingError, match=r"pixels are \(60, 40\), structures \(60, 80\)"):
        figures.section_structures(PIXELS[:, :40], structures, mpp=1.0)
