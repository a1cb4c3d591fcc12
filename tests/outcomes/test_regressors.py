import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.discrete.discrete_model import Logit
from statsmodels.duration.hazard_regression import PHReg

from skinage.age_acceleration.acceleration import acceleration
from skinage.errors import StageError
from skinage.outcomes.disease import prevalence
from skinage.outcomes.mortality import mortality
from skinage.outcomes.regressors import EVENTS_PER_COEFFICIENT, regressors
from skinage.skip_log import skipped


@pytest.mark.parametrize(
    ("n_events", "n_columns", "words"),
    [
        (10, 3, "age_years, sex_male"),
        (19, 3, "age_years, sex_male"),
        (20, 4, "age_years (3-knot spline), sex_male"),
        (29, 4, "age_years (3-knot spline), sex_male"),
        (30, 6, "age_years (3-knot spline for each sex), sex_male"),
        (39, 6, "age_years (3-knot spline for each sex), sex_male"),
        (40, 8, "age_years (4-knot spline for each sex), sex_male"),
    ],
)
def test_age_is_as_rich_as_the_events_allow(simulate, n_events, n_columns, words):
    table, _ = simulate(200)
    model = regressors(table, [], n_events)
    assert (model.columns.shape[1], model.covariates) == (n_columns, words)
    assert n_columns == 3 or n_columns * EVENTS_PER_COEFFICIENT <= n_events
    assert model.term == model.columns.columns[0] == "acceleration_years"


def test_covariates_leave_less_for_the_spline(simulate):
    table, cohort = simulate(200)
    people = table.join(cohort[["body_site", "biopsy_year"]])
    model = regressors(people, ["body_site", "biopsy_year"], 40)
    assert model.covariates == ("age_years (3-knot spline), sex_male, body_site, biopsy_year")
    assert model.columns.shape[1] == 7


def test_the_full_model_is_statsmodels_with_harrells_spline(simulate, design):
    table, cohort = simulate(400)
    sites = [(cohort["body_site"] == site).astype(float) for site in ("back", "leg")]
    x = np.column_stack([design(table, cohort), *sites])
    covariates = ["body_site", "biopsy_year"]
    row = mortality(table, cohort, covariates=covariates).set_index("unit").loc["per 5 years"]
    assert row["covariates"].endswith("spline for each sex), sex_male, body_site, biopsy_year")
    years, died = cohort["follow_up_years"].to_numpy(), cohort["died"].to_numpy()
    fit = PHReg(years, x, died, ties="efron").fit()
    assert row["estimate"] == pytest.approx(np.exp(5 * fit.params[0]), rel=1e-4)
    row = prevalence(table, cohort, ["disease_none"], covariates=covariates).iloc[0]
    odds = Logit(cohort["disease_none"], np.column_stack([x, np.ones(400)])).fit(disp=0)
    assert row["estimate"] == pytest.approx(np.exp(row["step"] * odds.params.iloc[0]), rel=1e-5)
    assert row["p_value"] == pytest.approx(odds.pvalues.iloc[0], rel=1e-4)


def test_one_sex_is_not_adjusted_for(simulate):
    table, cohort = simulate(300)
    for people in (table[table["sex"] == "F"], table.drop(columns="sex")):
        words = mortality(people, cohort, covariates=())["covariates"][0]
        assert words == "age_years (4-knot spline)"


def test_a_few_men_have_no_spline_of_their_own(simulate):
    table, _ = simulate(300)
    few = table.assign(sex=np.where(np.arange(300) < 19, "M", "F"))
    assert "each sex" not in regressors(few, [], 300).covariates
    enough = table.assign(sex=np.where(np.arange(300) < 20, "M", "F"))
    assert "each sex" in regressors(enough, [], 300).covariates


def test_few_distinct_ages_are_said_to_have_fewer_knots(simulate):
    table, _ = simulate(300)
    three = table.assign(age_years=np.resize([35.0, 45.0, 55.0], 300))
    assert regressors(three, [], 300).covariates.startswith("age_years (3-knot spline")
    two = table.assign(age_years=np.resize([35.0, 45.0], 300))
    model = regressors(two, [], 300)
    assert model.covariates == "age_years, sex_male"
    assert [*model.columns] == ["acceleration_years", "age_years", "sex_male", "age_by_sex_1"]


def test_of_brackets_the_expected_age_is_the_age(simulate):
    table, _ = simulate(100)
    expected = table["age_years"] + np.random.default_rng(0).normal(0, 1, 100)
    columns = regressors(table.assign(expected_age_years=expected), [], 10).columns
    centred = expected - expected.mean()
    np.testing.assert_allclose(columns["age_years"] - columns["age_years"].mean(), centred)


def test_covariates_that_say_the_same_are_refused(simulate):
    table, cohort = simulate(200)
    twice = cohort.assign(again=cohort["biopsy_year"] * 2.0)
    with pytest.raises(StageError, match="follows from the others"):
        mortality(table, twice, covariates=["biopsy_year", "again"])


def confounded(simulate, seed=0):
    """People of whom one hospital sees older tissue and more death and disease, nothing else."""
    table, cohort = simulate(1500, seed)
    generator = np.random.default_rng(seed + 100)
    city = generator.random(1500) < 0.5
    accelerated = generator.normal(0, 5, 1500) + 5 * city
    death = generator.exponential(20 * np.exp(-1.2 * city))
    table = table.assign(
        acceleration_years=accelerated, predicted_years=table["age_years"] + accelerated
    )
    return table, cohort.assign(
        hospital=np.where(city, "city", "country"), died=(death < 20).astype(int),
        follow_up_years=np.minimum(death, 20),
        disease_planted=(generator.random(1500) < np.where(city, 0.5, 0.2)).astype(int),
    )  # fmt: skip


def test_hospital_is_adjusted_for_by_default_and_takes_the_confounding_away(simulate):
    table, cohort = confounded(simulate)
    for test in (mortality, prevalence):
        plain = test(table, cohort, covariates=()).iloc[0]
        adjusted = test(table, cohort).iloc[0]
        assert plain["p_value"] < 1e-6
        assert adjusted["p_value"] > 0.01
        assert "hospital" in adjusted["covariates"]
        assert "hospital" not in plain["covariates"]


def test_default_covariates_are_left_out_with_the_reason(simulate):
    table, cohort = simulate(200)
    many = cohort.assign(hospital=[f"H{k % 30}" for k in range(200)])
    few = many.assign(died=(np.arange(200) < 30).astype(int))
    rows = mortality(table, few)
    assert "biopsy_year" in rows["covariates"][0]
    assert "hospital" not in rows["covariates"][0]
    assert skipped(rows).to_numpy().tolist() == [
        ["death", "hospital (death)", "not adjusted for: 30 events are too few for it"]
    ]
    assert len(regressors(table.join(many["hospital"]), ["hospital"], 30).columns.columns) == 32

    gaps = cohort.assign(indication=np.where(np.arange(200) < 3, None, "mole"))
    gaps.loc[50:, "indication"] = "rash"
    for test, stage in ((mortality, "mortality"), (prevalence, "prevalence")):
        log = skipped(test(table, gaps))
        assert log.to_numpy().tolist() == [
            [stage, "indication", "not adjusted for: 3 people lack it"]
        ]


def test_a_default_that_follows_from_another_is_left_out(simulate):
    table, cohort = simulate(300)
    number = np.arange(300) % 3
    rows = mortality(table, cohort.assign(hospital=number, indication=number, biopsy_year=number))
    assert rows["covariates"][0].endswith("sex_male, hospital")
    assert [*skipped(rows)["item"]] == ["indication (death)", "biopsy_year (death)"]
    same = cohort.assign(hospital=number, biopsy_year=number)
    with pytest.raises(StageError, match="follows from the others"):
        mortality(table, same, covariates=["hospital", "biopsy_year"])


def test_default_covariates_that_contradict_each_other_do_not_stop_the_test(simulate):
    table, cohort = simulate(200)
    second = cohort.iloc[:1].assign(biopsy_year=1950)
    rows = mortality(table, pd.concat([cohort, second]))
    log = skipped(rows).set_index("item")
    assert "biopsy_year of person P0000 is" in log.loc["biopsy_year", "reason"]
    assert rows["covariates"][0].endswith("sex_male")


def test_a_default_that_is_constant_is_not_worth_a_word(simulate):
    table, cohort = simulate(200)
    rows = mortality(table, cohort.assign(biopsy_year=2000, hospital="H"))
    assert skipped(rows).empty
    assert rows["covariates"][0].endswith("sex_male")


def cohorts_without_effect(kind, n_cohorts=30, n_people=600):
    """Clocks and diseases that both follow age and sex, and each other in no other way."""
    for seed in range(n_cohorts):
        generator = np.random.default_rng(seed)
        age = generator.uniform(25, 90, n_people)
        male = generator.random(n_people) < 0.5
        own = generator.normal(0, 4, n_people)
        if kind == "slopes by sex":
            seen = age + np.where(male, 0.4, -0.4) * (age - 55)
            odds = -0.5 + np.where(male, 0.08, -0.06) * (age - 55)
        else:
            seen = 90 - 80 * np.exp(-age / 35)
            odds = 0.8 - ((age - 55) / 15) ** 2
        people = [f"P{k:04d}" for k in range(n_people)]
        ages = pd.DataFrame({
            "person_id": people, "age_years": age, "sex": np.where(male, "M", "F"),
            "predicted_years": seen + own, "fold": np.arange(n_people) % 5,
        })  # fmt: skip
        sick = generator.random(n_people) < 1 / (1 + np.exp(-odds))
        yield ages, ages[["person_id", "age_years"]].assign(disease_x=sick.astype(int))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["slopes by sex", "curves"])
@pytest.mark.filterwarnings("ignore:acceleration. a parabola of age")
def test_what_age_and_sex_do_to_both_is_not_taken_for_an_association(kind):
    found, before = [], []
    for ages, cohort in cohorts_without_effect(kind):
        table = acceleration(ages)
        row = prevalence(table, cohort).iloc[0]
        found.append(np.log(row["estimate"]))
        male = (table["sex"] == "M").astype(float)
        x = np.column_stack([table["acceleration_years"], table["age_years"], male, male * 0 + 1])
        fit = Logit(cohort["disease_x"], x).fit(disp=0)
        before.append(fit.params.iloc[0] * row["step"])
    # Over all cohorts the mean is 0 within its error, and a line of age alone is far from it.
    assert stats.ttest_1samp(found, 0).pvalue > 0.001
    assert abs(np.mean(before)) > 0.3
    assert abs(np.mean(found)) < abs(np.mean(before)) / 4


def test_hospitals_that_say_nothing_are_excluded_with_a_count(simulate):
    table, cohort = simulate(400)
    hospital = np.where(np.arange(400) < 12, "small", np.where(np.arange(400) < 200, "A", "B"))
    cohort = cohort.assign(hospital=hospital).drop(columns="biopsy_year")
    cohort.loc[:11, ["died", "disease_none"]] = 0
    others = cohort[12:]
    for test, outcome in ((mortality, "died"), (prevalence, "disease_none")):
        settings = {"diseases": ["disease_none"]} if test is prevalence else {}
        found = test(table, cohort, **settings)
        assert (found["n_people"] == 388).all()
        assert found["covariates"].str.endswith("hospital").all()
        alone = test(table[12:], others, covariates=["hospital"], **settings)
        np.testing.assert_allclose(found["p_value"], alone["p_value"], rtol=1e-6)
        log = skipped(found).set_index("item")["reason"]
        assert log["12 of 400 people"] == (
            f"of a level of hospital where all have the same {outcome}; they say nothing"
        )
