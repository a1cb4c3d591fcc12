import matplotlib.colors as colors
import numpy as np

from skinage import figures
from skinage.figures.phantom import LABEL_COLOURS
from skinage.phantom import LABEL_NAMES


def test_panels_share_one_scale_and_carry_a_bar_each():
    pictures = {"real skin": np.zeros((60, 80, 3), np.uint8), "phantom": np.ones((60, 40, 3), "u1")}
    figure = figures.skin_panels(pictures, mpp=2.0)
    figure.canvas.draw()
    first, second = figure.axes
    assert [first.get_title(), second.get_title()] == ["real skin", "phantom"]
    um_per_inch = [
        np.ptp(ax.get_xlim()) * 2.0 / ax.get_window_extent().width * figure.dpi
        for ax in (first, second)
    ]
    np.testing.assert_allclose(um_per_inch[0], um_per_inch[1], rtol=0.05)
    assert [[text.get_text() for text in ax.texts] for ax in figure.axes] == [["50 µm"], ["20 µm"]]


def test_every_label_has_a_colour_of_its_own():
    assert len(LABEL_COLOURS) == len(LABEL_NAMES) == len(set(LABEL_COLOURS))


def test_the_map_shows_labels_in_their_colours_and_names_those_present():
    labels = np.array([[0, 2, 2], [4, 4, 17]], np.uint8)
    ax = figures.label_map(labels, LABEL_NAMES, 1.0)
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["glass", "viable epidermis", "collagen", "pen"]
    shown = ax.images[0].to_rgba(labels)[..., :3]
    expected = [[colors.to_rgb(LABEL_COLOURS[label]) for label in row] for row in labels]
    np.testing.assert_allclose(shown, expected, atol=1e-6)
