"""Each definition against an independent calculation."""

import numpy as np
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf

from skinage.age_acceleration.acceleration import acceleration
from skinage.age_acceleration.definitions import LEAST_OF_A_SEX


def held_out_folds(ages):
    for fold in ages["fold"].unique():
        yield (ages["fold"] == fold).to_numpy()


def test_spline_is_the_residual_of_harrells_spline_for_each_sex(make_ages, harrell):
    ages, _ = make_ages(300)
    found = acceleration(ages, "spline")["acceleration_years"].to_numpy()
    for held_out in held_out_folds(ages):
        known = ages[~held_out]

        def design(people, known=known):
            terms = harrell(people["age_years"], known["age_years"])
            male = (people["sex"] == "M").to_numpy(float)[:, None]
            return sm.add_constant(np.hstack([terms, male, male * terms]), has_constant="add")

        fit = sm.OLS(known["predicted_years"], design(known)).fit()
        expected = ages["predicted_years"][held_out] - fit.predict(design(ages[held_out]))
        np.testing.assert_allclose(found[held_out], expected, atol=1e-7)


def test_curves_take_away_what_bends_differently_in_each_sex(make_ages):
    ages, planted = make_ages(2000)
    bend = np.where(ages["sex"] == "M", 0.01, -0.01) * (ages["age_years"] - 55) ** 2
    bent = ages.assign(predicted_years=ages["predicted_years"] + bend)
    for definition in ("spline", "lowess"):
        found = acceleration(bent, definition)["acceleration_years"]
        assert np.corrcoef(found, bend)[0, 1] == pytest.approx(0, abs=0.05)
        assert np.corrcoef(found, planted)[0, 1] > 0.95
    with pytest.warns(UserWarning, match="a parabola of age"):
        straight = acceleration(bent)["acceleration_years"]
    assert np.corrcoef(straight, bend)[0, 1] > 0.35


@pytest.mark.parametrize("definition", ["spline", "lowess"])
def test_a_few_men_have_no_curve_of_their_own(make_ages, definition):
    ages, _ = make_ages(300)
    few = ages.assign(sex=np.where(np.arange(300) < LEAST_OF_A_SEX // 2, "M", "F"))
    curve = acceleration(few, definition)["acceleration_years"]
    line = acceleration(few)["acceleration_years"]
    assert (curve - line).abs().max() < 5  # with one, men of unseen ages were off by 100 years


def test_slope_is_that_of_the_lines_whatever_the_definition(make_ages):
    ages, _ = make_ages(500)
    slopes = [
        smf.ols("predicted_years ~ age_years + sex", ages[~held_out]).fit().params["age_years"]
        for held_out in held_out_folds(ages)
    ]
    for definition in ("linear", "gap", "cole", "spline", "lowess", "ratio"):
        table = acceleration(ages, definition)
        assert table["slope"].unique() == pytest.approx([np.mean(slopes)])
