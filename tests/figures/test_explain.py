from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib import colormaps

from skinage import figures


@pytest.fixture
def explanation():
    values = np.random.default_rng(0).normal(size=(50, 4)) * [1, 5, 0, 2]
    return SimpleNamespace(values=values, data=-values, feature_names=["a", "b", "c", "d"])


def test_beeswarm_puts_the_strongest_feature_on_top(explanation):
    ax = figures.importance_beeswarm(explanation, labels={"b": "gaps"}, n=3)
    assert [text.get_text() for text in ax.get_yticklabels()] == ["gaps", "d", "a"]
    assert ax.yaxis_inverted()
    ax.figure.draw_without_rendering()
    years, heights = ax.collections[0].get_offsets().data[:50].T
    np.testing.assert_array_equal(years, np.asarray(explanation.values)[:, 1])
    assert np.abs(heights).max() <= 0.5
    assert ax.yaxis_inverted()
    highest = ax.collections[0].get_facecolors()[explanation.data[:, 1].argmax()]
    np.testing.assert_allclose(highest, colormaps["viridis"](1.0))
    assert "years" in ax.get_xlabel()


def test_dots_of_a_beeswarm_do_not_pile_up():
    same = SimpleNamespace(
        values=np.zeros((30, 1)), data=np.ones((30, 1)), feature_names=["constant"]
    )
    ax = figures.importance_beeswarm(same)
    ax.figure.draw_without_rendering()
    heights = ax.collections[0].get_offsets().data[:, 1]
    assert len(np.unique(heights)) == 30


def test_measures_have_a_panel_each_and_say_their_correlation():
    people = [f"P{k:02d}" for k in range(30)]
    age = np.linspace(20, 80, 30)
    table = pd.DataFrame(
        {"nuclei_per_mm2": -(age**3), "flat": 1.0, "gaps": [np.nan, *age[1:]]},
        index=pd.Index(people, name="person_id"),
    )
    ages = pd.DataFrame({"person_id": people[::-1], "age_years": age[::-1]})
    figure = figures.measure_by_age(table, ages, labels={"gaps": "pale gaps"})
    titles = [ax.get_title().split("\n") for ax in figure.axes]
    assert titles == [
        ["nuclei per mm²", "Spearman r = \N{MINUS SIGN}1.00"],
        ["flat", "no correlation"],
        ["pale gaps", "Spearman r = 1.00"],
    ]
    assert [len(ax.collections[0].get_offsets()) for ax in figure.axes] == [30, 30, 29]
    assert figure.get_supxlabel() == "age (years)"
    assert "30 people" in figure.get_suptitle()
