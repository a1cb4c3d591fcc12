from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib import colormaps
from matplotlib.colors import to_rgba

from skinage import figures
from skinage.errors import SettingError
from skinage.figures import style

PEOPLE = [f"P{k:02d}" for k in range(50)]


@pytest.fixture
def explanation():
    values = np.random.default_rng(0).normal(size=(50, 4)) * [1, 5, 0, 2]
    return SimpleNamespace(
        values=values, data=-values, feature_names=["a", "b", "c", "d"], instance_names=PEOPLE,
        base_values=np.linspace(50, 60, 50),
    )  # fmt: skip


def test_beeswarm_puts_the_strongest_feature_on_top(explanation):
    labels = {"b": "less is older: x_um", "d": "d: unnamed"}
    ax = figures.importance_beeswarm(explanation, labels=labels, n=3)
    words = [text.get_text() for text in ax.get_yticklabels()]
    assert words == ["less is older: x (µm) [b]", "d: unnamed", "a"]
    assert ax.yaxis_inverted()
    ax.figure.draw_without_rendering()
    years, heights = ax.collections[0].get_offsets().data[:50].T
    np.testing.assert_array_equal(years, np.asarray(explanation.values)[:, 1])
    assert np.abs(heights).max() <= 0.5
    highest = ax.collections[0].get_facecolors()[explanation.data[:, 1].argmax()]
    np.testing.assert_allclose(highest, colormaps["viridis"](1.0))
    assert "years" in ax.get_xlabel()


def test_beeswarm_is_coloured_by_the_measure_and_grey_without_a_name(explanation):
    # Another order, and nobody measured P00.
    measure = pd.Series(np.arange(49.0), PEOPLE[1:])[::-1]
    ax = figures.importance_beeswarm(explanation, levels={"b": measure}, n=2)
    ax.figure.draw_without_rendering()
    colours = ax.collections[0].get_facecolors()
    np.testing.assert_allclose(colours[49], colormaps["viridis"](1.0))
    np.testing.assert_allclose(colours[1], colormaps["viridis"](1 / 49))
    for unnamed in (0, *range(50, 100)):
        np.testing.assert_allclose(colours[unnamed], to_rgba(style.GREY))
    assert "measure" in ax.figure.axes[-1].get_ylabel()


def test_dots_of_a_beeswarm_do_not_pile_up():
    same = SimpleNamespace(
        values=np.zeros((30, 1)), data=np.ones((30, 1)), feature_names=["constant"]
    )
    ax = figures.importance_beeswarm(same)
    ax.figure.draw_without_rendering()
    heights = ax.collections[0].get_offsets().data[:, 1]
    assert len(np.unique(heights)) == 30


@pytest.mark.parametrize("n", [2, 10])
def test_waterfall_leads_from_the_average_to_the_predicted_age(explanation, n):
    person, own = "P07", np.asarray(explanation.values)[7]
    ax = figures.importance_waterfall(explanation, person, labels={"b": "gaps"}, n=n)
    bars = ax.patches
    ends = [bar.get_x() + bar.get_width() for bar in bars]
    starts = [bar.get_x() for bar in bars]
    base = explanation.base_values[7]
    assert starts[0] == pytest.approx(base)
    np.testing.assert_allclose(starts[1:], ends[:-1])
    assert ends[-1] == pytest.approx(base + own.sum())
    words = [text.get_text() for text in ax.get_yticklabels()]
    assert words[0] == "2 others" if n == 2 else len(words) == 4
    strongest = np.abs(own).argmax()
    assert words[-1] == ("gaps [b]" if strongest == 1 else "abcd"[strongest])
    for bar in bars:
        colour = style.VERMILLION if bar.get_width() > 0 else style.BLUE
        assert bar.get_facecolor() == to_rgba(colour)
    assert f"P07: predicted {base + own.sum():.1f} years" in ax.get_title("left")


def test_who_or_what_was_not_explained(explanation):
    with pytest.raises(SettingError, match=r"'Q1' is not among the 50 .* 'P00'"):
        figures.importance_waterfall(explanation, "Q1")
    with pytest.raises(SettingError, match=r"no 'e' among the 4 .* 'a'"):
        figures.importance_dependence(explanation, "e", pd.Series(1.0, PEOPLE, name="flat"))


def test_dependence_is_matched_by_person(explanation):
    years = np.asarray(explanation.values)[:, 1]
    measure = pd.Series(-(years**3), PEOPLE, name="epidermis_um").sample(frac=1, random_state=0)
    measure["P03"] = np.nan
    ages = pd.Series(np.arange(50.0), PEOPLE)[::-1]
    ax = figures.importance_dependence(explanation, "b", measure, ages=ages)
    assert ax.get_title("left") == "Spearman r = \N{MINUS SIGN}1.00, 49 people"
    assert ax.get_xlabel() == "epidermis (µm)"
    assert ax.get_ylabel() == "years added by b"
    x, y = ax.collections[0].get_offsets().data.T
    np.testing.assert_allclose(x, -(y**3))
    np.testing.assert_array_equal(ax.collections[0].get_array(), np.delete(np.arange(50.0), 3))
    assert ax.figure.axes[-1].get_ylabel() == "age (years)"


def test_dependence_on_what_is_the_same_in_all(explanation):
    ax = figures.importance_dependence(explanation, "c", pd.Series(1.0, PEOPLE, name="flat"))
    assert ax.get_title("left") == "no correlation, 50 people"
    assert len(ax.figure.axes) == 1
