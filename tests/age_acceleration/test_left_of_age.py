import warnings

import numpy as np
import pandas as pd
import pytest

from skinage.age_acceleration.acceleration import acceleration
from skinage.age_acceleration.left_of_age import warn_of_age


def bent(ages, planted):
    at = (ages["age_years"] + planted - 5).clip(lower=0)
    return ages.assign(predicted_years=80 - 60 * np.exp(-at / 30))


def turned_by_sex(ages):
    men = (ages["sex"] == "M") * 0.4 * (ages["age_years"] - 55)
    return ages.assign(predicted_years=ages["predicted_years"] + men)


def test_what_a_line_leaves_of_a_curve_is_said_and_a_spline_leaves_nothing(make_ages):
    ages, planted = make_ages(500)
    for clock in (bent(ages, planted), turned_by_sex(ages)):
        for definition in ("linear", "cole", "ratio"):
            with pytest.warns(UserWarning, match=r"still explains \d+% .* definition='spline'"):
                acceleration(clock, definition)
        acceleration(clock, "spline")
        acceleration(clock, "lowess")
        acceleration(clock, "gap")  # it is known to go with age


def test_the_warning_points_at_the_line_of_the_user(make_ages):
    with pytest.warns(UserWarning, match="a parabola of age") as seen:
        acceleration(bent(*make_ages(300)))
    assert seen[0].filename == __file__


def test_straight_clocks_hardly_ever_warn(make_ages):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        for seed in range(20):
            acceleration(make_ages(200, seed)[0])
    assert len(seen) <= 1


def test_a_share_below_one_percent_is_not_worth_a_warning():
    generator = np.random.default_rng(0)
    age = pd.Series(generator.uniform(20, 90, 20_000))
    values = pd.Series(generator.normal(0, 1, 20_000))
    unknown = pd.Series(np.nan, age.index)
    squared = (age - 55) ** 2
    values -= np.polyval(np.polyfit(age, values, 2), age)
    warn_of_age(values + 0.08 * squared / squared.std(), age, unknown)
    with pytest.warns(UserWarning, match="still explains 2%"):
        warn_of_age(values + 0.15 * squared / squared.std(), age, unknown)


def test_nobody_to_tell_it_from_is_no_warning():
    four = pd.Series([1.0, 2.0, 4.0, 3.0])
    warn_of_age(four * 0, four, four * np.nan)
    warn_of_age(four, four * 0 + 50, four * np.nan)
    warn_of_age(four.iloc[:2], four.iloc[:2], four.iloc[:2] * 0 + 1)
