"""Acceleration adjusted for more than age and sex."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from skinage.age_acceleration.acceleration import acceleration
from skinage.errors import SettingError, StageError


@pytest.fixture
def shifted(make_ages):
    """Ages whose predictions are moved by the site and by a proportion, and these two."""
    ages, planted = make_ages(600)
    generator = np.random.default_rng(2)
    site = generator.choice(["arm", "back", "leg"], 600)
    share = generator.uniform(0, 1, 600)
    moved = pd.Series(site).map({"arm": 8.0, "back": 0.0, "leg": -5.0}) + 12 * share
    others = pd.DataFrame({"site": site, "share": share}, index=ages["person_id"])
    return ages.assign(predicted_years=ages["predicted_years"] + moved), others, planted


@pytest.mark.parametrize("definition", ["linear", "spline", "lowess"])
def test_site_and_proportion_are_taken_out(shifted, definition):
    ages, others, planted = shifted
    site, share = others["site"].to_numpy(), others["share"].to_numpy()
    before = acceleration(ages, definition)["acceleration_years"]
    after = acceleration(ages, definition, adjusted_for=others)["acceleration_years"]
    assert np.ptp(before.groupby(site).mean()) > 10
    assert np.ptp(after.groupby(site).mean()) < 0.5
    assert np.corrcoef(before, share)[0, 1] > 0.3
    assert abs(np.corrcoef(after, share)[0, 1]) < 0.05
    assert np.corrcoef(after, planted)[0, 1] > 0.95 > np.corrcoef(before, planted)[0, 1] + 0.2


def test_it_is_the_residual_of_the_regression_with_them_out_of_fold(shifted):
    ages, others, _ = shifted
    table = acceleration(ages, adjusted_for=others.sample(frac=1, random_state=0))
    both = ages.join(others, on="person_id")
    for fold in range(5):
        held_out = ages["fold"] == fold
        model = smf.ols("predicted_years ~ age_years + sex + site + share", both[~held_out])
        expected = both["predicted_years"][held_out] - model.fit().predict(both[held_out])
        np.testing.assert_allclose(table["acceleration_years"][held_out], expected, atol=1e-8)
    assert table["definition"][0].startswith("residual of predicted age on age and sex and site")


def test_proportions_that_sum_to_one_do_no_harm(shifted):
    ages, others, _ = shifted
    rest = others.assign(rest=1 - others["share"])
    one, two = (acceleration(ages, adjusted_for=table) for table in (others, rest))
    np.testing.assert_allclose(one["acceleration_years"], two["acceleration_years"], atol=1e-8)


@pytest.mark.parametrize("levels", [2, 3])
def test_a_site_that_the_other_folds_do_not_have_is_refused(shifted, levels):
    ages, others, _ = shifted
    # The first in the alphabet too, which a coding without the first level would not show.
    for name in ("arm", "zone"):
        rest = np.where(np.arange(600) % 2, "back", "leg") if levels == 3 else "back"
        site = np.where(ages["fold"] == 2, name, rest)
        with pytest.raises(StageError, match=r"(varies|vary) in fold 2 only"):
            acceleration(ages, adjusted_for=others.assign(site=site))
    new = ages.drop(columns="fold").iloc[:100]
    known = ages.iloc[100:]
    site = np.where(np.arange(600) < 100, "new", others["site"])
    with pytest.raises(StageError, match=r"site_new varies in the table only"):
        acceleration(new, reference=known, adjusted_for=others.assign(site=site))


def test_what_does_not_vary_is_no_adjustment(shifted):
    ages, others, _ = shifted
    constant = others[[]].assign(site="arm", lab=1.0)
    found = acceleration(ages, adjusted_for=constant)["acceleration_years"]
    np.testing.assert_allclose(found, acceleration(ages)["acceleration_years"])


def test_people_without_a_value_are_refused_and_counted(shifted):
    ages, others, _ = shifted
    with pytest.raises(
        StageError, match=r"2 of 600 people lack a value, such as \['P0000', 'P0001"
    ):
        acceleration(ages, adjusted_for=others.iloc[2:])
    gap = others.assign(share=others["share"].where(others.index != "P0007"))
    with pytest.raises(StageError, match=r"1 of 600 people lack a value, such as \['P0007'\]"):
        acceleration(ages, adjusted_for=gap)
    with pytest.raises(StageError, match=r"listed more than once, such as \['P0000'\]"):
        acceleration(ages, adjusted_for=pd.concat([others, others.iloc[:1]]))


def test_of_a_table_of_reference_the_same_adjustments_are_used(shifted):
    ages, others, planted = shifted
    known, new = ages.iloc[:400], ages.iloc[400:].drop(columns="fold")
    table = acceleration(new, reference=known, adjusted_for=others)
    fit = smf.ols(
        "predicted_years ~ age_years + sex + site + share", known.join(others, on="person_id")
    ).fit()
    expected = new["predicted_years"] - fit.predict(new.join(others, on="person_id"))
    np.testing.assert_allclose(table["acceleration_years"], expected, atol=1e-8)
    assert np.corrcoef(table["acceleration_years"], planted[400:])[0, 1] > 0.95


def test_a_clock_keeps_no_adjustments(shifted):
    from skinage.clock.clock import Clock

    ages, others, _ = shifted
    clock = Clock({"encoder_hash": None}, None, None, None, None)
    with pytest.raises(SettingError, match="a clock keeps no adjustments"):
        acceleration(ages, reference=clock, adjusted_for=others)
