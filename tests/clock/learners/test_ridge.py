import numpy as np
import pytest
from safetensors.numpy import load, save
from sklearn.compose import TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    HistGradientBoostingRegressor,
    RandomForestRegressor,
    VotingRegressor,
)
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, DotProduct, WhiteKernel
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import ElasticNet, PoissonRegressor
from sklearn.linear_model import Ridge as ScikitRidge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer
from sklearn.svm import SVR

from skinage.clock.fitting import cross_predict
from skinage.clock.learners.choice import learner_of
from skinage.clock.learners.ridge import LinearModel, Ridge
from skinage.clock.learners.scikit import ScikitModel
from skinage.clock.learners.trees import Trees
from skinage.errors import SettingError
from skinage.people.clock_inputs import ClockInputs

KERNEL = 0.05 * DotProduct() + RBF(7) + WhiteKernel(0.3)
LINEAR = [Ridge(), "ElasticNetCV", "LinearSVR", GridSearchCV(ScikitRidge(), {"alpha": [1, 10]})]
OTHERS = [
    SVR(C=30), GaussianProcessRegressor(KERNEL, normalize_y=True, optimizer=None),
    RandomForestRegressor(20), make_pipeline(SplineTransformer(4), ScikitRidge(10)),
    VotingRegressor([("line", ElasticNet()), ("forest", RandomForestRegressor(5))]),
]  # fmt: skip
IDS = {"ids": lambda one: one if isinstance(one, str) else type(one).__name__}


@pytest.fixture(autouse=True)
def few_trees(monkeypatch):
    monkeypatch.setattr("skinage.clock.learners.trees.MOST_ROUNDS", 60)


@pytest.fixture(scope="module")
def known():
    """150 people whose age shows in features, on a line and on a curve, and differs by sex."""
    generator = np.random.default_rng(0)
    ages, male = generator.uniform(20, 90, 150), generator.integers(0, 2, 150).astype(float)
    shown = (ages + 10 * male - 60) / 20
    causes = np.column_stack([shown, shown**2, generator.normal(size=(150, 6))])
    features = causes @ generator.normal(size=(8, 30)) + 0.3 * generator.normal(size=(150, 30))
    return ClockInputs(3 + features, male), ages


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("model", [*LINEAR, *OTHERS, "trees"], **IDS)
def test_each_learner_predicts_ages_and_the_seed_decides(model, known):
    inputs, ages = known
    learner = learner_of(model)
    predicted = cross_predict(learner, inputs, ages, np.arange(150) % 3, seed=0)
    assert 1 - np.mean((predicted - ages) ** 2) / ages.var() > 0.5
    once, again = (learner.fit(inputs, ages, seed=1).predict(inputs) for _ in range(2))
    np.testing.assert_array_equal(once, again)
    assert once.shape == (150,)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("model", [*LINEAR, "trees"], **IDS)
def test_what_can_be_saved_comes_back_from_its_arrays(model, known):
    inputs, ages = known
    learner = learner_of(model)
    fitted = learner.fit(inputs, ages, seed=1)
    assert isinstance(fitted, LinearModel) or model == "trees"
    again = learner.load(load(save(fitted.arrays())))
    assert (again.predict(inputs) == fitted.predict(inputs)).all()


@pytest.mark.parametrize("model", OTHERS, **IDS)
def test_what_only_pickle_could_keep_is_not_saved(model, known):
    fitted = learner_of(model).fit(*known, seed=1)
    assert isinstance(fitted, ScikitModel)
    with pytest.raises(SettingError, match=r"cannot be saved.*ridge, trees, attention and linear"):
        fitted.arrays()


def test_coefficients_do_not_make_a_sum(known):
    """A Poisson regression has coefficients too, but its age is the exponential of their sum."""
    fitted = learner_of(PoissonRegressor(max_iter=20, tol=1.0)).fit(*known, seed=0)
    assert isinstance(fitted, ScikitModel)


def test_a_regressor_is_fitted_on_standardised_features_and_stays_as_it_was(known):
    inputs, ages = known
    regressor = ElasticNet(alpha=0.3)
    fitted = learner_of(regressor).fit(inputs, ages, seed=0)
    features = inputs.features
    standardised = (features - features.mean(0)) / features.std(0)
    expected = ElasticNet(alpha=0.3).fit(standardised, ages)
    np.testing.assert_allclose(fitted.coefficients, expected.coef_)
    np.testing.assert_allclose(fitted.predict(inputs), expected.predict(standardised))
    assert not hasattr(regressor, "coef_")


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    ("model", "part"),
    [
        ("GaussianProcessRegressor", 0.5),
        ("SVR", 0.9),
        ("KernelRidge", 0.5),
        ("MLPRegressor", 0.5),
        ("ElasticNet", 0.5),
        (KernelRidge(), 0.5),
        (GaussianProcessRegressor(), 1),
    ],
    ids=str,
)
def test_the_defaults_of_a_regressor_predict_better_than_the_mean_age(model, part, known):
    """Several expect a target of mean 0, one expects SD 1, and others a large target."""
    inputs, ages = known
    predicted = cross_predict(learner_of(model), inputs, ages, np.arange(150) % 3, seed=0)
    assert np.abs(predicted - ages).mean() < part * np.abs(ages - ages.mean()).mean()


@pytest.mark.parametrize(
    "model",
    [
        "PoissonRegressor",
        make_pipeline(PoissonRegressor()),
        HistGradientBoostingRegressor(loss="gamma"),
        TransformedTargetRegressor(SVR(), func=np.log, inverse_func=np.exp),
    ],
    ids=["by name", "pipeline", "loss", "transformed"],
)
def test_ages_are_not_centred_where_the_target_must_be_positive(model, known):
    inputs, ages = known
    predicted = learner_of(model).fit(inputs, ages, seed=0).predict(inputs)
    assert np.corrcoef(predicted, ages)[0, 1] > 0.8


def test_a_linear_pipeline_becomes_the_sum_that_it_is(known):
    inputs, ages = known
    fitted = learner_of(make_pipeline(PCA(5), ScikitRidge(1))).fit(inputs, ages, seed=0)
    assert isinstance(fitted, LinearModel)
    standardised = (inputs.features - fitted.mean) / fitted.scale
    expected = make_pipeline(PCA(5), ScikitRidge(1)).fit(standardised, ages).predict(standardised)
    np.testing.assert_allclose(fitted.predict(inputs), expected)


def test_a_seed_that_the_user_set_stays(known):
    inputs, ages = known
    fixed = learner_of(RandomForestRegressor(5, random_state=3))
    drawn = learner_of(RandomForestRegressor(5))
    same = [fixed.fit(inputs, ages, seed=seed).predict(inputs) for seed in (0, 1)]
    other = [drawn.fit(inputs, ages, seed=seed).predict(inputs) for seed in (0, 1)]
    np.testing.assert_array_equal(*same)
    assert (other[0] != other[1]).any()


@pytest.mark.parametrize("model", ["ridge", "trees", "SVR"])
def test_units_of_features_do_not_matter(model, known):
    inputs, ages = known
    other = ClockInputs(inputs.features * np.logspace(-3, 3, 30) + 5, inputs.sex_male)
    found = [learner_of(model).fit(one, ages, seed=0).predict(one) for one in (inputs, other)]
    np.testing.assert_allclose(*found, atol=0.5)


def test_trees_see_the_sex_and_linear_models_do_not(known):
    inputs, ages = known
    other = ClockInputs(inputs.features, 1 - inputs.sex_male)
    unknown = ClockInputs(inputs.features, np.full(150, np.nan))
    trees, ridge = Trees().fit(inputs, ages, seed=0), Ridge().fit(inputs, ages, seed=0)
    assert np.abs(trees.predict(inputs) - trees.predict(other)).mean() > 1
    assert np.isfinite(trees.predict(unknown)).all()
    assert (ridge.predict(inputs) == ridge.predict(other)).all()
