import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from statsmodels.duration.hazard_regression import PHReg

from skinage.age_acceleration.acceleration import acceleration
from skinage.errors import CohortError, StageError
from skinage.outcomes.design import regressors
from skinage.outcomes.models import mortality, prevalence

LOG_HAZARD_PER_YEAR, LOG_ODDS_PER_YEAR = np.log(1.3) / 5, np.log(1.5) / 5


def simulate(n_people, seed=0):
    """People whose hazard and odds rise with acceleration, age and sex as planted."""
    generator = np.random.default_rng(seed)
    age, accelerated = generator.uniform(30, 90, n_people), generator.normal(0, 6, n_people)
    male = generator.random(n_people) < 0.5
    risk = LOG_HAZARD_PER_YEAR * accelerated + 0.08 * (age - 60) + 0.4 * male
    death = generator.exponential(1 / (0.02 * np.exp(risk)))
    odds = -1 + LOG_ODDS_PER_YEAR * accelerated + 0.04 * (age - 60) + 0.3 * male
    people = [f"P{number:04d}" for number in range(n_people)]
    table = pd.DataFrame({
        "person_id": people, "age_years": age, "predicted_years": age + accelerated,
        "sex": np.where(male, "M", "F"), "acceleration_years": accelerated, "definition": "d",
    })  # fmt: skip
    cohort = pd.DataFrame({
        "person_id": people, "age_years": age, "follow_up_years": np.minimum(death, 20),
        "died": (death < 20).astype(int),
        "disease_planted": (generator.random(n_people) < 1 / (1 + np.exp(-odds))).astype(int),
        "disease_none": (generator.random(n_people) < 0.2).astype(int),
        "body_site": generator.choice(["arm", "back", "leg"], n_people),
        "biopsy_year": generator.integers(1990, 2010, n_people),
    })  # fmt: skip
    return table, cohort


def design(table):
    male = (table["sex"] == "M").astype(float)
    return np.column_stack([table["acceleration_years"], table["age_years"], male])


def test_cox_finds_the_planted_hazard_ratio():
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
    assert row["covariates"] == "age_years, sex_male"


def test_cox_agrees_with_statsmodels():
    table, cohort = simulate(300)
    rows = mortality(table, cohort).set_index("unit")
    fit = PHReg(
        cohort["follow_up_years"].to_numpy(), design(table), cohort["died"].to_numpy(), ties="efron"
    ).fit()
    sd_years = table["acceleration_years"].std()
    for unit, years in {"per 5 years": 5, "per SD": sd_years}.items():
        low, high = np.exp(years * fit.conf_int()[0])
        expected = [years, np.exp(years * fit.params[0]), low, high, fit.pvalues[0]]
        found = rows.loc[unit, ["unit_years", "estimate", "lower", "upper", "p_value"]]
        np.testing.assert_allclose(found.astype(float), expected, rtol=1e-4)


def test_logistic_regression_finds_the_planted_odds_ratio_and_no_other():
    table, cohort = simulate(3000)
    rows = prevalence(table, cohort)
    per_5 = rows[rows["unit"] == "per 5 years"].set_index("outcome")
    assert per_5.loc["disease_planted", "lower"] < 1.5 < per_5.loc["disease_planted", "upper"]
    assert per_5.loc["disease_none", "lower"] < 1 < per_5.loc["disease_none", "upper"]
    assert per_5.loc["disease_planted", "n_events"] == cohort["disease_planted"].sum()


def test_logistic_regression_agrees_with_scikit_learn():
    table, cohort = simulate(400)
    rows = prevalence(table, cohort, ["disease_planted"]).set_index("unit")
    x = design(table)
    scale = x.std(axis=0, ddof=1)
    fit = LogisticRegression(C=np.inf, tol=1e-10).fit(
        (x - x.mean(0)) / scale, cohort["disease_planted"]
    )
    assert rows.loc["per SD", "estimate"] == pytest.approx(np.exp(fit.coef_[0, 0]), rel=1e-5)
    per_year = np.exp(5 * fit.coef_[0, 0] / scale[0])
    assert rows.loc["per 5 years", "estimate"] == pytest.approx(per_year, rel=1e-5)


def test_the_interval_of_the_odds_ratio_is_walds():
    table, cohort = simulate(400)
    row = prevalence(table, cohort, ["disease_planted"]).iloc[0]
    x = np.column_stack([np.ones(400), design(table)])
    weights = np.zeros(4)
    for _ in range(30):  # Newton's method, written out
        share = 1 / (1 + np.exp(-x @ weights))
        information = x.T @ (x * (share * (1 - share))[:, None])
        weights += np.linalg.solve(information, x.T @ (cohort["disease_planted"] - share))
    error = np.sqrt(np.linalg.inv(information)[1, 1])
    expected = np.exp(5 * (weights[1] + np.array([-1.959964, 0, 1.959964]) * error))
    np.testing.assert_allclose(
        row[["lower", "estimate", "upper"]].astype(float), expected, rtol=1e-5
    )


def test_q_values_are_benjamini_and_hochbergs():
    table, cohort = simulate(200)
    generator = np.random.default_rng(5)
    for number in range(6):
        cohort[f"disease_{number}"] = (generator.random(200) < 0.3).astype(int)
    rows = prevalence(table, cohort)
    per_sd = rows[rows["unit"] == "per SD"].sort_values("p_value")
    assert len(per_sd) == 8
    steps = per_sd["p_value"].to_numpy() * 8 / np.arange(1, 9)
    by_hand = np.minimum.accumulate(steps[::-1])[::-1]
    np.testing.assert_allclose(per_sd["q_value"], by_hand)
    assert len(rows[["outcome", "q_value"]].drop_duplicates()) == 8


def test_diseases_that_cannot_be_tested_are_named():
    table, cohort = simulate(200)
    cohort["disease_rare"] = (np.arange(200) < 9).astype(int)
    cohort["disease_separated"] = (table["acceleration_years"] > 0).astype(int)
    with pytest.warns(
        UserWarning, match=r"rare: 9 cases, 191 controls.*separated: .*separate"
    ) as seen:
        rows = prevalence(table, cohort)
    assert len(seen) == 1
    assert set(rows["outcome"]) == {"disease_planted", "disease_none"}
    with pytest.raises(StageError, match="no disease can be tested; disease_rare: 9 cases"):
        prevalence(table, cohort, ["disease_rare"])
    with pytest.raises(StageError, match=r"no column disease_\*"):
        prevalence(table, cohort[["person_id", "died"]])


def test_covariates_are_adjusted_for():
    table, cohort = simulate(400)
    row = mortality(table, cohort, ["body_site", "biopsy_year"]).iloc[0]
    assert row["covariates"] == "age_years, biopsy_year, sex_male, body_site_back, body_site_leg"
    sites = [(cohort["body_site"] == site).astype(float) for site in ("back", "leg")]
    x = np.column_stack([design(table), cohort["biopsy_year"], *sites])
    fit = PHReg(
        cohort["follow_up_years"].to_numpy(), x, cohort["died"].to_numpy(), ties="efron"
    ).fit()
    assert row["estimate"] == pytest.approx(np.exp(5 * fit.params[0]), rel=1e-4)
    assert "body_site_leg" in prevalence(table, cohort, None, ["body_site"])["covariates"][0]


@pytest.mark.parametrize("twice", ["predicted_years", "acceleration_years", "age_years"])
def test_predicted_age_never_stands_beside_its_acceleration(twice):
    table, cohort = simulate(100)
    for test in (mortality, prevalence):
        with pytest.raises(StageError, match=f"{twice}.*cannot be covariates.*say the same"):
            test(table, cohort.assign(predicted_years=1.0), covariates=[twice])


def test_people_without_follow_up_are_counted():
    table, cohort = simulate(200)
    cohort.loc[:4, "follow_up_years"] = np.nan
    cohort = cohort.iloc[:-3]
    with pytest.warns(
        UserWarning, match=r"8 of 200 people left out \(8 without follow_up_years, 3"
    ):
        rows = mortality(table, cohort)
    assert (rows["n_people"] == 192).all()


def test_one_sex_is_not_adjusted_for():
    table, cohort = simulate(200)
    women = table[table["sex"] == "F"]
    assert mortality(women, cohort)["covariates"][0] == "age_years"
    assert mortality(table.drop(columns="sex"), cohort)["covariates"][0] == "age_years"


def test_impossible_outcomes_are_refused():
    table, cohort = simulate(200)
    few = cohort.assign(died=(np.arange(200) < 9).astype(int))
    with pytest.raises(StageError, match=r"9 deaths among 200 people .* at least 10"):
        mortality(table, few)
    with pytest.raises(CohortError, match="died must be 0 or 1, found"):
        mortality(table, cohort.assign(died=cohort["died"] + 1))
    with pytest.raises(CohortError, match=r"follow_up_years must be 0 or more.*P0000"):
        mortality(table, cohort.assign(follow_up_years=cohort["follow_up_years"] - 30))
    with pytest.raises(CohortError, match="no column died"):
        mortality(table, cohort.drop(columns="died"))
    with pytest.raises(CohortError, match="disease_none must be 0 or 1"):
        prevalence(table, cohort.assign(disease_none=0.5))
    with pytest.raises(StageError, match=r"\['biopsy_year'\] are the same for all 200"):
        mortality(table, cohort.assign(biopsy_year=2000), ["biopsy_year"])


def test_covariates_that_say_the_same_are_refused():
    table, cohort = simulate(200)
    with pytest.raises(StageError, match="one follows from the others"):
        mortality(table, cohort.assign(again=cohort["biopsy_year"] * 2.0), ["biopsy_year", "again"])


def test_a_category_without_cases_is_separation_too():
    table, cohort = simulate(300)
    cohort["disease_planted"] *= cohort["body_site"] != "leg"
    with pytest.raises(StageError, match="separate cases from controls"):
        prevalence(table, cohort, ["disease_planted"], ["body_site"])
    prevalence(table, cohort, ["disease_planted"])


@pytest.mark.parametrize("definition", ["linear", "lowess", "cole"])
def test_predicted_age_under_another_name_is_found(definition, make_ages):
    """Out of fold it is not exactly age and acceleration: the rank alone does not tell."""
    ages, _ = make_ages(300)
    generator = np.random.default_rng(0)
    accelerated = acceleration(ages, definition)
    cohort = ages[["person_id", "age_years"]].assign(
        skin_score=ages["predicted_years"],
        rescaled=3 - 2 * ages["predicted_years"] + generator.normal(0, 0.5, len(ages)),
        biopsy_year=generator.integers(1990, 2010, len(ages)),
        follow_up_years=generator.exponential(10, len(ages)),
        died=generator.integers(0, 2, len(ages)),
    )
    for name in ("skin_score", "rescaled"):
        with pytest.raises(StageError, match=f"'{name}' .* no model can tell the two apart"):
            mortality(accelerated, cohort, ["biopsy_year", name])
    assert len(mortality(accelerated, cohort, ["biopsy_year"])) == 2


def test_a_raw_gap_that_is_but_age_is_no_acceleration(make_ages):
    ages, _ = make_ages(300)
    flat = acceleration(ages.assign(predicted_years=55 + 0.01 * ages["predicted_years"]), "gap")
    generator = np.random.default_rng(0)
    cohort = ages[["person_id", "age_years"]].assign(
        follow_up_years=generator.exponential(10, 300), died=generator.integers(0, 2, 300)
    )
    with pytest.raises(StageError, match="Take the definition 'linear'"):
        mortality(flat, cohort)


def test_an_out_of_fold_residual_and_predicted_age_need_not_be_collinear_to_be_refused(make_ages):
    ages, _ = make_ages(100)
    table = acceleration(ages).drop(columns="predicted_years")
    sneaked = table.assign(
        skin_score=ages["predicted_years"], again=ages["predicted_years"] + 1,
        biopsy_year=np.random.default_rng(0).integers(1990, 2010, 100),
    )  # fmt: skip
    columns = sneaked[["acceleration_years", "age_years", "skin_score"]].assign(
        sex_male=sneaked["sex"] == "M"
    )
    assert np.linalg.matrix_rank(columns.astype(float) - columns.mean()) == 4
    with pytest.raises(StageError, match=r"'skin_score' and the other .* explain 9\d\.\d%"):
        regressors(sneaked, ["biopsy_year", "skin_score"])
    with pytest.raises(StageError, match=r"'(skin_score|again)' and the other .* explain"):
        regressors(sneaked, ["skin_score", "again"])


def test_predicted_age_of_one_repeat_is_found_beside_the_mean(make_ages):
    ages, _ = make_ages(200)
    generator = np.random.default_rng(3)
    sneaked = ages["predicted_years"] + generator.normal(0, 1, 200)
    table = acceleration(ages.assign(predicted_years_2=sneaked, fold_2=ages["fold"]))
    with pytest.raises(StageError, match=r"'skin_score' .*say the same"):
        regressors(table.assign(skin_score=sneaked), ["skin_score"])


def test_predicted_age_is_known_again_where_a_curve_explains_its_acceleration_too(make_ages):
    ages, planted = make_ages(1000)
    at = (ages["age_years"] + planted - 5).clip(lower=0)
    table = acceleration(ages.assign(predicted_years=80 - 60 * np.exp(-at / 20)), "lowess")
    columns = regressors(table, []).assign(constant=1.0, skin_score=table["predicted_years"])
    names = ["constant", "age_years", "sex_male", "skin_score"]
    left = np.linalg.lstsq(columns[names], columns["acceleration_years"], rcond=None)[1]
    assert 1 - left / 999 / columns["acceleration_years"].var() < 0.85
    with pytest.raises(StageError, match=r"'skin_score' correlates with predicted age by 1"):
        regressors(table.assign(skin_score=table["predicted_years"] / 10), ["skin_score"])


def test_many_ordinary_covariates_are_not_taken_for_predicted_age(make_ages):
    ages, _ = make_ages(40)
    generator = np.random.default_rng(0)
    names = [f"marker_{number}" for number in range(34)]
    table = acceleration(ages).assign(**{name: generator.normal(size=40) for name in names})
    design = table[["age_years", *names]].assign(constant=1.0)
    left = np.linalg.lstsq(design, table["acceleration_years"], rcond=None)[1]
    assert 1 - left / 39 / table["acceleration_years"].var() > 0.9  # by chance: not adjusted
    assert len(regressors(table, names).columns) == 37
