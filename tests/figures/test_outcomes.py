import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from lifelines import KaplanMeierFitter

from skinage import figures
from skinage.errors import StageError


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
        }
        for outcome, name, estimate, lower, upper in rows
        for unit in ("per 5 years", "per SD")
    ])  # fmt: skip


@pytest.fixture
def people():
    generator = np.random.default_rng(0)
    names = [f"P{k:03d}" for k in range(90)]
    acceleration = pd.DataFrame(
        {"person_id": names, "acceleration_years": generator.normal(0, 6, 90)}
    )
    cohort = pd.DataFrame({
        "person_id": [*names, "P000"],
        "follow_up_years": [*generator.uniform(1, 20, 90), np.nan],
        "died": [*generator.integers(0, 2, 90), np.nan],
    })  # fmt: skip
    return acceleration, cohort


def test_forest_has_a_row_per_outcome_with_its_numbers(outcomes):
    ax = figures.forest(outcomes)
    ax.figure.draw_without_rendering()
    assert [label.get_text() for label in ax.get_yticklabels()] == ["death", "cancer"]
    numbers = [label.get_text() for label in ax.child_axes[0].get_yticklabels()]
    assert numbers[1:] == ["1.20 (1.05 to 1.40), 30/200", "1.60 (0.80 to 3.10), 30/200"]
    assert ax.get_xscale() == "log"
    assert [1, 1] in [[*line.get_xdata()] for line in ax.lines]
    assert "hazard ratio or odds ratio per 5 years" in ax.get_xlabel()
    low, high = ax.get_xlim()
    assert low < 0.8
    assert high > 3.1


def test_ticks_of_the_forest_never_touch(outcomes):
    for width in (1.02, 1.5, 4.0, 30.0):
        table = outcomes.assign(lower=1 / width, upper=width)
        ax = figures.forest(table)
        ticks = np.log(ax.get_xticks())
        assert 0 in ticks
        assert np.diff(ticks).min() > np.diff(np.log(ax.get_xlim())).item() / 8 - 1e-9


def test_forest_refuses_a_unit_it_does_not_have(outcomes):
    assert "per SD" in figures.forest(outcomes, unit="per SD").get_xlabel()
    with pytest.raises(StageError, match="no rows 'per year'; units found"):
        figures.forest(outcomes, unit="per year")


def test_survival_curves_are_those_of_the_thirds(people):
    acceleration, cohort = people
    ax = figures.survival_by_acceleration(acceleration, cohort)
    fastest = acceleration.nlargest(30, "acceleration_years")["person_id"]
    rows = cohort[cohort["person_id"].isin(fastest)].dropna()
    curve = KaplanMeierFitter().fit(rows["follow_up_years"], rows["died"]).survival_function_
    drawn = next(line for line in ax.lines if line.get_label() == "fast third")
    np.testing.assert_allclose(drawn.get_ydata(), curve.to_numpy()[:, 0])
    assert "not adjusted for age or sex" in ax.get_title()


def test_numbers_at_risk_stand_below_the_axis(people):
    acceleration, cohort = people
    ax = figures.survival_by_acceleration(acceleration, cohort)
    ax.figure.draw_without_rendering()
    ticks = [tick for tick in ax.get_xticks() if 0 <= tick <= ax.get_xlim()[1]]
    texts = [text.get_text() for text in ax.texts]
    assert texts[0] == "at risk"
    slow = texts[texts.index("slow") + 1 : texts.index("middle")]
    slowest = acceleration.nsmallest(30, "acceleration_years")["person_id"]
    years = cohort[cohort["person_id"].isin(slowest)]["follow_up_years"]
    assert slow == [str((years >= tick).sum()) for tick in ticks]
    bottom = ax.xaxis.label.get_window_extent().y0
    assert all(
        text.get_window_extent().y1 <= bottom + 1 for text in ax.texts if text.get_text().isdigit()
    )


def test_survival_draws_into_the_axes_it_is_given(people):
    _, ax = plt.subplots()
    assert figures.survival_by_acceleration(*people, ax) is ax
