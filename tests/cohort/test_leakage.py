import numpy as np
import pandas as pd
import pytest

from skinage.cohort.leakage import check_leakage
from skinage.errors import LeakageError, StageError


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


def test_replicate_sections_of_one_biopsy_leak_under_two_names():
    folds = pd.Series([0, 1, 1], ["P1", "P2", "P3"])
    cohort = pd.DataFrame({"person_id": ["P1", "P2", "P3"], "biopsy_id": ["b", "b", None]})
    with pytest.raises(
        LeakageError, match=r"biopsy_id b .* P1 \(fold 0\), P2 \(fold 1\)\. .*give each biopsy"
    ):
        check_leakage(folds, cohort)
    check_leakage(pd.Series([0, 0, 1], folds.index), cohort)
    check_leakage(folds, cohort.assign(biopsy_id=["b", "c", None]))


def test_equal_features_are_the_same_slide_saved_again():
    people = [f"P{k}" for k in range(6)]
    features = pd.DataFrame(np.random.default_rng(0).normal(size=(6, 20)), people)
    folds = pd.Series([0, 1, 0, 1, 0, 1], people)
    check_leakage(folds, features=features)
    features.iloc[3] = features.iloc[0]
    with pytest.raises(
        LeakageError, match=r"row of features of P0 .* P0 \(fold 0\), P3 \(fold 1\)"
    ):
        check_leakage(folds, features=features)
    check_leakage(folds.replace(1, 0), features=features)
    # Grades that are equal in two people are no copy, also beside columns that are the same in all.
    grades = features.iloc[:, :7].join(pd.DataFrame(1.0, people, range(100, 120)))
    check_leakage(folds, features=grades)


def test_features_that_say_nothing_are_told_from_copies():
    people = [f"P{k}" for k in range(9)]
    folds = pd.Series([0, 1, 2] * 3, people)
    with pytest.raises(StageError, match="all 9 people have the same features"):
        check_leakage(folds, features=pd.DataFrame(1.0, people, range(20)))
    failed = pd.DataFrame(np.random.default_rng(0).normal(size=(9, 20)), people)
    failed.iloc[2:] = np.nan
    with pytest.raises(
        LeakageError, match=r"P6 \(fold 0\) and 2 more.* or the features do not descr"
    ):
        check_leakage(folds, features=failed)


def test_a_guard_that_finds_nobody_is_no_guard(slides):
    numbers = pd.Series([0, 1], [1, 2])  # person_id written as numbers
    with pytest.raises(StageError, match=r"such as \[1, 2\], is in the cohort; write person_id"):
        check_leakage(numbers, slides)
    with pytest.raises(StageError, match="is in the table of features"):
        check_leakage(numbers, features=slides.set_index("person_id"))


def test_all_slides_of_a_person_are_compared(slides):
    folds = pd.Series({"a": 0, "b": 1, "d": 1})
    second = slides.assign(slide_id=slides["slide_id"] + "_again")
    more = pd.concat([slides, second]).query("person_id != 'c'")
    check_leakage(folds, more)
    moved = more.assign(path=[*more["path"][:-1], slides["path"][0]])
    with pytest.raises(LeakageError, match=r"slide file .*a.tiff .*a \(fold 0\), d \(fold 1\)\. "):
        check_leakage(folds, moved)
