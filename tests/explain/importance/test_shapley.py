from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from skinage.clock.fit_clock import fit_clock, fit_fold_clock
from skinage.clock.learners.ridge import LinearModel
from skinage.clock.prediction import predict_age
from skinage.errors import SettingError, StageError
from skinage.explain.importance.shapley import load_shap, shap_values
from skinage.people.pool import pool

NAMES = ["mean_0000", "mean_0001", "std_0000", "std_0001"]


def test_values_of_a_linear_clock_are_those_of_shaps_own_explainer(clock, people):
    shap = load_shap()
    explanation, terms = shap_values(clock, people), clock.linear
    slopes = terms.coefficients / terms.scale
    model = (slopes, float(terms.intercept - slopes @ terms.mean))
    theirs = shap.LinearExplainer(model, shap.maskers.Independent(terms.mean[None]))(
        people[NAMES].to_numpy()
    )
    np.testing.assert_allclose(explanation.values, theirs.values, atol=1e-10)
    np.testing.assert_allclose(explanation.base_values, 52.0)
    assert explanation.feature_names == NAMES


@pytest.mark.parametrize("model", ["ridge", "trees", pytest.param("SVR", marks=pytest.mark.slow)])
def test_values_add_up_to_what_the_model_of_the_fold_predicted(people, cohort, model):
    people = people.drop(columns="std_0000")
    ages = predict_age(people, cohort, model, folds=2, coverage=None, seed=3)
    clocks = {
        fold: fit_fold_clock(people, cohort, ages, fold=fold, model=model, calibrated=False, seed=3)
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
        fold: fit_fold_clock(people, cohort, ages, fold=fold, calibrated=False) for fold in range(3)
    }
    explanation = shap_values(clocks, people, cohort, ages=ages)
    total = np.sum(explanation.values, axis=1) + explanation.base_values
    predicted = ages.set_index("person_id")["predicted_years"].loc[people.index]
    np.testing.assert_allclose(total, predicted, atol=1e-6)


class Hidden:
    """A model that predicts, and hides that it is a sum of features."""

    def __init__(self, model):
        self.predict = model.predict


@pytest.mark.slow  # Numba compiles shap's masks for some seconds
def test_any_model_of_pooled_features_is_explained_as_a_linear_one_would_be(people, cohort):
    people = people.drop(columns="std_0000")
    linear = fit_clock(people, cohort, LinearRegression(), calibrated=False)
    assert isinstance(linear.model, LinearModel)
    hidden = replace(linear, model=Hidden(linear.model))
    found, expected = (shap_values(clock, people) for clock in (hidden, linear))
    np.testing.assert_allclose(found.values, expected.values, atol=1e-8)
    np.testing.assert_allclose(found.base_values, expected.base_values)


def test_a_clock_that_pools_the_tiles_is_refused(clock, people):
    clock.metadata["statistics"] = ("mean", "std")
    with pytest.raises(StageError, match="fitted on an atlas of tiles"):
        shap_values(clock, people)
    with pytest.raises(SettingError, match="need ages"):
        shap_values({0: clock}, people)


def test_a_feature_that_is_missing(clock, people):
    with pytest.raises(StageError, match=r"1 of the clock's 4 features are missing .* 'std_0001'"):
        shap_values(clock, people.drop(columns="std_0001"))
