import numpy as np
import pytest
from safetensors.numpy import load, save
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import ElasticNet as ScikitElasticNet

from skinage.clock.fitting import LEARNERS, cross_predict, learner_of
from skinage.clock.learners.ridge import ElasticNet, GaussianProcess, Ridge
from skinage.clock.learners.trees import Ensemble, Trees
from skinage.errors import StageError
from skinage.people.clock_inputs import ClockInputs

OF_FEATURES = (Ridge(), ElasticNet(), GaussianProcess(), Trees(), Ensemble((Ridge(), Trees())))


@pytest.fixture
def known():
    """150 people whose age shows in features, on a line and on a curve, and differs by sex."""
    generator = np.random.default_rng(0)
    ages, male = generator.uniform(20, 90, 150), generator.integers(0, 2, 150).astype(float)
    shown = (ages + 10 * male - 60) / 20
    causes = np.column_stack([shown, shown**2, generator.normal(size=(150, 6))])
    features = causes @ generator.normal(size=(8, 30)) + 0.3 * generator.normal(size=(150, 30))
    return ClockInputs(3 + features, male), ages


@pytest.mark.parametrize("learner", OF_FEATURES, ids=lambda one: one.name)
def test_each_learner_tells_ages_and_comes_back_from_its_arrays(learner, known):
    inputs, ages = known
    predicted = cross_predict(learner, inputs, ages, np.arange(150) % 3, seed=0)
    assert 1 - np.mean((predicted - ages) ** 2) / ages.var() > 0.75
    model = learner.fit(inputs, ages, seed=1)
    again = learner.load(load(save(model.arrays())))
    assert (again.predict(inputs) == model.predict(inputs)).all()
    assert (learner.fit(inputs, ages, seed=1).predict(inputs) == model.predict(inputs)).all()


@pytest.mark.parametrize("learner", OF_FEATURES, ids=lambda one: one.name)
def test_units_of_features_do_not_matter(learner, known):
    inputs, ages = known
    other = ClockInputs(inputs.features * np.logspace(-3, 3, 30) + 5, inputs.sex_male)
    found = [learner.fit(one, ages, 0).predict(one) for one in (inputs, other)]
    np.testing.assert_allclose(*found, atol=0.5)


def test_elastic_net_solves_its_own_problem(known):
    inputs, ages = known
    model = ElasticNet().fit(inputs, ages, 0)
    standardised = (inputs.features - model.mean) / model.scale
    chosen = ElasticNet().regression(standardised, ages, 0)
    direct = ScikitElasticNet(alpha=chosen.alpha_, l1_ratio=chosen.l1_ratio_, tol=1e-8)
    np.testing.assert_allclose(
        model.predict(inputs), direct.fit(standardised, ages).predict(standardised), atol=0.1
    )


def test_the_process_predicts_as_scikit_learn(known):
    inputs, ages = known
    model = GaussianProcess().fit(inputs, ages, 0)
    from skinage.clock.learners.ridge import _process_kernel

    kernel = _process_kernel(30).clone_with_theta(model.kernel)
    process = GaussianProcessRegressor(kernel, optimizer=None, normalize_y=True)
    standardised = (inputs.features - model.mean) / model.scale
    process.fit(standardised, ages)
    new = np.random.default_rng(1).normal(size=(20, 30)) + 3
    expected = process.predict((new - model.mean) / model.scale)
    np.testing.assert_allclose(model.predict(ClockInputs(new, np.zeros(20))), expected, rtol=1e-6)


def test_trees_see_the_sex_and_linear_models_do_not(known):
    inputs, ages = known
    other = ClockInputs(inputs.features, 1 - inputs.sex_male)
    unknown = ClockInputs(inputs.features, np.full(150, np.nan))
    trees, ridge = Trees().fit(inputs, ages, 0), Ridge().fit(inputs, ages, 0)
    assert np.abs(trees.predict(inputs) - trees.predict(other)).mean() > 1
    assert np.isfinite(trees.predict(unknown)).all()
    assert (ridge.predict(inputs) == ridge.predict(other)).all()


def test_an_ensemble_is_the_mean_of_its_members(known):
    inputs, ages = known
    members = (Ridge(), Trees())
    found = Ensemble(members).fit(inputs, ages, 0).predict(inputs)
    alone = [member.fit(inputs, ages, 0).predict(inputs) for member in members]
    np.testing.assert_allclose(found, np.mean(alone, axis=0))


def test_models_are_found_by_name():
    assert learner_of("ridge", None) is LEARNERS["ridge"]
    assert learner_of("ensemble", None).name == "ridge+gaussian_process+trees"
    assert learner_of("ridge+trees", None).members == (LEARNERS["ridge"], LEARNERS["trees"])
    assert learner_of("attention", ("mean",)).name == "attention"
    with pytest.raises(StageError, match="no model forest; choose from ridge, elastic_net"):
        learner_of("ridge+forest", None)
    with pytest.raises(StageError, match="attention pools the tiles itself; give the atlas"):
        learner_of("ridge+attention", None)
