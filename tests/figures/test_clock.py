import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection, PathCollection

from skinage import figures
from skinage.evaluation.report_card import report_card

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


def bars(ax):
    return {
        one.get_label(): np.array(one.get_segments())
        for one in ax.collections
        if isinstance(one, LineCollection)
    }


@pytest.fixture
def shrunk():
    generator = np.random.default_rng(0)
    actual = generator.uniform(20, 90, 120)
    predicted = 55 + 0.7 * (actual - 55) + generator.normal(2, 5, 120)
    return pd.DataFrame({"age_years": actual, "predicted_years": predicted})


def texts(ax):
    return [text.get_text() for text in ax.texts]


def legend(ax):
    above = ax.get_legend()
    return [above.get_title().get_text(), *(text.get_text() for text in above.get_texts())]


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


def test_bland_and_altmans_lines_are_mean_and_limits(shrunk):
    ax = figures.bland_altman(shrunk)
    difference = shrunk["predicted_years"] - shrunk["age_years"]
    expected = difference.mean() + difference.std() * np.array([0, -1.96, 1.96])
    np.testing.assert_allclose([line.get_ydata()[0] for line in ax.lines[:3]], expected)
    for value, words in zip(expected, ("mean", "-1.96 SD", "+1.96 SD"), strict=True):
        assert f"{value:+.1f}\n{words}".replace("-", MINUS) in texts(ax)
    dots = ax.collections[0].get_offsets()
    np.testing.assert_allclose(dots[:, 1], difference)
    np.testing.assert_allclose(dots[:, 0], (shrunk["predicted_years"] + shrunk["age_years"]) / 2)
    slope = np.polyfit(*dots.T, 1)[0]
    trend = f"trend, {MINUS}{-slope:.2f} years per year: predictions vary less than ages"
    assert legend(ax) == ["120 people, 95 % intervals shaded", trend]
    wider = shrunk.assign(predicted_years=1.2 * shrunk["age_years"])
    assert legend(figures.bland_altman(wider))[1].endswith("vary more than ages")


def test_bland_and_altmans_own_example_of_1986():
    # Peak flow by the Wright and the mini Wright meter, l/min, their table 1, first measurements.
    wright = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
    mini = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]
    ax = figures.bland_altman(pd.DataFrame({"predicted_years": wright, "age_years": mini}))
    assert f"{MINUS}2.1\nmean" in texts(ax)
    limits = sorted(line.get_ydata()[0] for line in ax.lines[:3])
    np.testing.assert_allclose(np.diff(limits) / 1.96, 38.8, atol=0.05)  # their SD
    half_widths = [patch.get_height() / 2 for patch in ax.patches]
    # Their standard errors, 9.4 and 16.3, of which bands reach 1.96 to either side.
    np.testing.assert_allclose(half_widths, 1.96 * np.array([9.4, 16.3, 16.3]), atol=0.1)


def test_stripes_of_brackets_are_explained(shrunk):
    bracketed = shrunk.assign(age_low=shrunk["age_years"] - 5, age_high=shrunk["age_years"] + 5)
    assert "middle of a bracket" in legend(figures.bland_altman(bracketed))[0]
    exact = shrunk.assign(age_low=shrunk["age_years"], age_high=shrunk["age_years"])
    assert "bracket" not in legend(figures.bland_altman(exact))[0]


def test_figures_draw_into_the_axes_they_are_given(ages):
    for draw in (figures.age_scatter, figures.calibration, figures.bland_altman):
        _, given = plt.subplots()
        assert draw(ages, given) is given
    assert len(plt.get_fignums()) == 3
