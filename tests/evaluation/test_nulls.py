import itertools

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import PredefinedSplit, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skinage.clock.data import clock_data
from skinage.clock.learners.ridge import LinearModel, Ridge
from skinage.evaluation.baselines import compare_clocks
from skinage.evaluation.nulls import _scores, _verdict, shuffle_within, shuffled_rows
from skinage.skip_log import skipped


class OneByOne:
    """Ridge regression that cannot fit several targets at once."""

    name, needs_tiles = "one by one", False

    def fit(self, inputs, target, *, seed):
        assert target.ndim == 1
        return Ridge().fit(inputs, target, seed=seed)

    def load(self, arrays):
        return LinearModel(**arrays)


@pytest.fixture
def confounded(make_cohort, make_people):
    """People whose features show their scanner, which goes with their age, and no more."""
    cohort, generator = make_cohort(200), np.random.default_rng(0)
    old = cohort["age_years"] > 55
    cohort["scanner"] = np.where(old, "B", "A")
    return make_people(np.outer(old, np.ones(20)) + generator.normal(size=(200, 20))), cohort


def test_only_the_shuffle_within_groups_sees_that_a_clock_knows_its_scanner(confounded):
    people, cohort = confounded
    table = compare_clocks({"trained": people}, cohort, n_deals=1).set_index("features")
    large, within = table.loc["shuffled ages"], table.loc["shuffled within scanner and sex"]
    clock = table.loc["trained", "r2"]
    assert clock > 0.6
    assert (large["r2"] < 0, large["p_value"]) == (True, 1 / 200)
    assert within["r2"] == pytest.approx(clock, abs=0.04)
    assert within["p_value"] > 0.05
    assert large["verdict"].startswith("the clock knows something of age: R2 0.")
    words = "the clock knows no more of age than is known by scanner and sex: R2 0."
    assert within["verdict"].startswith(words)
    people = people.drop(columns="n_tiles")
    known = people + np.outer(cohort["age_years"] / 20, np.ones(20))
    table = compare_clocks({"trained": known}, cohort, n_deals=1).set_index("features")
    within = table.loc["shuffled within scanner and sex"]
    assert within["p_value"] == 1 / 200
    assert within["verdict"].startswith(
        "the clock knows more of age than is known by scanner and sex"
    )


def test_the_verdict_says_where_groups_know_nearly_all():
    assert _verdict(0.01, 0.62, np.full(199, 0.6), "scanner") == (
        "nearly all that the clock knows of age is known by scanner: R2 0.62, of shuffled ages "
        "0.60 (p = 0.010, 199 shuffles)"
    )
    nothing = _verdict(0.3, -0.001, np.full(19, -0.02), None)
    assert nothing.startswith("the clock is not seen to know anything")


@pytest.mark.slow
def test_a_p_value_is_as_small_as_it_says_where_nothing_is_planted(make_cohort, make_people):
    small = []
    for seed in range(100):
        cohort = make_cohort(40, seed)
        people = make_people(np.random.default_rng([seed, 1]).normal(size=(40, 3)))
        data = clock_data(people, cohort, "ridge")
        fold = np.random.default_rng(seed).permutation(40) % 4
        rows, _ = shuffled_rows(data, cohort, fold, n_shuffles=19, seed=seed)
        small.append([row["p_value"] <= 0.1 for row in rows])
    assert (np.mean(small, axis=0) < 0.17).all()  # its SE is .03
    assert (np.mean(small, axis=0) > 0.03).all()


def test_shuffles_draw_every_order_within_groups_alike():
    groups = np.array([1, 0, 1, 0, 1, 2])
    orders = shuffle_within(groups, 6000, seed=0)
    assert (groups[orders] == groups).all()
    assert (np.sort(orders) == np.arange(6)).all()
    found, counts = np.unique(orders, axis=0, return_counts=True)
    expected = {
        (one[0], zero[0], one[1], zero[1], one[2], 5)
        for one in itertools.permutations([0, 2, 4])
        for zero in itertools.permutations([1, 3])
    }
    assert set(map(tuple, found.tolist())) == expected
    np.testing.assert_allclose(counts, 500, atol=100)
    assert (shuffle_within(groups, 5, seed=1) != shuffle_within(groups, 5, seed=2)).any()


@pytest.mark.parametrize("model", ["ridge", OneByOne()])
def test_each_shuffle_is_a_cross_validation_of_its_own(confounded, model):
    people, cohort = confounded
    data = clock_data(people, cohort, model)
    fold, orders = np.arange(200) % 4, shuffle_within(np.zeros(200, int), 3, 0)
    found = _scores(data, fold, orders, seed=0)
    features = people.drop(columns="n_tiles").to_numpy()
    ridge = make_pipeline(StandardScaler(), RidgeCV(20 * np.logspace(-4, 3, 29), gcv_mode="svd"))
    for order, mae, r2 in zip(orders, *found, strict=True):
        age = cohort["age_years"].to_numpy()[order]
        predicted = cross_val_predict(ridge, features, age, cv=PredefinedSplit(fold))
        np.testing.assert_allclose(mae, np.abs(predicted - age).mean())
        np.testing.assert_allclose(r2, 1 - ((predicted - age) ** 2).mean() / age.var())


def test_brackets_are_shuffled_whole(make_cohort, make_people):
    cohort = make_cohort(60)
    low = np.floor(cohort["age_years"] / 10) * 10
    width = np.where(low < 50, 10, 20)
    known = cohort.assign(age_low=low, age_high=low + width, age_years=low + width / 2)
    seen = []

    class Spy(OneByOne):
        def fit(self, inputs, target, *, seed):
            seen.append(target)
            return LinearModel(np.zeros(2), np.ones(2), np.zeros(2), np.asarray(45.0))

    people = make_people(np.random.default_rng(0).normal(size=(60, 2)))
    data = clock_data(people, known, Spy())
    orders = shuffle_within(np.zeros(60, int), 4, 0)
    mae, _ = _scores(data, np.arange(60) % 2, orders, seed=0)
    # The same prediction for everybody is as far from the brackets in any order.
    apart = 45 - np.clip(45, known["age_low"], known["age_high"])
    np.testing.assert_allclose(mae, np.abs(apart).mean())
    halves = [np.sort(np.concatenate([seen[k], seen[k + 4]])) for k in range(4)]
    np.testing.assert_allclose(halves, np.tile(np.sort(known["age_years"]), (4, 1)))


def test_what_cannot_be_shuffled_is_blank_with_a_reason(confounded):
    people, cohort = confounded
    few = cohort.assign(body_site=[f"site {k // 2}" for k in range(200)])
    bare = cohort.drop(columns=["scanner", "sex"])
    for own, row, reason in (
        (few, "shuffled within scanner, body site and sex", "would get the age of another person"),
        (bare, "shuffled within scanner, body site and sex", "no scanner, body site or sex is kn"),
    ):
        table = compare_clocks({"trained": people}, own, n_deals=1, n_shuffles=5)
        log = skipped(table).set_index("item")["reason"]
        blank = table.set_index("features").loc[row]
        assert blank[["mae_years", "r2", "p_value"]].isna().all()
        assert blank["verdict"] == log[row]
        assert reason in log[row]
        assert table.set_index("features").loc["shuffled ages", "n_shuffles"] == 5


def test_people_alone_in_their_group_keep_their_age_and_are_counted(confounded):
    people, cohort = confounded
    cohort["scanner"] = ["C", "D", None, *cohort["scanner"][3:]]
    two = pd.concat([cohort, cohort.tail(1).assign(slide_id="other", scanner="E")])
    table = compare_clocks({"trained": people}, two, n_deals=1, n_shuffles=5)
    assert skipped(table).to_numpy().tolist() == [
        ["compare_clocks", "4 people", "alone of their scanner and sex; they keep their age in the "
         "shuffles"]
    ]  # fmt: skip
