import numpy as np
import pytest

from skinage import SettingError, Stacked, StageError
from skinage.clock.learners.ridge import Ridge
from skinage.people.clock_inputs import ClockInputs

WIDTHS = (200, 3)
N_PEOPLE = 120


@pytest.fixture(scope="module")
def people():
    """Many weak features and three strong ones, each group with noise of its own."""
    rng = np.random.default_rng(0)
    age = rng.uniform(20, 90, N_PEOPLE)
    weak = np.outer(age, rng.normal(size=200)) / 70 + rng.normal(size=(N_PEOPLE, 200)) * 3
    strong = np.outer(age, [1, -1, 0]) / 20 + rng.normal(size=(N_PEOPLE, 3)) / 3
    return ClockInputs(np.hstack([weak, strong]), np.full(N_PEOPLE, np.nan)), age


def error(model, inputs, age):
    return np.abs(model.predict(inputs) - age).mean()


def test_few_strong_features_are_not_outvoted_by_many_weak_ones(people):
    inputs, age = people
    train = np.arange(N_PEOPLE) < 80
    tested, own = inputs.take(~train), age[~train]
    stacked = Stacked(WIDTHS).fit(inputs.take(train), age[train], seed=0)
    together = Ridge().fit(inputs.take(train), age[train], seed=0)
    strong = ClockInputs(inputs.features[:, 200:], inputs.sex_male)
    alone = Ridge().fit(strong.take(train), age[train], seed=0)
    assert error(stacked, tested, own) < 0.8 * error(together, tested, own)
    assert error(stacked, tested, own) < 1.1 * error(alone, strong.take(~train), own)


def test_a_group_that_knows_nothing_gets_hardly_any_weight(people):
    inputs, age = people
    noise = np.random.default_rng(1).normal(size=(N_PEOPLE, 5))
    both = ClockInputs(np.hstack([inputs.features[:, 200:], noise]), inputs.sex_male)
    weights = Stacked((3, 5)).fit(both, age, seed=0).weights
    assert weights[0] == pytest.approx(1, abs=0.1)
    assert abs(weights[1]) * noise.std() < 0.5


def test_the_sum_of_the_models_is_the_age_and_survives_saving(people):
    inputs, age = people
    model = Stacked(WIDTHS).fit(inputs, age, seed=0)
    parts = np.split(inputs.features, [200], axis=1)
    ages = [
        one.predict(ClockInputs(part, inputs.sex_male))
        for one, part in zip(model.models, parts, strict=True)
    ]
    expected = model.constant + ages[0] * model.weights[0] + ages[1] * model.weights[1]
    assert np.allclose(model.predict(inputs), expected)
    loaded = Stacked(WIDTHS).load(model.arrays())
    assert np.array_equal(loaded.predict(inputs), model.predict(inputs))
    assert (model.weights >= 0).all()


def test_what_cannot_be_stacked_is_refused(people):
    with pytest.raises(SettingError, match=r"widths are \(3,\)"):
        Stacked((3,))
    with pytest.raises(SettingError, match="pools the tiles itself"):
        Stacked((3, 4), "attention")
    with pytest.raises(StageError, match=r"203 features.*3 \+ 4"):
        Stacked((3, 4)).fit(*people, seed=0)
