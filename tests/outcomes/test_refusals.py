import numpy as np
import pytest

from skinage.age_acceleration.acceleration import acceleration
from skinage.errors import SettingError, StageError
from skinage.outcomes.disease import prevalence
from skinage.outcomes.mortality import mortality
from skinage.outcomes.regressors import regressors


@pytest.mark.parametrize("twice", ["predicted_years", "acceleration_years", "age_years"])
def test_predicted_age_never_stands_beside_its_acceleration(simulate, twice):
    table, cohort = simulate(100)
    for test in (mortality, prevalence):
        with pytest.raises(SettingError, match=f"{twice}.*cannot be covariates.*say the same"):
            test(table, cohort.assign(predicted_years=1.0), covariates=[twice])


@pytest.mark.parametrize("definition", ["linear", "lowess", "cole"])
def test_predicted_age_under_another_name_is_found(definition, make_ages):
    """Out of fold it is not exactly age and acceleration: the rank alone does not tell."""
    ages, _ = make_ages(300)
    generator = np.random.default_rng(0)
    accelerated = acceleration(ages, definition)
    cohort = ages[["person_id", "age_years"]].assign(
        skin_score=ages["predicted_years"],
        rescaled=3 - 2 * ages["predicted_years"] + generator.normal(0, 0.5, len(ages)),
        biopsy_year=generator.integers(1990, 2010, len(ages)),
        follow_up_years=generator.exponential(10, len(ages)),
        died=generator.integers(0, 2, len(ages)),
    )
    for name in ("skin_score", "rescaled"):
        with pytest.raises(StageError, match=f"'{name}' .* no model can tell the two apart"):
            mortality(accelerated, cohort, covariates=["biopsy_year", name])
    assert len(mortality(accelerated, cohort, covariates=["biopsy_year"])) == 2


def test_a_raw_gap_that_is_but_age_is_no_acceleration(make_ages):
    ages, _ = make_ages(300)
    flat = acceleration(ages.assign(predicted_years=55 + 0.01 * ages["predicted_years"]), "gap")
    generator = np.random.default_rng(0)
    cohort = ages[["person_id", "age_years"]].assign(
        follow_up_years=generator.exponential(10, 300), died=generator.integers(0, 2, 300)
    )
    with pytest.raises(StageError, match="Use the definition 'linear'"):
        mortality(flat, cohort)


def test_an_out_of_fold_residual_and_predicted_age_need_not_be_collinear_to_be_refused(make_ages):
    ages, _ = make_ages(100)
    table = acceleration(ages).drop(columns="predicted_years")
    sneaked = table.assign(
        skin_score=ages["predicted_years"], again=ages["predicted_years"] + 1,
        biopsy_year=np.random.default_rng(0).integers(1990, 2010, 100),
    )  # fmt: skip
    columns = sneaked[["acceleration_years", "age_years", "skin_score"]].assign(
        sex_male=sneaked["sex"] == "M"
    )
    assert np.linalg.matrix_rank(columns.astype(float) - columns.mean()) == 4
    with pytest.raises(StageError, match=r"'skin_score' and the other .* explain 9\d\.\d%"):
        regressors(sneaked, ["biopsy_year", "skin_score"], 40)
    with pytest.raises(StageError, match=r"'(skin_score|again)' and the other .* explain"):
        regressors(sneaked, ["skin_score", "again"], 40)


def test_predicted_age_of_one_repeat_is_found_beside_the_mean(make_ages):
    ages, _ = make_ages(200)
    generator = np.random.default_rng(3)
    sneaked = ages["predicted_years"] + generator.normal(0, 1, 200)
    table = acceleration(ages.assign(predicted_years_2=sneaked, fold_2=ages["fold"]))
    with pytest.raises(StageError, match=r"'skin_score' .*say the same"):
        regressors(table.assign(skin_score=sneaked), ["skin_score"], 100)


def test_predicted_age_is_known_again_where_a_curve_explains_its_acceleration_too(make_ages):
    ages, planted = make_ages(1000)
    at = (ages["age_years"] + planted - 5).clip(lower=0)
    table = acceleration(ages.assign(predicted_years=80 - 60 * np.exp(-at / 20)), "lowess")
    columns = regressors(table, [], 10).columns
    columns = columns.assign(constant=1.0, skin_score=table["predicted_years"])
    names = ["constant", "age_years", "sex_male", "skin_score"]
    left = np.linalg.lstsq(columns[names], columns["acceleration_years"], rcond=None)[1]
    assert 1 - left / 999 / columns["acceleration_years"].var() < 0.85
    with pytest.raises(StageError, match=r"'skin_score' correlates with predicted age by 1"):
        regressors(table.assign(skin_score=table["predicted_years"] / 10), ["skin_score"], 10)


def test_many_ordinary_covariates_are_not_taken_for_predicted_age(make_ages):
    ages, _ = make_ages(40)
    generator = np.random.default_rng(0)
    names = [f"marker_{number}" for number in range(34)]
    table = acceleration(ages).assign(**{name: generator.normal(size=40) for name in names})
    design = table[["age_years", *names]].assign(constant=1.0)
    left = np.linalg.lstsq(design, table["acceleration_years"], rcond=None)[1]
    assert 1 - left / 39 / table["acceleration_years"].var() > 0.9  # by chance: not adjusted
    assert len(regressors(table, names, 10).columns.columns) == 37
