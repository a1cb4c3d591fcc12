"""What a prediction adds to age and sex is found where it is planted, and nowhere else."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from skinage.transfer.gain import age_and_sex, gain
from skinage.transfer.targets import Classes, Number, Time


@pytest.fixture(scope="module")
def people():
    """Four hundred people; half of what is planted is age, curved, half something of their own."""
    generator = np.random.default_rng(0)
    age, own = generator.uniform(20, 90, 400), generator.normal(size=400)
    shown = ((age - 55) / 20) ** 2 + own
    ids = pd.Index([f"P{k:03d}" for k in range(400)], name="person_id")
    years = generator.exponential(np.exp(-1.5 * shown))
    cohort = pd.DataFrame({
        "person_id": ids, "slide_id": ids, "age_years": age, "sex": [*"FM"] * 200,
        "dose": shown + generator.normal(0, 0.5, 400),
        "ill": shown + generator.normal(size=400) > 1.5,
        "years": np.minimum(years, 1), "died": (years < 1).astype(float),
    })  # fmt: skip
    return cohort, own, np.arange(400) % 4


def gain_of(people, target, predicted):
    cohort, _, fold = people
    table = cohort[["person_id", *target.columns]].assign(fold=fold)
    if isinstance(target, Classes):
        probability = 1 / (1 + np.exp(-predicted))
        table = table.assign(probability_False=1 - probability, probability_True=probability)
    else:
        table = table.assign(predicted=predicted)
    regressors = age_and_sex(cohort, pd.Index(cohort["person_id"]), target.columns)
    return gain(table, regressors, target, n_bootstrap=60, seed=0)


TARGETS = [
    (Number(["dose"]), "r2"), (Classes(["ill"], [False, True]), "auc"),
    (Time(["years", "died"]), "c_index"),
]  # fmt: skip


@pytest.mark.parametrize(("target", "measure"), TARGETS, ids=lambda one: str(one)[:6])
def test_what_a_prediction_knows_beyond_age_is_a_gain(target, measure, people):
    found = gain_of(people, target, people[1])
    assert found[f"{measure}_gained"] > 0.05
    assert found[f"{measure}_gained_lower"] > 0
    difference = found[f"with_age_sex_{measure}"] - found[f"age_sex_{measure}"]
    assert found[f"{measure}_gained"] == difference
    assert found[f"{measure}_gained_lower"] < difference < found[f"{measure}_gained_upper"]


@pytest.mark.parametrize(("target", "measure"), TARGETS, ids=lambda one: str(one)[:6])
def test_a_prediction_that_only_knows_the_age_gains_nothing(target, measure, people):
    curve = ((people[0]["age_years"].to_numpy() - 55) / 20) ** 2
    noise = np.random.default_rng(1).normal(size=400)
    found = gain_of(people, target, 0.7 * curve + 0.3 * noise)
    assert abs(found[f"{measure}_gained"]) < 0.02
    assert found[f"{measure}_gained_lower"] < 0.01
    # Age alone does well: a straight line would miss the curve.
    assert found[f"age_sex_{measure}"] > {"r2": 0.35, "auc": 0.7, "c_index": 0.6}[measure]


def test_intercepts_of_folds_are_no_gain_of_a_time(people):
    target, fold = TARGETS[2][0], people[2]
    plain, shifted = (gain_of(people, target, people[1] + by * fold) for by in (0, 50))
    assert plain["c_index_gained"] == pytest.approx(shifted["c_index_gained"])


def test_age_is_harrells_spline_beside_sex(people, harrell):
    cohort = people[0]
    age, found = cohort["age_years"], age_and_sex(cohort, pd.Index(cohort["person_id"]), ["dose"])
    assert (found[:, 3] == (cohort["sex"] == "M")).all()
    terms = np.column_stack([np.ones(400), harrell(age, age)])
    fitted = terms @ np.linalg.lstsq(terms, found[:, :3], rcond=None)[0]
    np.testing.assert_allclose(found[:, :3], fitted, atol=1e-9)
    assert np.linalg.matrix_rank(found[:, :3]) == 3


def test_the_score_of_age_and_sex_is_that_of_a_model_without_the_fold(people):
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    cohort, own, fold = people
    columns = age_and_sex(cohort, pd.Index(cohort["person_id"]), ["ill"])
    expected = []
    for one in range(4):
        scaler = StandardScaler().fit(columns[fold != one])
        model = LogisticRegression().fit(
            scaler.transform(columns[fold != one]), cohort["ill"][fold != one]
        )
        scored = model.decision_function(scaler.transform(columns[fold == one]))
        expected.append(roc_auc_score(cohort["ill"][fold == one], scored))
    found = gain_of(people, TARGETS[1][0], own)
    assert found["age_sex_auc"] == pytest.approx(np.mean(expected), abs=1e-3)


def test_unknown_ages_are_the_mean_and_the_target_is_no_regressor(people):
    cohort = people[0].head(50).assign(sex=None)
    ids = pd.Index(cohort["person_id"])
    some = cohort.assign(age_years=cohort["age_years"].mask(cohort.index < 5))
    filled = cohort.assign(age_years=some["age_years"].fillna(some["age_years"].mean()))
    np.testing.assert_array_equal(
        age_and_sex(some, ids, ["dose"]), age_and_sex(filled, ids, ["dose"])
    )
    assert age_and_sex(cohort, ids, ["age_years"]) is None  # neither age nor sex is left
    assert age_and_sex(people[0], ids, ["age_years"]).shape == (50, 1)
    assert age_and_sex(cohort.drop(columns="age_years"), ids, ["dose"]) is None
