import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from safetensors.numpy import load, save

from skinage.clock.learners.attention import Attention, epochs_needed
from skinage.clock.learners.attention_net import draw, ridge_start
from skinage.clock.learners.pooled import Pooled
from skinage.clock.learners.ridge import Ridge
from skinage.errors import StageError
from skinage.people.clock_inputs import ClockInputs
from skinage.people.person_tiles import Tiles
from skinage.people.pooling import Pooling

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
    arrays = QUICK.fit(*uneven, seed=0).arrays()
    arrays["importance.weight"] = np.random.default_rng(6).normal(0, 2, (1, 8))
    return QUICK.load(arrays)


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
        np.abs(learner.fit(training, ages[:80], seed=0).predict(tested) - ages[80:]).mean()
        for learner in (Attention(n_epochs=30), Pooled(Ridge(), ("mean",)))
    ]
    assert errors[0] < 1.05 * errors[1]


def test_before_training_it_is_ridge_on_the_mean(uneven):
    inputs, ages = uneven
    found = Attention(n_epochs=0).fit(inputs, ages, seed=4).predict(inputs)
    ridge = Pooled(Ridge(), ("mean",)).fit(inputs, ages, seed=0)
    assert_allclose(found, ridge.predict(inputs), atol=1e-3)


def test_ridge_is_the_least_loss_as_long_as_all_tiles_weigh_the_same(uneven):
    inputs, ages = uneven
    target = (ages - ages.mean()) / ages.std()
    net, penalty = ridge_start(inputs.tiles, target, 8, seed=0)
    # Two tiles of each person around the mean of all.
    mean = Pooling(("mean",)).transform(inputs.tiles)
    apart = np.random.default_rng(0).normal(size=mean.shape)
    predicted, _ = net(torch.tensor(np.stack([mean + apart, mean - apart], 1)).float())
    (
        ((predicted - torch.tensor(target)) ** 2).mean() + penalty * (net.head.weight**2).sum()
    ).backward()
    assert_allclose(net.head.weight.grad, 0, atol=1e-5)
    assert_allclose(net.head.bias.grad, 0, atol=1e-5)
    # It moves on by what it may find in the tiles.
    assert net.importance.weight.grad.abs().max() > 1e-3


def test_prediction_by_hand(uneven, quick):
    inputs, _ = uneven
    own = quick.arrays()
    tiles = inputs.tiles.features[inputs.tiles.rows[0]].astype(float)
    weights, standardised = [], (tiles - own["tile_mean"]) / own["tile_scale"]
    for tile in standardised:
        content = np.tanh(own["content.weight"] @ tile + own["content.bias"])
        gate = 1 / (1 + np.exp(-own["gate.weight"] @ tile - own["gate.bias"]))
        weights.append(np.exp(own["importance.weight"][0] @ (content * gate)))
    weights = np.array(weights) / sum(weights)
    person = weights @ standardised / own["person_scale"]
    age = own["head.bias"][0] + own["head.weight"][0] @ person
    assert quick.predict(inputs)[0] == pytest.approx(age)
    assert_allclose(quick.attention(inputs)[0], weights)


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
    once, again, other = (QUICK.fit(*uneven, seed=seed).arrays() for seed in (0, 0, 1))
    for name, value in once.items():
        assert_array_equal(value, again[name], err_msg=name)
    assert not np.array_equal(once["content.weight"], other["content.weight"])
    assert_array_equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == 2


def test_training_looks_at_training_people_only(uneven):
    inputs, ages = uneven
    training = np.arange(20)
    changed = inputs.tiles.features.copy()
    changed[np.concatenate(inputs.tiles.rows[20:])] += 100
    other = ClockInputs(None, inputs.sex_male, Tiles(changed, inputs.tiles.rows))
    fits = [QUICK.fit(one.take(training), ages[:20], seed=0).arrays() for one in (inputs, other)]
    for name in fits[0]:
        assert_array_equal(fits[0][name], fits[1][name], err_msg=name)


def test_arrays_hold_everything(uneven, quick):
    inputs, _ = uneven
    again = QUICK.load(load(save(quick.arrays())))
    assert_array_equal(again.predict(inputs), quick.predict(inputs))


def test_a_step_sees_a_few_tiles_of_each_person_and_no_others(uneven):
    tiles = uneven[0].tiles
    drawn = draw(tiles, np.array([3, 4, 5]), 400, np.random.default_rng(0)).numpy()
    assert drawn.shape == (3, 400, 7)
    for person, some in zip([3, 4, 5], drawn, strict=True):
        own = {tuple(tile) for tile in tiles.features[tiles.rows[person]]}
        assert {tuple(tile) for tile in some} == own


def test_each_person_counts_the_same_in_the_scale_of_tiles():
    tiles = evidence_of_bags([np.array([[0.0, 7]]), np.array([[2.0, 7], [4, 7]] * 50)]).tiles
    net, _ = ridge_start(tiles, np.array([-1.0, 1]), 4, seed=0)
    assert_allclose(net.tile_mean, [1.5, 7])
    # Mean square from 1.5: of one person 1.5**2, of the other the mean of 0.5**2 and 2.5**2.
    assert_allclose(net.tile_scale, [np.sqrt((2.25 + 3.25) / 2), 1])
    assert_allclose(net.person_scale[0], 1.5 / net.tile_scale[0])


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
    years, other = (
        QUICK.fit(inputs, some, seed=0).predict(inputs) for some in (ages, 3 * ages + 7)
    )
    assert_allclose(other, 3 * years + 7, rtol=1e-3)


def test_pooled_features_are_refused():
    with pytest.raises(StageError, match="give the atlas"):
        QUICK.fit(ClockInputs(np.ones((9, 2)), np.ones(9)), np.arange(9.0), seed=0)
