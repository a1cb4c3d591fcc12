import numpy as np
import pytest
import statsmodels.formula.api as smf

from skinage.ageing.acceleration import acceleration
from skinage.errors import StageError


def test_gap_is_the_difference_and_still_falls_with_age(make_ages):
    ages, _ = make_ages()
    table = acceleration(ages, "gap")
    expected = ages["predicted_years"] - ages["age_years"]
    np.testing.assert_allclose(table["acceleration_years"], expected)
    assert table.attrs["correlation_with_age"] < -0.7
    assert table["definition"].unique() == ["predicted minus actual age"]


def test_linear_is_the_residual_of_a_line_fitted_on_the_other_folds(make_ages):
    ages, _ = make_ages()
    table = acceleration(ages)
    for fold in range(5):
        held_out = ages["fold"] == fold
        fit = smf.ols("predicted_years ~ age_years + sex", ages[~held_out]).fit()
        expected = ages.loc[held_out, "predicted_years"] - fit.predict(ages[held_out])
        np.testing.assert_allclose(table.loc[held_out, "acceleration_years"], expected)


def test_linear_is_free_of_age_and_finds_what_was_planted(make_ages):
    ages, planted = make_ages(400)
    table = acceleration(ages)
    assert abs(table.attrs["correlation_with_age"]) < 0.03
    assert np.corrcoef(table["acceleration_years"], planted)[0, 1] > 0.95
    assert "age and sex" in table["definition"][0]


def test_the_line_of_a_fold_has_not_seen_its_people(make_ages):
    ages, _ = make_ages()
    before = acceleration(ages)["acceleration_years"]
    ages.loc[0, "predicted_years"] += 50
    change = acceleration(ages)["acceleration_years"] - before
    same_fold = ages["fold"] == ages["fold"][0]
    assert change[0] == pytest.approx(50)
    assert (change[same_fold].drop(0) == 0).all()
    assert (change[~same_fold] != 0).all()


def test_sex_is_used_where_it_varies_only(make_ages):
    ages, _ = make_ages()
    without = acceleration(ages.drop(columns="sex"))
    one_sex = acceleration(ages.assign(sex="F"))
    assert "sex" not in without
    assert "on age, line" in one_sex["definition"][0]
    np.testing.assert_allclose(without["acceleration_years"], one_sex["acceleration_years"])
    shifted = ages.assign(predicted_years=ages["predicted_years"] + 9 * (ages["sex"] == "M"))
    np.testing.assert_allclose(
        acceleration(shifted)["acceleration_years"], acceleration(ages)["acceleration_years"]
    )
    ages.loc[3, "sex"] = None
    assert acceleration(ages)["acceleration_years"].notna().all()


def test_columns_and_errors(make_ages):
    ages, _ = make_ages()
    assert [*acceleration(ages).columns] == [
        "person_id", "age_years", "predicted_years", "fold", "acceleration_years", "definition",
        "sex",
    ]  # fmt: skip
    with pytest.raises(StageError, match=r"no definition 'loess'; choose from .*linear.*gap"):
        acceleration(ages, "loess")
