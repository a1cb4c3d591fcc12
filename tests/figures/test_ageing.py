import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection

from skinage.evaluation.report_card import report_card
from skinage.figures import ageing as figures
from skinage.figures.acceleration import age_dependence


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


@pytest.fixture
def comparison():
    return pd.DataFrame({
        "features": ["trained", "colour", "predict the mean"],
        "mae_years": [7.0, 5.0, 15.0],
        "lower_years": [6.0, 4.0, 13.0],
        "upper_years": [8.0, 6.0, 17.0],
    })  # fmt: skip


def words(ax):
    ax.figure.draw_without_rendering()
    above = ax.get_legend()
    legend = [*above.get_texts(), above.get_title()] if above else []
    return " ".join([*(text.get_text() for text in (*legend, *ax.texts)), ax.get_title()])


def dots(ax):
    found = [one.get_offsets() for one in ax.collections if isinstance(one, PathCollection)]
    return np.vstack(found)


def bars(ax):
    return {
        one.get_label(): np.array(one.get_segments())
        for one in ax.collections
        if isinstance(one, LineCollection)
    }


def test_age_scatter_shows_everybody_on_equal_axes(ages):
    ax = figures.age_scatter(ages)
    np.testing.assert_allclose(np.sort(dots(ax)[:, 0]), np.sort(ages["age_years"]))
    assert ax.get_xlim() == ax.get_ylim()
    assert ax.get_aspect() == 1
    mae = np.abs(ages["predicted_years"] - ages["age_years"]).mean()
    assert f"MAE {mae:.1f} years" in words(ax)
    for word in ("80 people", "women", "men", "sex unknown", "perfect"):
        assert word in words(ax)
    assert ax.get_xlabel() == "age (years)"


def test_figures_draw_into_the_axes_they_are_given(ages, comparison):
    truth = ages[["person_id", "acceleration_years"]]
    _, axes = plt.subplots(1, 5)
    drawn = [
        figures.age_scatter(ages, axes[0]),
        figures.calibration(ages, axes[1]),
        figures.baselines(comparison, axes[2]),
        figures.acceleration_by_age(ages, axes[3]),
        figures.truth_scatter(ages, truth, axes[4]),
    ]
    assert all(found is given for found, given in zip(drawn, axes, strict=True))
    assert all(isinstance(ax, Axes) and ax.get_xlabel() for ax in drawn)
    assert plt.get_fignums() == [1]


def test_sex_is_not_needed(ages):
    ax = figures.age_scatter(ages.drop(columns="sex"))
    assert len(dots(ax)) == 80
    assert "women" not in words(ax)


def test_calibration_points_are_the_means_of_equal_parts(ages):
    points = figures.calibration(ages).containers[0].lines[0].get_xydata()
    order = ages.sort_values("predicted_years")
    expected = [
        part[["predicted_years", "age_years"]].mean().to_numpy()
        for part in (order.iloc[k : k + 10] for k in range(0, 80, 10))
    ]
    np.testing.assert_allclose(points, expected)


def test_rivals_are_sorted_best_on_top(comparison):
    ax = figures.baselines(comparison)
    ax.figure.draw_without_rendering()
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == ["predict the mean", "trained", "colour"]
    assert "5.0" in words(ax)
    assert 15.0 in [line.get_xdata()[0] for line in ax.lines]


def test_acceleration_by_age_says_what_is_left_and_which_definition(ages):
    ax = figures.acceleration_by_age(ages)
    r = np.corrcoef(ages["age_years"], ages["acceleration_years"])[0, 1]
    assert f"r = {r:.2f}" in words(ax)
    assert "predicted minus actual age" in words(ax)


def test_truth_scatter_pairs_by_person(ages):
    truth = ages[["person_id"]].assign(acceleration_years=2 * ages["acceleration_years"])
    ax = figures.truth_scatter(ages, truth.iloc[::-1].iloc[:70])
    assert "r = 1.00" in words(ax)
    assert "70 people" in words(ax)
    found = dots(ax)
    np.testing.assert_allclose(found[:, 0], 2 * found[:, 1])


def test_constant_predictions_can_be_drawn(ages):
    constant = ages.assign(predicted_years=50.0)
    assert "80 people" in words(figures.age_scatter(constant))
    assert "slope" not in words(figures.calibration(constant))


def test_the_legend_lies_over_nobody(ages):
    everywhere = ages.assign(predicted_years=np.random.default_rng(1).uniform(20, 90, 80))
    for draw in (figures.age_scatter, figures.calibration):
        ax = draw(everywhere)
        ax.figure.draw_without_rendering()
        assert ax.get_legend().get_window_extent().y0 >= ax.get_window_extent().y1


def test_where_every_age_is_the_same_no_r2_is_written(ages):
    same = ages.assign(age_years=50.0)
    assert "R^2" not in words(figures.age_scatter(same))
    assert "R^2" in words(figures.age_scatter(ages))


def test_intervals_and_brackets_are_drawn_where_they_lie(ages):
    told = ages.assign(
        lower_years=ages["predicted_years"] - 30, upper_years=ages["predicted_years"] + 40
    )
    ax = figures.age_scatter(told, intervals=True)
    drawn = bars(ax)["interval predicted"]
    below = sorted(ax.collections, key=lambda one: one.get_zorder())[0]
    assert below.get_label() == "interval predicted"
    np.testing.assert_allclose(drawn[:, :, 1], told[["lower_years", "upper_years"]])
    np.testing.assert_allclose(drawn[:, 0, 0], told["age_years"])
    assert ax.get_ylim()[1] > told["upper_years"].max()
    low = np.floor(ages["age_years"] / 10) * 10
    bracketed = ages.assign(age_low=low, age_high=low + 10, age_years=low + 5)
    ax = figures.age_scatter(bracketed)
    assert [*bars(ax)] == ["bracket of age"]
    drawn = bars(ax)["bracket of age"]
    np.testing.assert_allclose(drawn[:, 0, 1], bracketed["predicted_years"])
    np.testing.assert_allclose(drawn[:, :, 0], bracketed[["age_low", "age_high"]])
    card = report_card(bracketed).set_index("metric")["value"]
    assert f"MAE {card['mae_years']:.1f} years" in words(ax)
    assert f"$R^2$ {card['r2']:.2f}" in words(ax)


def test_exact_ages_beside_brackets_may_have_blank_bounds(ages):
    low = (ages["age_years"] - 5).where(ages.index < 40)
    mixed = ages.assign(age_low=low, age_high=low + 10)
    mae = report_card(mixed).set_index("metric").loc["mae_years", "value"]
    assert f"MAE {mae:.1f} years" in words(figures.age_scatter(mixed))


def test_calibration_draws_the_line_of_everybody(ages):
    card = report_card(ages).set_index("metric")["value"]
    slope, intercept = card["calibration_slope"], card["calibration_intercept"]
    shrunk = ages.assign(predicted_years=ages["predicted_years"] / 2 + 40)
    ax = figures.calibration(shrunk)
    assert f"slope {2 * slope:.2f}" in words(ax)
    assert f"intercept \N{MINUS SIGN}{80 * slope - intercept:.1f} years" in words(ax)
    (line,) = [one for one in ax.lines if one.get_label().startswith("slope")]
    expected = intercept + slope * (2 * line.get_xdata() - 80)
    np.testing.assert_allclose(line.get_ydata(), expected)
    assert ax.get_xlim() == ax.get_ylim()
    assert ax.get_aspect() == 1


def test_definitions_are_drawn_with_what_is_left_of_age():
    comparison = pd.DataFrame(
        {"definition": ["linear", "gap"], "everybody": [0.0, -0.5], "women": [0.1, -0.4]}
    )
    ax = age_dependence(comparison)
    drawn = {line.get_label(): line.get_xdata() for line in ax.lines}
    assert [*drawn["everybody"]] == [0, -0.5]
    assert [*drawn["women"]] == [0.1, -0.4]
    assert "men" not in drawn
    assert [label.get_text() for label in ax.get_yticklabels()] == ["linear", "gap"]
