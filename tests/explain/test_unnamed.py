import numpy as np
import pytest

from skinage import StageError
from skinage.explain.unnamed import explained_by_measures

N_PEOPLE = 400


def in_folds(accel, predicted):
    return accel.assign(fold=np.arange(N_PEOPLE) % 5, predicted_years=predicted)


def test_what_the_measures_explain_is_the_planted_share(tissue_of_people):
    accel, measures, cohort = tissue_of_people
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


def test_noise_is_not_explained(tissue_of_people):
    accel, measures, cohort = tissue_of_people
    years = np.random.default_rng(3).normal(0, 5, N_PEOPLE)
    accel = accel.assign(acceleration_years=years)
    found = explained_by_measures(in_folds(accel, 50 + years), measures, cohort)
    table = found.set_index("explained")
    assert (table["r2"] < 0.02).all()
    assert (table["unnamed"] <= 1).all()


def test_people_without_folds_are_refused(tissue_of_people):
    with pytest.raises(StageError, match="no column fold"):
        explained_by_measures(*tissue_of_people)


def test_a_measure_that_one_person_only_has_does_no_harm(tissue_of_people):
    accel, measures, cohort = tissue_of_people
    some, rare = (
        in_folds(accel, accel["age_years"]).head(60),
        measures.assign(papilla_islands_per_mm=0.0),
    )
    rare.iloc[7, rare.columns.get_loc("papilla_islands_per_mm")] = 0.7
    table = explained_by_measures(some, rare, cohort)
    assert table["r2"].dropna().between(-1, 1).all()
    with pytest.raises(StageError, match="are in one fold"):
        explained_by_measures(some.assign(fold=0), rare, cohort)
