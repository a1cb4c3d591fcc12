import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from lifelines import KaplanMeierFitter

from skinage import figures
from skinage.errors import SettingError, StageError


@pytest.fixture
def outcomes():
    rows = [
        ("death", "hazard_ratio", 1.2, 1.05, 1.4),
        ("disease_cancer", "odds_ratio", 1.6, 0.8, 3.1),
    ]
    return pd.DataFrame([
        {
            "outcome": outcome, "estimate_name": name, "unit": unit, "estimate": estimate,
            "lower": lower, "upper": upper, "n_events": 30, "n_people": 200,
            "slope": 0.7, "definition": "residual of predicted age on age, line",
        }
        for outcome, name, estimate, lower, upper in rows
        for unit in ("per 5 years", "per SD")
    ])  # fmt: skip


@pytest.fixture
def follow_up():
    generator = np.random.default_rng(0)
    return pd.DataFrame({
        "person_id": [f"P{k:03d}" for k in range(90)],
        "acceleration_years": generator.normal(0, 6, 90),
        "follow_up_years": generator.uniform(1, 20, 90),
        "died": generator.integers(0, 2, 90),
    })  # fmt: skip


def test_forest_has_a_row_per_outcome_with_its_numbers(outcomes):
    ax = figures.forest(outcomes)
    ax.figure.draw_without_rendering()
    assert [label.get_text() for label in ax.get_yticklabels()] == ["death", "cancer"]
    numbers = [label.get_text() for label in ax.child_axes[0].get_yticklabels()]
    assert numbers[1:] == ["1.20 (1.05 to 1.40), 30/200", "1.60 (0.80 to 3.10), 30/200"]
    assert ax.get_xscale() == "log"
    assert [1, 1] in [[*line.get_xdata()] for line in ax.lines]
    assert "hazard ratio or odds ratio per SD" in ax.get_xlabel()
    low, high = ax.get_xlim()
    assert low < 0.8
    assert high > 3.1


def test_forest_states_definition_and_slope_below_the_label(outcomes):
    ax = figures.forest(outcomes.assign(definition=20 * "words of a definition "))
    ax.figure.draw_without_rendering()
    box = ax.texts[-1].get_window_extent()
    assert " ".join(ax.texts[-1].get_text().split()).endswith("rises by 0.70 years per year")
    assert box.y1 <= ax.xaxis.label.get_window_extent().y0
    assert box.y0 >= 0
    bare = figures.forest(outcomes.drop(columns=["slope", "definition"]))
    assert not bare.texts


def test_ticks_of_the_forest_never_touch(outcomes):
    for width in (1.02, 1.5, 4.0, 30.0):
        table = outcomes.assign(lower=1 / width, upper=width)
        ax = figures.forest(table)
        ticks = np.log(ax.get_xticks())
        assert 0 in ticks
        assert np.diff(ticks).min() > np.diff(np.log(ax.get_xlim())).item() / 8 - 1e-9


def test_forest_refuses_a_unit_it_does_not_have(outcomes):
    assert "per 5 years" in figures.forest(outcomes, unit="per 5 years").get_xlabel()
    with pytest.raises(SettingError, match=r"found 'per year', expected one of .*'per SD'"):
        figures.forest(outcomes, unit="per year")


def test_survival_curves_are_those_of_the_thirds(follow_up):
    ax = figures.survival_by_acceleration(follow_up)
    rows = follow_up.nlargest(30, "acceleration_years")
    curve = KaplanMeierFitter().fit(rows["follow_up_years"], rows["died"])
    drawn = next(line for line in ax.lines if line.get_label() == "fast third")
    np.testing.assert_allclose(drawn.get_ydata(), curve.survival_function_.to_numpy()[:, 0])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "slow third", "middle third", "fast third",
    ]  # fmt: skip
    assert "not adjusted for age or sex" in ax.get_title()


def test_thirds_are_those_of_what_the_definition_measures(follow_up):
    turned = follow_up.assign(acceleration_z=-follow_up["acceleration_years"])
    ax = figures.survival_by_acceleration(turned)
    rows = follow_up.nsmallest(30, "acceleration_years")
    curve = KaplanMeierFitter().fit(rows["follow_up_years"], rows["died"])
    drawn = next(line for line in ax.lines if line.get_label() == "fast third")
    np.testing.assert_allclose(drawn.get_ydata(), curve.survival_function_.to_numpy()[:, 0])


def test_numbers_at_risk_stand_below_the_axis(follow_up):
    ax = figures.survival_by_acceleration(follow_up)
    ax.figure.draw_without_rendering()
    slow = ax.child_axes[0]
    ticks = [tick for tick in ax.get_xticks() if 0 <= tick <= ax.get_xlim()[1]]
    years = follow_up.nsmallest(30, "acceleration_years")["follow_up_years"]
    assert [*slow.get_xticks()] == ticks
    texts = [label.get_text() for label in slow.get_xticklabels()]
    assert texts == [str((years >= tick).sum()) for tick in ticks]
    assert ax.texts[0].get_text() == "slow third, at risk"
    bottom = ax.xaxis.label.get_window_extent().y0
    for row, name in zip(ax.child_axes, ax.texts, strict=True):
        boxes = [text.get_window_extent() for text in (*row.get_xticklabels(), name)]
        assert max(box.y1 for box in boxes) <= bottom
        bottom = min(box.y0 for box in boxes) + 1


def test_survival_draws_into_the_axes_it_is_given(follow_up):
    _, ax = plt.subplots()
    assert figures.survival_by_acceleration(follow_up, ax) is ax


def test_two_people_make_no_thirds(follow_up):
    with pytest.raises(StageError, match="found 2 people, expected 3"):
        figures.survival_by_acceleration(follow_up.iloc[:2])
