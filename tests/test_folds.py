import numpy as np
import pandas as pd
import pytest

from skinage.errors import LeakageError, StageError
from skinage.folds import check_leakage, person_folds


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
    with pytest.raises(StageError, match="1 folds"):
        person_folds(ages(4), 1)
    with pytest.raises(StageError, match=r"1 people have no age, such as \['P001'\]"):
        person_folds(ages(9).where(lambda values: values.index != "P001"))
    with pytest.raises(LeakageError, match=r"more than once: \['P000'\]"):
        person_folds(pd.concat([ages(9), ages(1)]))


def test_a_person_in_two_folds_leaks():
    check_leakage(pd.Series([0, 0, 1], index=["a", "a", "b"]))
    with pytest.raises(LeakageError, match=r"1 people are in more than one fold: \['a'\]"):
        check_leakage(pd.Series([0, 1, 1], index=["a", "a", "b"]))


@pytest.fixture
def slides(tmp_path):
    contents = {"a": b"one", "b": b"two", "c": b"one", "d": b"three"}
    for person, content in contents.items():
        (tmp_path / f"{person}.tiff").write_bytes(content)
    return pd.DataFrame({
        "slide_id": [f"{person}_1" for person in contents],
        "person_id": [*contents],
        "path": [str(tmp_path / f"{person}.tiff") for person in contents],
    })  # fmt: skip


def test_the_same_file_under_two_people_leaks_across_folds_only(slides):
    check_leakage(pd.Series({"a": 0, "b": 1, "c": 0, "d": 1}), slides)
    with pytest.raises(LeakageError, match=r"slide file .*a.tiff = .*c.tiff .*a \(fold 0\), c \(f"):
        check_leakage(pd.Series({"a": 0, "b": 1, "c": 1, "d": 1}), slides)


def test_one_path_or_slide_id_of_two_people_leaks(slides):
    folds = pd.Series({"a": 0, "b": 1, "d": 1})
    check_leakage(folds, slides)
    shared = slides.assign(path=slides["path"].where(slides["person_id"] != "d", slides["path"][0]))
    with pytest.raises(LeakageError, match=r"slide file .*a \(fold 0\), d \(fold 1\)"):
        check_leakage(folds, shared)
    with pytest.raises(LeakageError, match=r"slide_id s .*a \(fold 0\), b \(fold 1\)"):
        check_leakage(folds, slides.assign(slide_id=["s", "s", "t", "u"]))


def test_paths_that_do_not_exist_are_passed_over(slides):
    check_leakage(pd.Series({"a": 0, "b": 1}), slides.assign(path="/nowhere/x.tiff"))
    check_leakage(pd.Series({"a": 0, "b": 1}), slides.assign(path=None))
