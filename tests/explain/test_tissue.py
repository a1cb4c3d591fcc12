import numpy as np
import pandas as pd
import pytest

from skinage import StageError, skipped
from skinage.explain.tissue import explained_by_measures, tissue_by_acceleration

N_PEOPLE = 400


@pytest.fixture(scope="module")
def planted():
    """Epidermis: -0.6 um per year of acceleration; corneum: of age and site alone."""
    rng = np.random.default_rng(0)
    ids = pd.Index([f"P{k:03d}" for k in range(N_PEOPLE)], name="person_id")
    age = rng.uniform(20, 90, N_PEOPLE)
    years = rng.normal(0, 5, N_PEOPLE)
    site = rng.integers(0, 2, N_PEOPLE)
    measures = pd.DataFrame(
        {
            "epidermis_um": 90 - 0.3 * age - 0.6 * years - 9 * site + rng.normal(0, 3, N_PEOPLE),
            "corneum_um": 15 + 0.002 * age**2 + 5 * site + rng.normal(0, 1, N_PEOPLE),
            "interdigitation": 1.5,
            "surface_mm": 2.0,
        },
        ids,
    )
    accel = pd.DataFrame({"person_id": ids, "age_years": age, "acceleration_years": years})
    cohort = pd.DataFrame(
        {"slide_id": ids + "_1", "person_id": ids, "body_site": np.array(["arm", "leg"])[site]}
    )
    return accel, measures, cohort


def test_the_planted_difference_is_found_and_age_and_site_are_not(planted):
    table = tissue_by_acceleration(*planted)
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


def test_partial_r_is_that_of_the_residuals_of_two_regressions(planted):
    import statsmodels.formula.api as smf

    accel, measures, cohort = planted
    table = tissue_by_acceleration(*planted).set_index("measure")
    people = accel.merge(measures, on="person_id").merge(cohort, on="person_id")
    rest = [
        smf.ols(f"{name} ~ age_years + I(age_years**2) + body_site", people).fit().resid
        for name in ("epidermis_um", "acceleration_years")
    ]
    expected = np.corrcoef(*rest)[0, 1]
    assert table.loc["epidermis_um", "partial_r"] == pytest.approx(expected, abs=0.01)


def test_p_values_of_nothing_are_uniform(planted):
    accel, measures, cohort = planted
    rng = np.random.default_rng(1)
    p = [
        tissue_by_acceleration(
            accel.assign(acceleration_years=rng.normal(0, 5, N_PEOPLE)), measures, cohort
        )["p"]
        for _ in range(60)
    ]
    assert 0.01 < (pd.concat(p) < 0.05).mean() < 0.11


def in_folds(accel, predicted):
    return accel.assign(fold=np.arange(N_PEOPLE) % 5, predicted_years=predicted)


def test_what_the_measures_explain_is_the_planted_share(planted):
    accel, measures, cohort = planted
    rng = np.random.default_rng(2)
    # Half of the variance of this acceleration is the epidermis beyond age and site.
    part = -(measures["epidermis_um"].to_numpy() + 0.3 * accel["age_years"].to_numpy())
    part += -9 * (cohort["body_site"] == "leg").to_numpy()
    part -= part.mean()
    years = part + rng.normal(0, part.std(), N_PEOPLE)
    accel = accel.assign(acceleration_years=years)
    accel = in_folds(accel, accel["age_years"] + years)
    table = explained_by_measures(accel, measures, cohort).set_index("explained")
    found = table.loc["acceleration"]
    assert found["r2"] == pytest.approx(0.5, abs=0.12)
    assert found["lower"] < 0.5 < found["upper"]
    assert found["unnamed"] == 1 - found["r2"]


def test_noise_is_not_explained(planted):
    accel, measures, cohort = planted
    years = np.random.default_rng(3).normal(0, 5, N_PEOPLE)
    accel = accel.assign(acceleration_years=years)
    found = explained_by_measures(in_folds(accel, 50 + years), measures, cohort)
    table = found.set_index("explained")
    assert (table["r2"] < 0.02).all()
    assert (table["unnamed"] <= 1).all()


def test_too_few_people_and_unknown_covariates_are_errors(planted):
    accel, measures, cohort = planted
    with pytest.raises(StageError, match="19 people have an acceleration and measures"):
        tissue_by_acceleration(accel.head(19), measures, cohort)
    with pytest.raises(StageError, match="no column fold"):
        explained_by_measures(accel, measures, cohort)
    with pytest.raises(StageError, match="no column 'hospital'"):
        tissue_by_acceleration(accel, measures, cohort, covariates=["hospital"])


def test_the_scanner_of_the_first_slide_counts(planted):
    accel, measures, cohort = planted
    again = cohort.assign(slide_id=cohort["slide_id"] + "b", scanner="B")
    both = pd.concat([cohort.assign(scanner=np.where(cohort.index % 2, "A", "B")), again])
    table = tissue_by_acceleration(accel, measures, both)
    assert table["measure"].iloc[0] == "epidermis_um"
