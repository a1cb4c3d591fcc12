import numpy as np
import pandas as pd
import pytest

from skinage import StageError, skipped
from skinage.explain.tissue import tissue_by_acceleration

N_PEOPLE = 400


def test_the_planted_difference_is_found_and_age_and_site_are_not(tissue_of_people):
    table = tissue_by_acceleration(*tissue_of_people)
    assert table["measure"].tolist() == ["epidermis_um", "corneum_um"]
    epidermis, corneum = table.to_dict("records")
    assert epidermis["lower"] < -3.0 < epidermis["upper"]
    assert epidermis["difference"] == pytest.approx(-3.0, abs=0.5)
    assert epidermis["is_seen"]
    assert epidermis["words"].startswith("viable epidermis")
    assert epidermis["words"].endswith("um thinner")
    assert corneum["lower"] < 0 < corneum["upper"]
    assert abs(corneum["partial_r"]) < 0.15
    assert skipped(table)["item"].tolist() == ["interdigitation"]


def test_partial_r_is_that_of_the_residuals_of_two_regressions(tissue_of_people):
    import statsmodels.formula.api as smf

    accel, measures, cohort = tissue_of_people
    table = tissue_by_acceleration(*tissue_of_people).set_index("measure")
    people = accel.merge(measures, on="person_id").merge(cohort, on="person_id")
    rest = [
        smf.ols(f"{name} ~ age_years + I(age_years**2) + body_site", people).fit().resid
        for name in ("epidermis_um", "acceleration_years")
    ]
    expected = np.corrcoef(*rest)[0, 1]
    assert table.loc["epidermis_um", "partial_r"] == pytest.approx(expected, abs=0.01)


def test_p_values_of_nothing_are_uniform(tissue_of_people):
    accel, measures, cohort = tissue_of_people
    rng = np.random.default_rng(1)
    p = [
        tissue_by_acceleration(
            accel.assign(acceleration_years=rng.normal(0, 5, N_PEOPLE)), measures, cohort
        )["p"]
        for _ in range(60)
    ]
    assert 0.01 < (pd.concat(p) < 0.05).mean() < 0.11


def test_too_few_people_and_unknown_covariates_are_errors(tissue_of_people):
    accel, measures, cohort = tissue_of_people
    with pytest.raises(StageError, match="19 people have an acceleration and measures"):
        tissue_by_acceleration(accel.head(19), measures, cohort)
    with pytest.raises(StageError, match="no column 'hospital'"):
        tissue_by_acceleration(accel, measures, cohort, covariates=["hospital"])


def test_people_who_were_scanned_twice_are_a_group_of_their_own(tissue_of_people):
    accel, measures, cohort = tissue_of_people
    twice = np.arange(N_PEOPLE) % 3 == 0
    again = cohort[twice].assign(slide_id=cohort["slide_id"] + "b", scanner="B")
    both = pd.concat([cohort.assign(scanner="A"), again])
    shifted = measures.assign(epidermis_um=measures["epidermis_um"] + 30 * twice)
    faster = accel.assign(acceleration_years=accel["acceleration_years"] + 4 * twice)
    table = tissue_by_acceleration(faster, shifted, both).set_index("measure")
    assert table.loc["epidermis_um", "difference"] == pytest.approx(-3.0, abs=0.5)


def test_a_cohort_without_covariates_is_adjusted_for_age_alone(tissue_of_people):
    accel, measures, cohort = tissue_of_people
    table = tissue_by_acceleration(accel, measures, cohort[["slide_id", "person_id"]])
    assert (table["adjusted_for"] == "age").all()
    of_site = tissue_by_acceleration(accel, measures, cohort.assign(scanner="A"))
    assert (of_site["adjusted_for"] == "age, body_site").all()


def test_numbers_of_sites_are_groups_not_a_line(tissue_of_people):
    accel, measures, cohort = tissue_of_people
    number = cohort["body_site"].map({"arm": 7, "leg": 3})
    expected = tissue_by_acceleration(accel, measures, cohort)["difference"]
    for site in (number, number.astype("category"), number.map({7: 1, 3: 20})):
        found = tissue_by_acceleration(accel, measures, cohort.assign(body_site=site))
        np.testing.assert_allclose(found["difference"], expected)


def test_more_groups_than_people_can_bear_are_refused(tissue_of_people):
    accel, measures, cohort = tissue_of_people
    sites = cohort.assign(body_site=[f"site {k}" for k in range(len(cohort))])
    with pytest.raises(StageError, match="degrees of freedom"):
        tissue_by_acceleration(accel.head(60), measures, sites)
    with pytest.raises(StageError, match="none of 2 measures"):
        tissue_by_acceleration(accel, measures[["epidermis_um", "corneum_um"]] * np.nan, cohort)
