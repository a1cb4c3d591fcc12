import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection

from skinage import figures

MINUS = "\N{MINUS SIGN}"


@pytest.fixture
def ages():
    generator = np.random.default_rng(0)
    actual, planted = generator.uniform(20, 90, 80), generator.normal(0, 6, 80)
    return pd.DataFrame({
        "person_id": [f"P{k:03d}" for k in range(80)],
        "age_years": actual,
        "sex": ["F", "M"] * 39 + [None, None],
        "predicted_years": actual + planted,
        "acceleration_years": planted,
        "definition": "predicted minus actual age",
        "fold": np.arange(80) % 5,
    })  # fmt: skip


def words(ax):
    ax.figure.draw_without_rendering()
    above = ax.get_legend()
    legend = [*above.get_texts(), above.get_title()] if above else []
    return " ".join([*(text.get_text() for text in (*legend, *ax.texts)), ax.get_title()])


def dots(ax):
    found = [one.get_offsets() for one in ax.collections if isinstance(one, PathCollection)]
    return np.vstack(found)


def test_acceleration_by_age_says_what_is_left_and_which_definition(ages):
    ax = figures.acceleration_by_age(ages)
    r = np.corrcoef(ages["age_years"], ages["acceleration_years"])[0, 1]
    assert f"r = {r:.2f}".replace("-", MINUS) in words(ax)
    assert "predicted minus actual age" in words(ax)


@pytest.mark.parametrize(
    ("column", "label", "expected"),
    [
        ("acceleration_years", "age acceleration (years)", 0),
        ("acceleration_z", "age acceleration (SD at that age)", 0),
        ("acceleration_centile", "predicted age (centile for age)", 50),
        ("acceleration_ratio", "predicted / expected age", 1),
    ],
)
def test_acceleration_by_age_draws_what_the_definition_measures(ages, column, label, expected):
    values = np.linspace(3, 4, 80)
    ax = figures.acceleration_by_age(ages.assign(**{column: values}))
    assert ax.get_ylabel() == label
    np.testing.assert_allclose(np.sort(dots(ax)[:, 1]), values)
    assert [expected, expected] in [[*line.get_ydata()] for line in ax.lines]


def test_truth_scatter_pairs_by_person(ages):
    truth = ages[["person_id"]].assign(acceleration_years=2 * ages["acceleration_years"])
    ax = figures.truth_scatter(ages, truth.iloc[::-1].iloc[:70])
    assert "r = 1.00" in words(ax)
    assert "70 people" in words(ax)
    found = dots(ax)
    np.testing.assert_allclose(found[:, 0], 2 * found[:, 1])


def test_definitions_are_drawn_with_what_is_left_of_age():
    comparison = pd.DataFrame(
        {"definition": ["linear", "gap"], "everybody": [0.0, -0.5], "women": [0.1, -0.4]}
    )
    ax = figures.age_dependence(comparison)
    np.testing.assert_allclose(dots(ax)[:, 0], [0, -0.5, 0.1, -0.4])
    np.testing.assert_allclose(dots(ax)[:, 1], [0, 1, 0, 1])
    assert "everybody women" in words(ax)
    assert " men" not in words(ax)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["linear", "gap"]


def test_figures_draw_into_the_axes_they_are_given(ages):
    truth = ages[["person_id", "acceleration_years"]]
    _, axes = plt.subplots(1, 2)
    assert figures.acceleration_by_age(ages, axes[0]) is axes[0]
    assert figures.truth_scatter(ages, truth, axes[1]) is axes[1]
    assert len(plt.get_fignums()) == 1
