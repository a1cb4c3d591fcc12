import numpy as np
import pandas as pd
import pytest

from skinage.cohort.folds import group_folds, groups_of, inner_folds, person_folds
from skinage.errors import CohortError, LeakageError, SettingError, StageError


def ages(n_people, seed=0):
    people = pd.Index([f"P{k:03d}" for k in range(n_people)], name="person_id")
    return pd.Series(np.random.default_rng(seed).uniform(5, 100, n_people), index=people)


@pytest.mark.parametrize(("n_people", "n_folds"), [(5, 5), (23, 5), (100, 5), (101, 10), (7, 2)])
def test_everybody_is_dealt_once_into_folds_of_equal_size(n_people, n_folds):
    folds = person_folds(ages(n_people), n_folds)
    sizes = folds.value_counts()
    assert [*folds.index] == [*ages(n_people).index]
    assert sorted(sizes.index) == [*range(n_folds)]
    assert sizes.max() - sizes.min() <= 1


def test_every_fold_gets_one_of_each_block_of_neighbours_in_age():
    by_age = person_folds(ages(100)).loc[ages(100).sort_values().index].to_numpy()
    assert (np.sort(by_age.reshape(20, 5), axis=1) == np.arange(5)).all()


def test_the_deal_depends_on_the_seed_and_not_on_the_order():
    some = ages(60).round(-1)  # many share an age
    shuffled = some.sample(frac=1, random_state=1)
    assert person_folds(shuffled, seed=3).sort_index().equals(person_folds(some, seed=3))
    assert not person_folds(some, seed=4).equals(person_folds(some, seed=3))


def test_impossible_deals_are_refused():
    with pytest.raises(StageError, match="5 folds for 4 people"):
        person_folds(ages(4))
    with pytest.raises(SettingError, match="n_folds is 1; expected 2 at least"):
        person_folds(ages(4), 1)
    with pytest.raises(StageError, match=r"1 people have no age, such as \['P001'\]"):
        person_folds(ages(9).where(lambda values: values.index != "P001"))
    with pytest.raises(LeakageError, match=r"more than once: \['P000'\]"):
        person_folds(pd.concat([ages(9), ages(1)]))


def groups(*names):
    return pd.Series(names, pd.Index([f"P{k}" for k in range(len(names))], name="person_id"))


def test_whole_groups_are_held_out_in_the_order_of_their_names():
    folds = group_folds(groups("B", "A", "B", "C", "A"))
    assert folds.to_dict() == {"P0": 1, "P1": 0, "P2": 1, "P3": 2, "P4": 0}
    assert folds.index.name == "person_id"


def test_groups_that_cannot_be_held_out_are_refused():
    with pytest.raises(StageError, match=r"3 people are of 1 group \['A'\]"):
        group_folds(groups("A", "A", "A"))
    with pytest.raises(StageError, match=r"4 folds for 3 groups.* \['A', 'B', 'C'\]; use 2 to 3"):
        group_folds(groups("A", "B", "C"), 4)
    with pytest.raises(SettingError, match="n_folds is 1"):
        group_folds(groups("A", "B", "C"), 1)
    with pytest.raises(StageError, match=r"2 people have no group, such as \['P1', 'P3'\]"):
        group_folds(groups("A", None, "B", None))
    with pytest.raises(LeakageError, match="more than once"):
        group_folds(pd.concat([groups("A", "B"), groups("A")]))


def are_whole(folds, groups):
    return len(set(zip(folds, groups, strict=True))) == len(set(groups))


def test_groups_are_dealt_into_folds_the_largest_first():
    # Graham's worst case of 2 folds: 3, 3, 2, 2, 2 becomes 7 and 5, where 6 and 6 were possible.
    letters = [*"AAABBBCCDDEE"]
    folds = group_folds(groups(*letters), 2)
    assert are_whole(folds, letters)
    assert sorted(folds.value_counts()) == [5, 7]
    assert sorted(group_folds(groups(*"AAAAAABBBCCD"), 2).value_counts()) == [6, 6]


def test_groups_of_one_size_are_dealt_by_the_seed_and_into_equal_folds():
    hospitals = groups(*[f"H{k % 30:02d}" for k in range(120)])
    folds = group_folds(hospitals, 5, seed=3)
    assert (folds.value_counts() == 24).all()
    assert are_whole(folds, hospitals)
    shuffled = hospitals.sample(frac=1, random_state=1)
    assert group_folds(shuffled, 5, seed=3).sort_index().equals(folds.sort_index())
    assert not group_folds(hospitals, 5, seed=4).equals(folds)


def test_inner_folds_are_held_out_like_the_tested_people():
    people = ages(30)
    sites = pd.Series([*"ABC"] * 10, people.index)
    found = inner_folds(people, sites, seed=3)
    assert found.equals(group_folds(sites, 3, seed=3))
    many = pd.Series([*"ABCDEFGHIJ"] * 3, people.index)
    assert inner_folds(people, many, n_folds=4).nunique() == 4
    assert are_whole(inner_folds(people, many), many)


def test_where_groups_are_too_few_or_none_people_are_dealt():
    people = ages(30)
    two = pd.Series([*"AB"] * 15, people.index)
    assert inner_folds(people, two, seed=3).equals(person_folds(people, 5, seed=3))
    assert inner_folds(people, n_folds=3, seed=4).equals(person_folds(people, 3, seed=4))
    assert inner_folds(ages(4)).nunique() == 4


def test_a_persons_group_is_that_of_all_their_slides():
    slides = {"person_id": ["P1", "P1", "P2", "P3"], "scanner": ["A", "A", "B", None]}
    found = groups_of(pd.DataFrame(slides), "scanner")
    assert found.dropna().to_dict() == {"P1": "A", "P2": "B"}
    assert found.isna().sum() == 1
    slides["scanner"][1] = "B"
    with pytest.raises(CohortError, match=r"1 people have slides of more than one scanner.*'P1'"):
        groups_of(pd.DataFrame(slides), "scanner")
    with pytest.raises(CohortError, match="no column 'body_site'"):
        groups_of(pd.DataFrame(slides), "body_site")
