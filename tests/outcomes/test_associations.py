import pandas as pd
import pytest

from skinage.outcomes.associations import associations
from skinage.outcomes.models import mortality, prevalence
from skinage.phantom import make_people


@pytest.fixture
def known():
    """People whose acceleration is the planted one."""
    people = make_people(300, seed=5)
    accel = people[["person_id", "age_years", "sex", "acceleration_years"]]
    cohort = people.drop(columns="acceleration_years")
    return accel.assign(predicted_years=accel["age_years"], definition="planted"), cohort


def test_all_that_can_be_tested_is_tested_as_on_its_own(known):
    outcomes, left_out = associations(*known)
    assert left_out == {}
    alone = pd.concat([mortality(*known), prevalence(*known)], ignore_index=True)
    assert list(outcomes["outcome"]) == list(alone["outcome"])
    pd.testing.assert_series_equal(outcomes["estimate"], alone["estimate"])
    pd.testing.assert_series_equal(outcomes["q_value"], alone["q_value"])


def test_what_a_cohort_lacks_is_left_out_with_the_reason(known):
    accel, cohort = known
    outcomes, left_out = associations(accel, cohort.drop(columns="died"))
    assert left_out == {"mortality": "the cohort table has no follow_up_years and died"}
    assert outcomes["outcome"].str.startswith("disease_").all()
    bare = cohort.drop(columns=[c for c in cohort if c.startswith("disease_")]).assign(died=0)
    outcomes, left_out = associations(accel, bare)
    assert outcomes.empty
    assert "0 deaths" in left_out["mortality"]
    assert "disease_<name>" in left_out["prevalence"]
