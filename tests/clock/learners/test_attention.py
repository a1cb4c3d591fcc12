import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from safetensors.numpy import load, save

from skinage.clock.learners.attention import Attention, epochs_needed, standardise_tiles
from skinage.clock.learners.attention_training import Bags, Net
from skinage.clock.learners.pooled import Pooled
from skinage.clock.learners.ridge import Ridge
from skinage.cohort.folds import person_folds
from skinage.errors import StageError
from skinage.people.clock_inputs import ClockInputs
from skinage.people.person_tiles import Tiles

N_TELLING = 3
QUICK = Attention(hidden=8, n_epochs=3, n_tiles=6)


def evidence_of_bags(bags: list[np.ndarray]) -> ClockInputs:
    rows = np.split(np.arange(sum(map(len, bags))), np.cumsum([len(bag) for bag in bags])[:-1])
    tiles = Tiles(np.concatenate(bags).astype(np.float32), rows)
    return ClockInputs(None, np.full(len(bags), np.nan), tiles)


def plant(n_people: int, seed: int = 0) -> tuple[ClockInputs, np.ndarray]:
    """The first few of 30 tiles are of another tissue, and only they know the age."""
    generator = np.random.default_rng(seed)
    ages = generator.uniform(20, 90, n_people)
    bags = generator.normal(size=(n_people, 30, 12))
    bags[:, :N_TELLING, 0] += 4
    bags[:, :N_TELLING, 1] += (ages[:, None] - 55) / 10
    return evidence_of_bags([*bags]), ages


@pytest.fixture(scope="module")
def uneven():
    """People with 1 to 25 tiles."""
    generator = np.random.default_rng(5)
    ages = generator.uniform(20, 90, 30)
    bags = [generator.normal(age / 30, 1, (generator.integers(1, 26), 7)) for age in ages]
    bags[3] = bags[3][:1]
    return evidence_of_bags(bags), ages


@pytest.fixture(scope="module")
def quick(uneven):
    """A model whose attention differs from tile to tile."""
    model = QUICK.fit(*uneven, seed=0)
    generator = np.random.default_rng(6)
    model.importance[:] = generator.normal(0, 2, model.importance.shape)
    return model


def with_rows(inputs: ClockInputs, change) -> ClockInputs:
    rows = [change(rows) for rows in inputs.tiles.rows]
    return ClockInputs(None, inputs.sex_male, Tiles(inputs.tiles.features, rows))


@pytest.mark.slow
def test_few_telling_tiles_are_found_where_ridge_on_the_mean_misses_them():
    (inputs, ages), (tested, actual) = plant(90, seed=0), plant(60, seed=1)
    model = Attention().fit(inputs, ages, seed=0)
    error = np.abs(model.predict(tested) - actual).mean()
    ridge = Pooled(Ridge(), ("mean",)).fit(inputs, ages, seed=0)
    assert error < 0.75 * np.abs(ridge.predict(tested) - actual).mean()
    # They are a tenth of the tiles.
    on_telling = [weights[:N_TELLING].sum() for weights in model.attention(tested)]
    assert np.median(on_telling) > 0.25
    assert min(on_telling) > 0.15


def test_where_all_tiles_tell_alike_it_is_about_as_good_as_ridge():
    generator = np.random.default_rng(2)
    ages = generator.uniform(20, 90, 160)
    centres = (ages[:, None] - 55) / 25 * [1, 0.5, 0, 0, 0, 0] + generator.normal(0, 0.6, (160, 6))
    inputs = evidence_of_bags([*generator.normal(centres[:, None], 1, (160, 20, 6))])
    training, tested = inputs.take(np.arange(80)), inputs.take(np.arange(80, 160))
    errors = [
        np.abs(learner.fit(training, ages[:80], 0).predict(tested) - ages[80:]).mean()
        for learner in (Attention(n_epochs=30), Pooled(Ridge(), ("mean",)))
    ]
    assert errors[0] < 1.05 * errors[1]


def test_before_training_it_is_ridge_on_the_mean(uneven):
    inputs, ages = uneven
    found = Attention(n_epochs=0).fit(inputs, ages, seed=4).predict(inputs)
    part = person_folds(pd.Series(ages), 5, seed=4).to_numpy()
    ridges = [Pooled(Ridge(), ("mean",)).fit(inputs.take(part != one), ages[part != one], 0)
              for one in range(5)]  # fmt: skip
    expected = np.mean([ridge.predict(inputs) for ridge in ridges], axis=0)
    assert_allclose(found, expected, atol=2e-3)


def test_ridge_is_the_least_loss_as_long_as_all_tiles_weigh_the_same(uneven):
    inputs, ages = uneven
    mean, scale, pooled = standardise_tiles(inputs.tiles)
    bags = Bags(inputs.tiles, mean, scale, pooled, (ages - ages.mean()) / ages.std())
    generator = np.random.default_rng(0)
    net = Net(pooled, bags.target, 8, generator)
    drawn = bags.draw(np.arange(30), 10**6, generator)
    net.loss(*drawn, torch.tensor(bags.target, dtype=torch.float32)).backward()
    assert_allclose(net.coefficients.grad, 0, atol=1e-5)
    assert_allclose(net.intercept.grad, 0, atol=1e-5)
    # It moves on by what it may find in the tiles.
    assert net.importance.grad.abs().max() > 1e-3


def test_training_and_prediction_are_the_same_formula(uneven, quick):
    """The net sees padded bags of all people; the model one person after the other."""
    inputs, ages = uneven
    centre, spread = ages.mean(), ages.std()
    mean, scale, pooled = standardise_tiles(inputs.tiles)
    bags = Bags(inputs.tiles, mean, scale, pooled, (ages - centre) / spread)
    generator = np.random.default_rng(0)
    tiles, present = bags.draw(np.arange(30), 10**6, generator)
    assert present.sum(1).tolist() == [len(rows) for rows in inputs.tiles.rows]
    members = []
    for member in range(5):
        net = Net(pooled, bags.target, 8, generator)
        with torch.no_grad():
            for name in ("content", "content_bias", "gate", "gate_bias", "importance"):
                getattr(net, name).copy_(torch.tensor(getattr(quick, name)[member]))
            coefficients = torch.tensor(quick.coefficients[member] / spread)
            net.coefficients.copy_(coefficients * net.scale)
            shift = (quick.intercept[member] - centre) / spread
            net.intercept.copy_(shift + coefficients.to(net.mean) @ net.mean)
            members.append(centre + spread * net(tiles, present).numpy())
    assert_allclose(quick.predict(inputs), np.mean(members, axis=0), atol=1e-3)


def test_prediction_by_hand(uneven, quick):
    inputs, _ = uneven
    tiles = inputs.tiles.features[inputs.tiles.rows[0]].astype(float)
    ages, weights = [], []
    for member in range(5):
        weighed = []
        for tile in (tiles - quick.mean) / quick.scale:
            content = np.tanh(quick.content[member] @ tile + quick.content_bias[member])
            gate = 1 / (1 + np.exp(-quick.gate[member] @ tile - quick.gate_bias[member]))
            weighed.append(np.exp(quick.importance[member] @ (content * gate)))
        weights.append(np.array(weighed) / sum(weighed))
        pooled = weights[-1] @ ((tiles - quick.mean) / quick.scale)
        ages.append(quick.intercept[member] + quick.coefficients[member] @ pooled)
    assert quick.predict(inputs)[0] == pytest.approx(np.mean(ages), abs=1e-3)
    assert_allclose(quick.attention(inputs)[0], np.mean(weights, axis=0), atol=1e-6)


def test_a_persons_age_does_not_depend_on_who_else_is_asked_about(uneven, quick):
    inputs, _ = uneven
    alone = [quick.predict(inputs.take(np.array([one])))[0] for one in range(30)]
    assert_array_equal(alone, quick.predict(inputs))


def test_the_order_of_tiles_and_copies_of_all_change_nothing(uneven, quick):
    inputs, _ = uneven
    expected = quick.predict(inputs)
    turned = quick.predict(with_rows(inputs, lambda rows: rows[::-1]))
    twice = quick.predict(with_rows(inputs, lambda rows: np.concatenate([rows, rows])))
    assert_allclose(turned, expected, atol=1e-4)
    assert_allclose(twice, expected, atol=1e-4)
    # Some tiles more often than others do change it.
    more = quick.predict(with_rows(inputs, lambda rows: np.concatenate([rows, rows[:1]])))
    assert np.abs(more - expected).max() > 0.1


def test_attention_is_a_share_per_tile(uneven, quick):
    inputs, _ = uneven
    weights = quick.attention(inputs)
    assert [len(one) for one in weights] == [len(rows) for rows in inputs.tiles.rows]
    assert_allclose([one.sum() for one in weights], 1)
    assert all((one > 0).all() for one in weights)
    assert_array_equal(weights[3], [1])


def test_the_same_seed_gives_the_same_model_and_leaves_torch_as_it_was(uneven, request):
    torch.manual_seed(1)
    before, n_threads = torch.get_rng_state(), torch.get_num_threads()
    request.addfinalizer(lambda: torch.set_num_threads(n_threads))
    torch.set_num_threads(2)
    once, again, other = (QUICK.fit(*uneven, seed).arrays() for seed in (0, 0, 1))
    for name, value in once.items():
        assert_array_equal(value, again[name], err_msg=name)
    assert not np.array_equal(once["content"], other["content"])
    assert_array_equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == 2


def test_training_looks_at_training_people_only(uneven):
    inputs, ages = uneven
    training = np.arange(20)
    changed = inputs.tiles.features.copy()
    changed[np.concatenate(inputs.tiles.rows[20:])] += 100
    other = ClockInputs(None, inputs.sex_male, Tiles(changed, inputs.tiles.rows))
    fits = [QUICK.fit(one.take(training), ages[:20], 0).arrays() for one in (inputs, other)]
    for name in fits[0]:
        assert_array_equal(fits[0][name], fits[1][name], err_msg=name)


def test_arrays_hold_everything(uneven, quick):
    inputs, _ = uneven
    again = QUICK.load(load(save(quick.arrays())))
    assert_array_equal(again.predict(inputs), quick.predict(inputs))


def test_a_step_sees_part_of_each_persons_tiles(uneven):
    inputs, _ = uneven
    rows = inputs.tiles.rows
    bags = Bags(inputs.tiles, np.zeros(7), np.ones(7), np.zeros((30, 7)), np.zeros(30))
    tiles, present = bags.draw(np.array([3, 4, 5]), 6, np.random.default_rng(0))
    for person, some, there in zip([3, 4, 5], tiles.numpy(), present.numpy(), strict=True):
        own = {tuple(tile) for tile in inputs.tiles.features[rows[person]]}
        drawn = [tuple(tile) for tile in some[there]]
        assert len(set(drawn)) == len(drawn) == min(6, len(own))
        assert set(drawn) <= own


def test_each_person_counts_the_same_in_the_scale_of_tiles():
    inputs = evidence_of_bags([np.array([[0.0, 7]]), np.array([[2.0, 7], [4, 7]] * 50)])
    mean, scale, pooled = standardise_tiles(inputs.tiles)
    assert_allclose(mean, [1.5, 7])
    # Mean square from 1.5: of one person 1.5**2, of the other the mean of 0.5**2 and 2.5**2.
    assert_allclose(scale, [np.sqrt((2.25 + 3.25) / 2), 1])
    assert_allclose(pooled[:, 0], [-1.5 / scale[0], 1.5 / scale[0]])


def test_the_first_epoch_that_is_not_clearly_worse_is_taken():
    # Four people; the last epoch is best, by 0.5 on average.
    last = np.array([1.0, 2, 3, 4])
    clearly = last + 0.5  # no doubt: standard error 0
    perhaps = last + np.array([2.5, -1.5, 2.5, -1.5])  # standard error 1.15
    assert epochs_needed(np.stack([clearly, perhaps, last])) == 1
    assert epochs_needed(np.stack([clearly, clearly, last])) == 2
    assert epochs_needed(np.stack([perhaps, clearly, last])) == 0


def test_ages_are_in_years_whatever_their_scale(uneven):
    inputs, ages = uneven
    years, other = (QUICK.fit(inputs, some, 0).predict(inputs) for some in (ages, 3 * ages + 7))
    assert_allclose(other, 3 * years + 7, rtol=1e-3)


def test_pooled_features_are_refused():
    with pytest.raises(StageError, match="give the atlas"):
        QUICK.fit(ClockInputs(np.ones((9, 2)), np.ones(9)), np.arange(9.0), 0)
