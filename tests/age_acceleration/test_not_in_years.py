"""Each definition that is not in years against an independent calculation."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from skinage.age_acceleration.acceleration import acceleration
from skinage.age_acceleration.not_in_years import CENTILES
from skinage.errors import StageError


def test_zscore_divides_by_altmans_sd_of_the_other_folds(make_ages):
    ages, _ = make_ages(400)
    table = acceleration(ages, "zscore")
    np.testing.assert_allclose(
        table["acceleration_years"], acceleration(ages)["acceleration_years"]
    )
    for fold in range(5):
        held_out = ages["fold"] == fold
        fit = smf.ols("predicted_years ~ age_years + sex", ages[~held_out]).fit()
        absolute = ages[~held_out].assign(absolute=fit.resid.abs())
        spread = smf.ols("absolute ~ age_years", absolute).fit().predict(ages[held_out])
        left = ages["predicted_years"][held_out] - fit.predict(ages[held_out])
        expected = left / (spread * np.sqrt(np.pi / 2))
        np.testing.assert_allclose(table["acceleration_z"][held_out], expected, atol=1e-9)


def test_zscore_has_sd_1_where_the_spread_grows_with_age(make_ages):
    ages, _ = make_ages(4000)
    noise = np.random.default_rng(1).normal(0, 1, 4000) * ages["age_years"] / 10
    table = acceleration(ages.assign(predicted_years=ages["age_years"] + noise), "zscore")
    halves = table.groupby(table["age_years"] > 55)
    np.testing.assert_allclose(halves["acceleration_z"].std(), 1, atol=0.05)
    by_half = halves["acceleration_years"].std()
    assert by_half[True] > 1.7 * by_half[False]


def test_zscore_keeps_the_sd_above_a_floor_and_says_so(make_ages):
    ages, _ = make_ages()
    size = (60 - ages["age_years"]).clip(lower=0.01)
    noise = size * np.where(np.arange(200) // 5 % 2, 1, -1)
    spread = ages.assign(predicted_years=ages["age_years"] + noise).drop(columns="sex")
    with pytest.warns(UserWarning, match=r"SD .* below .* 25% .* divided by that much"):
        table = acceleration(spread, "zscore")
    ratio = table["acceleration_years"] / table["acceleration_z"]
    assert ratio.min() > 0.2 * table["acceleration_years"].std()


def test_about_so_many_people_lie_below_each_centile(make_ages):
    ages, _ = make_ages(1000)
    ages["predicted_years"] += 9 * (ages["sex"] == "M")
    spread = np.random.default_rng(1).normal(0, 0.1, 1000) * ages["age_years"]
    ages["predicted_years"] += spread
    # Of reference people, exactly the share of each line lies below it (Koenker and Bassett).
    own = acceleration(ages, "centile", reference=ages)["acceleration_centile"]
    for centile in CENTILES:
        assert (own < centile).mean() == pytest.approx(centile / 100, abs=5 / 1000)
    assert own.between(2.5, 97.5).all()
    thirds = pd.cut(ages["age_years"], 3).astype(str) + ages["sex"]
    for _, group in own.groupby(thirds):
        assert group.mean() == pytest.approx(50, abs=6)
        assert (group < 20).mean() == pytest.approx(0.2, abs=0.08)


def test_centiles_are_those_of_statsmodels_quantile_regression(make_ages):
    ages, _ = make_ages(150)
    people = ages[["person_id", "age_years", "sex", "predicted_years"]]
    found = acceleration(people, "centile", reference=people)
    np.testing.assert_allclose(
        found["acceleration_years"], acceleration(people, reference=people)["acceleration_years"]
    )
    for quantile in (0.25, 0.5, 0.75):
        fit = smf.quantreg("predicted_years ~ age_years + sex", people).fit(q=quantile)
        left = people["predicted_years"] - fit.predict(people)
        clear = left.abs() > 0.05  # the line itself passes through people
        below = found["acceleration_centile"] < 100 * quantile
        assert (below == (left < 0))[clear].all()


def test_ratio_is_predicted_age_by_the_age_that_the_line_predicts(make_ages):
    ages, _ = make_ages()
    table = acceleration(ages, "ratio")
    for fold in range(5):
        held_out = (ages["fold"] == fold).to_numpy()
        fit = smf.ols("predicted_years ~ age_years + sex", ages[~held_out]).fit()
        expected = ages["predicted_years"][held_out] / fit.predict(ages[held_out])
        np.testing.assert_allclose(table["acceleration_ratio"][held_out], expected)
    np.testing.assert_allclose(
        table["acceleration_years"], acceleration(ages)["acceleration_years"]
    )


def test_no_ratio_to_a_predicted_age_below_nought(make_ages):
    ages, _ = make_ages()
    young = ages.assign(predicted_years=ages["predicted_years"] - 40)
    with pytest.raises(StageError, match=r"expects a predicted age of -\d.* for \d+ people; a rat"):
        acceleration(young, "ratio")
