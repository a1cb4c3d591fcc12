import numpy as np
import pandas as pd
import pytest
from scipy import optimize
from statsmodels.duration.hazard_regression import PHReg

from skinage.errors import CohortError, StageError
from skinage.outcomes.disease import prevalence
from skinage.outcomes.mortality import follow_up, mortality
from skinage.skip_log import skipped


def test_cox_finds_the_planted_hazard_ratio(simulate):
    table, cohort = simulate(3000)
    row = mortality(table, cohort).set_index("unit").loc["per 5 years"]
    assert row["lower"] < 1.3 < row["upper"]
    assert row["upper"] / row["lower"] < 1.12
    assert (row["outcome"], row["estimate_name"], row["n_people"]) == (
        "death",
        "hazard_ratio",
        3000,
    )
    assert row["n_events"] == cohort["died"].sum()
    assert row["covariates"] == "age_years (4-knot spline for each sex), sex_male, biopsy_year"


def test_cox_agrees_with_statsmodels(simulate, design):
    table, cohort = simulate(300)
    rows = mortality(table, cohort).set_index("unit")
    fit = PHReg(
        cohort["follow_up_years"].to_numpy(), design(table, cohort), cohort["died"].to_numpy(),
        ties="efron",
    ).fit()  # fmt: skip
    sd_years = table["acceleration_years"].std()
    assert [*rows.index] == ["per SD", "per 5 years"]
    for unit, years in {"per 5 years": 5, "per SD": sd_years}.items():
        low, high = np.exp(years * fit.conf_int()[0])
        expected = [years, np.exp(years * fit.params[0]), low, high, fit.pvalues[0]]
        found = rows.loc[unit, ["step", "estimate", "lower", "upper", "p_value"]]
        np.testing.assert_allclose(found.astype(float), expected, rtol=1e-4)


@pytest.mark.parametrize("seed", [0, 2, 4, 5])
def test_cox_reaches_the_maximum_where_age_acts_strongly_and_by_sex(seed, simulate, design):
    """With whole steps of Newton's, lifelines stopped elsewhere or nowhere."""
    table, cohort = simulate(1200, seed)
    generator = np.random.default_rng(seed)
    male, age = table["sex"] == "M", table["age_years"] - 60
    death = generator.exponential(1 / (0.02 * np.exp((0.09 + np.where(male, 0.04, -0.04)) * age)))
    cohort = cohort.assign(follow_up_years=np.minimum(death, 12), died=(death < 12).astype(int))
    row = mortality(table, cohort).set_index("unit").loc["per 5 years"]
    order = np.argsort(-cohort["follow_up_years"].to_numpy(), kind="stable")
    x, died = design(table, cohort)[order], cohort["died"].to_numpy()[order] == 1

    def minus_log_likelihood(weights):  # nobody dies at the same time: no ties
        risk = x @ weights
        return -(risk - np.logaddexp.accumulate(risk))[died].mean()

    found = optimize.minimize(minus_log_likelihood, np.zeros(x.shape[1]), method="BFGS").x
    assert row["estimate"] == pytest.approx(np.exp(5 * found[0]), rel=1e-3)


def test_people_without_follow_up_are_counted(simulate):
    table, cohort = simulate(200)
    cohort.loc[:4, "follow_up_years"] = np.nan
    cohort = cohort.iloc[:-3]
    with pytest.warns(
        UserWarning, match=r"8 of 200 people excluded \(8 without follow_up_years, 3"
    ):
        rows = mortality(table, cohort, covariates=())
    assert (rows["n_people"] == 192).all()
    reasons = "8 without follow_up_years, 3 without died"
    expected = ["follow_up", "8 of 200 people", reasons]
    assert skipped(rows).to_numpy().tolist() == [expected]
    with pytest.warns(UserWarning, match="excluded"):
        people = follow_up(table, cohort)
    assert people["person_id"].tolist() == table["person_id"][5:-3].tolist()
    assert skipped(people).to_numpy().tolist() == [expected]


def test_impossible_outcomes_are_refused(simulate):
    table, cohort = simulate(200)
    few = cohort.assign(died=(np.arange(200) < 9).astype(int))
    with pytest.raises(StageError, match=r"9 deaths among 200 people .* at least 10"):
        mortality(table, few)
    with pytest.raises(CohortError, match="died must be 0 or 1, found"):
        mortality(table, cohort.assign(died=cohort["died"] + 1))
    with pytest.raises(CohortError, match=r"follow_up_years must be 0 or more.*P0000"):
        mortality(table, cohort.assign(follow_up_years=cohort["follow_up_years"] - 30))
    with pytest.raises(StageError, match="cohort: no column died; found"):
        mortality(table, cohort.drop(columns="died"))
    with pytest.raises(CohortError, match="disease_none must be 0 or 1"):
        prevalence(table, cohort.assign(disease_none=0.5))
    with pytest.raises(StageError, match=r"\['biopsy_year'\] are the same for all 200"):
        mortality(table, cohort.assign(biopsy_year=2000), covariates=["biopsy_year"])


def test_follow_up_is_of_the_first_visit_and_carries_what_the_survival_figure_needs(simulate):
    table, cohort = simulate(200)
    expected = cohort[["follow_up_years", "died"]]
    later = cohort.assign(visit="a", age_years=cohort["age_years"] + 5, follow_up_years=1.0, died=0)
    visits = pd.concat([later, cohort.assign(visit="b")])
    people = follow_up(table, visits, covariates=["body_site"])
    pd.testing.assert_frame_equal(people[["follow_up_years", "died"]], expected)
    pd.testing.assert_frame_equal(people[[*table]], table)
    assert people["body_site"].tolist() == cohort["body_site"].tolist()
    pd.testing.assert_frame_equal(mortality(table, visits), mortality(table, cohort))


def test_acceleration_of_a_later_visit_has_no_follow_up(simulate):
    table, cohort = simulate(200)
    visits = pd.concat([
        cohort.assign(visit="a"),
        cohort.assign(visit="b", age_years=cohort["age_years"] + 5),
    ])  # fmt: skip
    later = table.assign(age_years=table["age_years"] + 5 * (table.index < 3))
    message = r"3 people have another age than at their first visit.* ages predicted .*'P0000'"
    for test in (follow_up, mortality, prevalence):
        with pytest.raises(StageError, match=message):
            test(later, visits)


@pytest.mark.parametrize("column", ["acceleration_years", "age_years"])
def test_acceleration_that_is_not_finite_is_refused(column, simulate):
    table, cohort = simulate(200)
    table.loc[3, column] = np.nan
    with pytest.raises(StageError, match=r"1 people .* not finite, such as \['P0003'\]"):
        follow_up(table, cohort)
    with pytest.raises(StageError, match=f"no column {column}; found"):
        follow_up(table.drop(columns=column), cohort)
