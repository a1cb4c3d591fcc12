import pandas as pd
import pytest

from skinage.errors import StageError
from skinage.outcomes.associations import associations
from skinage.outcomes.disease import prevalence
from skinage.outcomes.mortality import mortality
from skinage.phantom import make_people
from skinage.skip_log import skipped


@pytest.fixture
def known():
    """People whose acceleration is the planted one."""
    people = make_people(300, seed=5)
    accel = people[["person_id", "age_years", "sex", "acceleration_years"]]
    cohort = people.drop(columns="acceleration_years")
    return accel.assign(predicted_years=accel["age_years"], definition="planted"), cohort


def test_all_that_can_be_tested_is_tested_as_on_its_own(known):
    outcomes = associations(*known)
    assert skipped(outcomes).empty
    alone = pd.concat([mortality(*known), prevalence(*known)], ignore_index=True)
    assert list(outcomes["outcome"]) == list(alone["outcome"])
    pd.testing.assert_series_equal(outcomes["estimate"], alone["estimate"])
    pd.testing.assert_series_equal(outcomes["q_value"], alone["q_value"])


def test_what_a_cohort_lacks_is_skipped_with_the_reason(known):
    accel, cohort = known
    outcomes = associations(accel, cohort.drop(columns="died"))
    log = skipped(outcomes)
    assert log[["stage", "item"]].to_numpy().tolist() == [["associations", "mortality"]]
    assert log["reason"][0].startswith("cohort: no column died; found")
    assert outcomes["outcome"].str.startswith("disease_").all()
    bare = cohort.drop(columns=[c for c in cohort if c.startswith("disease_")]).assign(died=0)
    outcomes = associations(accel, bare)
    assert outcomes.empty
    reasons = skipped(outcomes).set_index("item")["reason"]
    assert "0 deaths" in reasons["mortality"]
    assert "no column disease_*" in reasons["prevalence"]


def test_diseases_and_people_that_were_skipped_stay_in_the_log(known):
    accel, cohort = known
    cohort = cohort.assign(disease_rare=0, died=cohort["died"].astype(float))
    cohort.loc[:4, "died"] = None
    with pytest.warns(UserWarning, match="excluded|skipped disease_rare"):
        outcomes = associations(accel, cohort)
    log = skipped(outcomes).set_index("item")
    assert log.loc["disease_rare", "stage"] == "prevalence"
    assert log.loc["5 of 300 people"].tolist() == ["follow_up", "5 without died"]


def test_a_table_that_no_test_can_use_is_refused(known):
    accel, cohort = known
    with pytest.raises(StageError, match=r"300 people .* not finite"):
        associations(accel.assign(acceleration_years=float("nan")), cohort)
