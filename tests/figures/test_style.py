import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from skinage import figures
from skinage.figures import style


def test_every_figure_has_a_name_of_its_own_and_is_documented():
    assert len(figures.__all__) == len(set(figures.__all__)) > 20
    for name in figures.__all__:
        assert getattr(figures, name).__doc__, name
    assert not hasattr(figures, "no_such_figure")


def test_new_axes_have_the_size_asked_for_and_given_ones_are_kept():
    ax = style.axes_or_new(None, 5.0, 2.0)
    assert isinstance(ax, Axes)
    assert ax.figure.get_size_inches().tolist() == [5, 2]
    assert style.axes_or_new(ax) is ax


def test_equal_axes_show_everything_on_one_scale():
    ax = style.axes_or_new(None)
    ax.scatter([10, 20], [-30, 50])
    style.equal_axes(ax, "equal")
    assert ax.get_xlim() == ax.get_ylim() == pytest.approx((-33.2, 53.2))


def test_people_of_known_and_unknown_sex_have_their_colours():
    hue = style.sex_hue(pd.DataFrame({"sex": ["M", None, "M"]}))
    assert [*hue["hue"]] == ["men", "sex unknown", "men"]
    assert hue["palette"] == {"men": style.BLUE, "sex unknown": style.GREY}
    assert style.sex_hue(pd.DataFrame({"age_years": [1]})) == {"color": style.BLUE}


def test_a_scale_bar_is_a_round_length_below_two_fifths_of_the_picture():
    for mpp, words, length_px in ((1.0, "20 µm", 20), (2.0, "50 µm", 25), (0.26, "5 µm", 19.2)):
        ax = style.axes_or_new(None)
        style.show_picture(ax, np.zeros((64, 64, 3)), mpp)
        assert ax.texts[0].get_text() == words
        assert np.ptp(ax.lines[0].get_xdata()) == pytest.approx(length_px, abs=0.1)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("age_years", "age (years)"),
        ("epidermis_um", "epidermis (µm)"),
        ("nuclei_per_mm2", "nuclei per mm²"),
        ("pale_gap_fraction", "pale gap fraction"),
    ],
)
def test_column_names_in_plain_words(name, words):
    assert style.plain(name) == words


def test_numbers_have_a_true_minus_sign_and_no_negative_zero():
    assert style.signed(-1.26) == "\N{MINUS SIGN}1.3"
    assert style.signed(-0.001) == "0.0"
    assert style.signed(2, "+z.2f") == "+2.00"
