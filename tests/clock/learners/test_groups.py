"""Where whole groups are held out, learners choose what they choose on groups held out."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import ElasticNetCV, LassoCV
from sklearn.linear_model import Ridge as ScikitRidge
from sklearn.model_selection import GridSearchCV, KFold, PredefinedSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skinage.clock.learners import trees
from skinage.clock.learners.attention import Attention
from skinage.clock.learners.base import tuning_folds
from skinage.clock.learners.choice import learner_of
from skinage.clock.learners.ridge import Ridge
from skinage.clock.learners.scikit import _cv_name
from skinage.clock.learners.trees import Trees
from skinage.cohort.folds import person_folds
from skinage.people.clock_inputs import ClockInputs
from skinage.people.person_tiles import Tiles


def scanned(seed=0, n_people=120, n_scanners=4):
    """Scanners differ in the ages of their people, and shift the features."""
    generator = np.random.default_rng(seed)
    scanner = np.arange(n_people) % n_scanners
    ages = 55 + 10 * generator.normal(size=n_scanners)[scanner] + generator.normal(0, 15, n_people)
    features = np.outer((ages - 55) / 20, generator.normal(size=40))
    features += generator.normal(size=(n_scanners, 40))[scanner]
    features += generator.normal(size=(n_people, 40))
    groups = np.array([*"ABCD"])[scanner]
    return ClockInputs(features, np.full(n_people, np.nan), groups=groups), ages


@pytest.fixture(scope="module")
def known():
    return scanned()


def standardised(inputs):
    return StandardScaler().fit_transform(inputs.features)


def test_folds_are_groups_only_where_groups_are_held_out(known):
    inputs, ages = known
    found = pd.Series(tuning_folds(inputs, ages, 3))
    assert found.groupby(inputs.groups).nunique().eq(1).all()
    assert found.nunique() == 4
    without = ClockInputs(inputs.features, inputs.sex_male)
    expected = person_folds(pd.Series(ages), 5, seed=3)
    assert (tuning_folds(without, ages, 3) == expected).all()
    two = inputs.take(np.isin(inputs.groups, ["A", "B"]))
    assert pd.Series(tuning_folds(two, ages[:60], 0)).groupby(two.groups).nunique().gt(1).all()


def test_ridge_takes_the_penalty_of_scikit_learns_search_over_groups(known):
    inputs, ages = known
    fold = PredefinedSplit(tuning_folds(inputs, ages, 0))
    grid = {"alpha": 40 * np.logspace(-4, 3, 29)}
    search = GridSearchCV(ScikitRidge(), grid, cv=fold, scoring="neg_mean_squared_error")
    best = search.fit(standardised(inputs), ages).best_estimator_
    fitted = Ridge().fit(inputs, ages, seed=0)
    np.testing.assert_allclose(fitted.coefficients, best.coef_)


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (ElasticNetCV(), "cv"),
        (LassoCV(cv=3), "cv"),
        (GridSearchCV(ElasticNetCV(), {"l1_ratio": [0.5]}), "cv"),
        (make_pipeline(StandardScaler(), LassoCV()), "lassocv__cv"),
        (TransformedTargetRegressor(LassoCV()), "regressor__cv"),
        (TransformedTargetRegressor(), None),
        (LassoCV(cv=KFold(3)), None),
        (ScikitRidge(), None),
    ],
    ids=str,
)
def test_which_parameter_says_on_which_folds_a_regressor_chooses(model, name):
    assert _cv_name(model) == name


def test_a_regressor_of_scikit_learn_chooses_over_groups(known):
    inputs, ages = known
    fold = PredefinedSplit(tuning_folds(inputs, ages, 0))
    fitted = learner_of("LassoCV").fit(inputs, ages, seed=0)
    expected = LassoCV(cv=fold, random_state=0).fit(standardised(inputs), ages - ages.mean())
    np.testing.assert_allclose(fitted.coefficients, expected.coef_, atol=1e-9)


def test_trees_are_as_many_as_groups_held_out_confirm(known, monkeypatch):
    import xgboost

    inputs, ages = known
    monkeypatch.setattr(trees, "MOST_ROUNDS", 40)
    used, cv = [], xgboost.cv

    def watched(*given, **named):
        used.append(named)
        return cv(*given, **named)

    monkeypatch.setattr(xgboost, "cv", watched)
    Trees().fit(inputs, ages, seed=0)
    tested = [{*inputs.groups[rows]} for _, rows in used[0]["folds"]]
    assert sorted(map(sorted, tested)) == [["A"], ["B"], ["C"], ["D"]]


def test_attention_trains_its_nets_without_groups(known, monkeypatch):
    inputs, ages = known
    tiles = Tiles(inputs.features.astype(np.float32), [*np.arange(120)[:, None]])
    inputs = ClockInputs(None, inputs.sex_male, tiles, inputs.groups)
    seen = []
    from skinage.clock.learners.attention_net import train

    def watched(settings, some, target, seed):
        seen.append("".join(sorted({*some.groups})))
        return train(settings, some, target, seed)

    monkeypatch.setattr("skinage.clock.learners.attention_net.train", watched)
    Attention(hidden=4, n_epochs=1, n_tiles=2).fit(inputs, ages, seed=0)
    assert sorted(seen) == ["ABC", "ABCD", "ABD", "ACD", "BCD"]
