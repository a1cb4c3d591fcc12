import numpy as np
import pandas as pd
import pytest

from skinage.cohort.people import by_person
from skinage.errors import CohortError, StageError
from skinage.people.known_ages import match_ages


def test_slides_of_a_person_become_one_row():
    cohort = pd.DataFrame(
        {"person_id": ["a", "a", "b"], "age_years": [50.0, np.nan, np.nan], "sex": ["F", "F", "M"]}
    )
    people = by_person(cohort, ["age_years", "sex"])
    assert people.loc["a"].to_dict() == {"age_years": 50.0, "sex": "F"}
    assert np.isnan(people.loc["b", "age_years"])


def test_contradictions_name_the_person():
    cohort = pd.DataFrame({"person_id": ["a", "a", "b"], "age_years": [50.0, 51.0, 60.0]})
    with pytest.raises(CohortError, match=r"age_years of person a is \['50.0', '51.0'\]"):
        by_person(cohort, ["age_years"])


def test_the_first_visit_counts():
    cohort = pd.DataFrame({
        "person_id": ["a", "a", "b", "b", "b"],
        "age_years": [51.0, 50.0, 60.0, 60.0, 70.0],
        "visit": ["later", "early", "x", "x", "y"],
        "follow_up_years": [3.0, 4.0, 5.0, 5.0, 1.0],
    })  # fmt: skip
    people = by_person(cohort, ["age_years", "follow_up_years"])
    assert people.to_numpy().tolist() == [[50.0, 4.0], [60.0, 5.0]]
    cohort.loc[3, "age_years"] = 61.0
    with pytest.raises(CohortError, match="person b"):
        by_person(cohort, ["age_years"])


def test_a_missing_column_is_named():
    with pytest.raises(CohortError, match="no column died"):
        by_person(pd.DataFrame({"person_id": ["a"]}), ["died"])


def test_nobody_disappears_without_a_count(make_cohort, make_people):
    cohort, people = make_cohort(40), make_people(np.zeros((38, 2))).index
    cohort.loc[[0, 1, 2], "age_years"] = np.nan
    with pytest.warns(UserWarning, match="3 of 38 people with features.*2 of 40 people of the"):
        known, excluded = match_ages(people, cohort)
    assert len(known) == 35
    assert excluded["person P0001"] == "no age in the cohort"
    assert excluded["person P0039"] == "no features"
    assert len(excluded) == 5


def test_too_few_people_or_one_age_are_refused(make_cohort, make_people):
    with pytest.raises(StageError, match="19 people have features and an age; at least 20"):
        match_ages(make_people(np.zeros((19, 2))).index, make_cohort(19))
    match_ages(make_people(np.zeros((20, 2))).index, make_cohort(20))
    with pytest.raises(StageError, match="all 20 people have age 40"):
        match_ages(make_people(np.zeros((20, 2))).index, make_cohort(20).assign(age_years=40.0))
