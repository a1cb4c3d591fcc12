import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LinearRegression

from skinage.clock.clock import Clock
from skinage.clock.fit_clock import fit_clock, fit_fold_clock
from skinage.clock.learners.ridge import LinearModel, Ridge
from skinage.clock.prediction import predict_age
from skinage.errors import SettingError, StageError
from skinage.explain.importance import _shap, feature_importance, name_features, shap_values
from skinage.people.pool import pool

N_PEOPLE = 40
NAMES = ["mean_0000", "mean_0001", "std_0000", "std_0001"]


@pytest.fixture
def morphology():
    rng = np.random.default_rng(0)
    index = pd.Index([f"P{k:02d}" for k in range(N_PEOPLE)], name="person_id")
    return pd.DataFrame(rng.uniform(size=(N_PEOPLE, 2)), index, ["gaps", "fibre_coherency"])


@pytest.fixture
def people(morphology):
    noise = np.random.default_rng(1).normal(size=(2, N_PEOPLE))
    return pd.DataFrame(
        {
            "mean_0000": np.exp(3 * morphology["gaps"]),  # monotone, far from linear
            "mean_0001": -morphology["fibre_coherency"] + 0.1 * noise[0],
            "std_0000": 7.0,
            "std_0001": noise[1],
            "n_tiles": 25,
        }
    )


@pytest.fixture
def clock(people):
    # The clock was fitted on other people: its mean is not the mean of these.
    mean = people[NAMES].mean().to_numpy() + 0.5
    scale, coefficients = np.array([2.0, 0.5, 1.0, 3.0]), np.array([4.0, -6.0, 1.0, 0.1])
    model = LinearModel(mean, scale, coefficients, np.array(52.0))
    metadata = {"model": "ridge", "feature_names": NAMES, "encoder_hash": None, "statistics": None}
    return Clock(metadata, Ridge(), model, None, None)


def test_values_of_a_linear_clock_are_those_of_shaps_own_explainer(clock, people):
    shap = _shap()
    explanation, terms = shap_values(clock, people), clock.linear
    slopes = terms.coefficients / terms.scale
    model = (slopes, float(terms.intercept - slopes @ terms.mean))
    theirs = shap.LinearExplainer(model, shap.maskers.Independent(terms.mean[None]))(
        people[NAMES].to_numpy()
    )
    np.testing.assert_allclose(explanation.values, theirs.values, atol=1e-10)
    np.testing.assert_allclose(explanation.base_values, 52.0)
    assert explanation.feature_names == NAMES


@pytest.fixture
def cohort(people):
    rng = np.random.default_rng(2)
    male = rng.integers(0, 2, N_PEOPLE)
    age = 50 + 4 * people["mean_0000"] ** 0.5 * people["mean_0001"] + 8 * male
    return pd.DataFrame(
        {
            "slide_id": people.index + "_1",
            "person_id": people.index,
            "age_years": age.to_numpy() + rng.normal(0, 1, N_PEOPLE),
            "sex": np.where(male == 1, "M", "F"),
        }
    )


@pytest.mark.parametrize("model", ["ridge", "trees", pytest.param("SVR", marks=pytest.mark.slow)])
def test_values_add_up_to_what_the_model_of_the_fold_predicted(people, cohort, model):
    people = people.drop(columns="std_0000")
    ages = predict_age(people, cohort, model, folds=2, coverage=None, seed=3)
    clocks = {
        fold: fit_fold_clock(people, cohort, ages, fold, model, calibrated=False, seed=3)
        for fold in ages["fold"].unique()
    }
    explanation = shap_values(clocks, people[::-1], cohort, ages=ages)
    total = np.sum(explanation.values, axis=1) + explanation.base_values
    predicted = ages.set_index("person_id")["predicted_years"].loc[people.index[::-1]]
    np.testing.assert_allclose(total, predicted, atol=1e-3)
    assert len(set(explanation.base_values)) > 1
    assert ("sex_male" in explanation.feature_names) == (model == "trees")
    names = explanation.feature_names[:3]
    np.testing.assert_array_equal(explanation.data[:, :3], people[names][::-1])


def test_values_add_up_to_ages_that_were_predicted_from_the_atlas(make_cohort, make_atlas):
    cohort = make_cohort(40)
    later = cohort.assign(slide_id=cohort["person_id"] + "_2", age_years=cohort["age_years"] + 9)
    cohort = pd.concat([cohort.assign(visit=1), later.assign(visit=2)], ignore_index=True)
    atlas = make_atlas(cohort)
    people = pool(atlas, cohort)
    ages = predict_age(atlas, cohort, folds=3, coverage=None)
    clocks = {
        fold: fit_fold_clock(people, cohort, ages, fold, calibrated=False) for fold in range(3)
    }
    explanation = shap_values(clocks, people, cohort, ages=ages)
    total = np.sum(explanation.values, axis=1) + explanation.base_values
    predicted = ages.set_index("person_id")["predicted_years"].loc[people.index]
    np.testing.assert_allclose(total, predicted, atol=1e-6)


@pytest.mark.slow  # Numba compiles shap's masks for some seconds
def test_any_model_of_pooled_features_is_explained_as_a_linear_one_would_be(people, cohort):
    """A sum of features behind a pipeline that hides its coefficients."""
    hidden = TransformedTargetRegressor(
        LinearRegression(), func=np.negative, inverse_func=np.negative
    )
    people = people.drop(columns="std_0000")
    clocks = [
        fit_clock(people, cohort, model, calibrated=False) for model in (hidden, LinearRegression())
    ]
    assert not isinstance(clocks[0].model, LinearModel)
    assert isinstance(clocks[1].model, LinearModel)
    found, expected = (shap_values(clock, people) for clock in clocks)
    np.testing.assert_allclose(found.values, expected.values, atol=1e-8)
    np.testing.assert_allclose(found.base_values, expected.base_values)


def test_sex_is_a_feature_without_a_measure(people, morphology, cohort):
    clock = fit_clock(people, cohort, "trees", calibrated=False)
    table = feature_importance(shap_values(clock, people, cohort), people, morphology)
    row = table.set_index("feature").loc["sex_male"]
    assert row["label"] == "sex_male"
    assert row["years_per_sd"] > 0.5


def test_a_clock_that_pools_the_tiles_is_refused(clock, people):
    clock.metadata["statistics"] = ("mean", "std")
    with pytest.raises(StageError, match="fitted on an atlas of tiles"):
        shap_values(clock, people)
    with pytest.raises(SettingError, match="need ages"):
        shap_values({0: clock}, people)


def test_features_are_named_after_what_they_follow(people, morphology):
    named = name_features(people, morphology).set_index("feature")
    assert list(named.index) == NAMES
    assert named.loc["mean_0000", "measure"] == "gaps"
    assert named.loc["mean_0000", "spearman_r"] == pytest.approx(1)
    assert named.loc["mean_0001", "measure"] == "fibre_coherency"
    expected = spearmanr(people["mean_0001"], morphology["fibre_coherency"]).statistic
    assert named.loc["mean_0001", "spearman_r"] == pytest.approx(expected)
    assert expected < -0.8
    assert named.loc["std_0000", "measure"] is None
    assert np.isnan(named.loc["std_0000", "spearman_r"])


def test_tables_are_matched_by_person_not_by_row(people, morphology):
    shuffled = morphology.sample(frac=1, random_state=0)
    shuffled.loc["another"] = 0.5
    pd.testing.assert_frame_equal(
        name_features(people, shuffled), name_features(people, morphology)
    )


def test_a_person_without_a_measure_drops_no_feature(people, morphology):
    morphology.iloc[3, 0] = np.nan
    named = name_features(people, morphology).set_index("feature")
    assert named.loc["mean_0000", "measure"] == "gaps"
    assert named.loc["mean_0000", "spearman_r"] > 0.95


def test_important_features_come_strongest_first(clock, people, morphology):
    explanation = shap_values(clock, people)
    table = feature_importance(explanation, people, morphology, n=3)
    assert len(table) == 3
    strength = np.abs(explanation.values).mean(axis=0)
    assert list(table["feature"]) == [NAMES[k] for k in np.argsort(-strength)[:3]]
    np.testing.assert_allclose(table["mean_abs_years"], np.sort(strength)[::-1][:3])
    row = table.set_index("feature").loc["mean_0001"]
    assert row["years_per_sd"] == pytest.approx(-6 / 0.5 * people["mean_0001"].std(ddof=0))
    assert row["label"] == f"mean_0001: fibre coherency (r = {row['spearman_r']:.2f})"


def test_a_feature_that_is_missing(clock, people):
    with pytest.raises(StageError, match=r"1 of the clock's 4 features are missing .* 'std_0001'"):
        shap_values(clock, people.drop(columns="std_0001"))


def test_too_few_people_in_common(people, morphology):
    with pytest.raises(StageError, match="4 people are in both tables"):
        name_features(people, morphology[:4])
