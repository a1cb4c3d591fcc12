import functools

import numpy as np
import pandas as pd
import pytest

from skinage.phantom.people import make_people
from skinage.phantom.population.disease import DISEASES
from skinage.phantom.population.fate import planted_effects
from skinage.phantom.presets import PRESETS

N = 50_000
IN_MEN = 1.4


@functools.cache
def people_of(preset):
    return make_people(N, seed=3, preset=preset)


def _regressors(people):
    return pd.DataFrame(
        {
            "age_years": people["age_years"] - 60,
            "man": (people["sex"] == "M").astype(float),
            "five_years": people["acceleration_years"] / 5,
        }
    )


@pytest.mark.parametrize("preset", ["teaching", "realistic", "null"])
def test_cox_since_biopsy_finds_the_planted_hazard_ratio(preset):
    from lifelines import CoxPHFitter

    people = people_of(preset)
    # Days to hundredths of a year: fewer distinct times, and the fit is three times as fast.
    table = _regressors(people).assign(
        years=np.ceil(people["follow_up_years"] * 100) / 100, died=people["died"]
    )
    fit = CoxPHFitter().fit(table, "years", "died").summary
    planted = pd.Series(
        {
            "age_years": 0.09,
            "man": np.log(IN_MEN),
            "five_years": np.log(PRESETS[preset].hazard_ratio),
        }
    )
    z = (fit["coef"] - planted) / fit["se(coef)"]
    assert abs(z).max() < 3
    assert fit.loc["five_years", "se(coef)"] < 0.01


@pytest.mark.parametrize("preset", ["teaching", "null"])
def test_cox_on_attained_age_with_delayed_entry_finds_it_too(preset):
    from lifelines import CoxPHFitter

    people = people_of(preset)
    table = _regressors(people)[["man", "five_years"]].assign(
        entry=people["age_years"],
        # Tenths of a year, as the age at entry is given.
        leaving=(people["age_years"] + np.ceil(people["follow_up_years"] * 10) / 10).round(1),
        died=people["died"],
    )
    fit = CoxPHFitter().fit(table, "leaving", "died", entry_col="entry").summary
    planted = pd.Series({"man": np.log(IN_MEN), "five_years": np.log(PRESETS[preset].hazard_ratio)})
    assert abs((fit["coef"] - planted) / fit["se(coef)"]).max() < 3
    assert fit.loc["five_years", "se(coef)"] < 0.01


@pytest.mark.parametrize("preset", ["teaching", "null"])
def test_as_many_die_as_the_gompertz_law_expects(preset):
    people, x = people_of(preset), _regressors(people_of(preset))
    effect = x @ [0.09, np.log(IN_MEN), np.log(PRESETS[preset].hazard_ratio)]
    grown = np.expm1(0.09 * people["follow_up_years"]) / 0.09
    expected = 0.013 * np.exp(effect) * grown
    # Observed less expected deaths is a martingale; its variance is the expected number.
    for part in (people["age_years"] < 55, people["age_years"] >= 55):
        surplus = (people["died"] - expected)[part].sum()
        assert abs(surplus) < 3 * np.sqrt(expected[part].sum())


def test_the_register_ends_in_2022_and_loses_1_percent_a_year():
    people = people_of("teaching")
    surely_watched = 2022.0 - people["biopsy_year"]
    follow_up = people["follow_up_years"]
    assert follow_up.min() >= 0.01
    assert (follow_up <= surely_watched + 1).all()
    left = (people["died"] == 0) & (follow_up < surely_watched)
    years = np.minimum(follow_up, surely_watched).sum()
    assert abs(left.sum() - 0.01 * years) < 3 * np.sqrt(0.01 * years)


@pytest.mark.parametrize("preset", ["teaching", "realistic", "null"])
@pytest.mark.parametrize("disease", DISEASES.index)
def test_logistic_regression_finds_the_planted_odds_ratio(preset, disease):
    import statsmodels.api as sm

    people = people_of(preset)
    terms = _regressors(people)[["age_years", "five_years"]].assign(constant=1.0)
    fit = sm.Logit(people[f"disease_{disease}"], terms).fit(disp=0)
    law, effects = DISEASES.loc[disease], _planted(preset)
    ratio = effects.loc[f"disease_{disease}", "planted"]
    z = (fit.params - [law["slope_per_year"], np.log(ratio), law["log_odds_at_60"]]) / fit.bse
    assert abs(z).max() < 3.5
    assert abs(z["five_years"]) < 3
    assert fit.bse["five_years"] < 0.02


def test_what_was_planted_is_told_as_a_tidy_table():
    effects = planted_effects(1.5, 1.44)
    assert effects["outcome"].tolist()[:3] == [
        "death",
        "disease_cardiovascular",
        "disease_diabetes",
    ]
    assert effects["planted"].tolist() == pytest.approx([1.5, 1.44, 1.44, 1.2, 1, 1, 1])
    assert effects["estimate_name"].tolist() == ["hazard_ratio"] + ["odds_ratio"] * 6
    assert set(effects["outcome"][1:]) <= {*people_of("null")}
    assert (planted_effects(1, 1)["planted"] == 1).all()


def _planted(preset):
    chosen = PRESETS[preset]
    return planted_effects(chosen.hazard_ratio, chosen.odds_ratio).set_index("outcome")


def _table(people, years=0.1):
    """Regressors and follow-up, to tenths of a year so that the fit is fast."""
    follow_up = np.ceil(people["follow_up_years"] / years) * years
    return _regressors(people).assign(years=follow_up, died=people["died"])


def _log_ratio(table):
    from lifelines import CoxPHFitter

    fit = CoxPHFitter().fit(table, "years", "died").summary.loc["five_years"]
    return fit["coef"], fit["se(coef)"]


def test_other_causes_follow_acceleration_less():
    people = make_people(N, seed=3, preset="teaching", dials={"causes": 0.6})
    assert (people["cause_of_death"].notna() == (people["died"] == 1)).all()
    shares = people["cause_of_death"].value_counts(normalize=True)
    assert {*shares.index} == {"cardiovascular", "cancer", "other"}
    effects = planted_effects(1.5, 1.5, {"causes": 0.6}).set_index("outcome")["planted"]
    for cause, share in (("cardiovascular", 1), ("cancer", 1), ("other", 0.4)):
        died = (people["cause_of_death"] == cause).astype(int)
        found, error = _log_ratio(_table(people).assign(died=died))
        assert abs(found - share * np.log(1.5)) < 3 * error
        assert effects[f"death_{cause}"] == pytest.approx(1.5**share)
    assert effects["death"] == pytest.approx(1.5 ** (1 - 0.6 * 0.35))


def test_a_waning_ratio_is_that_of_the_biopsy_at_first_and_small_later():
    people = make_people(N, seed=3, preset="teaching", dials={"waning": 1})
    table = _table(people)
    soon = table.assign(
        years=table["years"].clip(upper=1), died=table["died"] * (table["years"] <= 1)
    )
    mean = np.log(1.5) * 5 * (1 - np.exp(-0.2))  # over the first year
    found, error = _log_ratio(soon)
    assert abs(found - mean) < 3 * error
    late = table[table["years"] > 8].assign(years=lambda t: t["years"] - 8)
    found, _ = _log_ratio(late)
    assert 0 < found < 0.25 * np.log(1.5)
    meanings = planted_effects(1.5, 1.5, {"waning": 1.0}).set_index("outcome")["meaning"]
    assert meanings["death"] == "at the biopsy; its logarithm falls as exp(-1 years / 5)"
    assert meanings["disease_lung"] == ""


def test_slow_agers_leave_the_register():
    people = make_people(N, seed=3, preset="null", dials={"emigration": 1})
    left = (people["died"] == 0) & (people["follow_up_years"] < 2022.0 - people["biopsy_year"])
    found, error = _log_ratio(_table(people).assign(died=left.astype(int)))
    assert abs(found + np.log(1.5)) < 3 * error
    plain = people_of("null")
    assert (
        left.sum()
        > 2.5
        * ((plain["died"] == 0) & (plain["follow_up_years"] < 2022.0 - plain["biopsy_year"])).sum()
    )


def test_mortality_falls_by_calendar_year():
    from lifelines import CoxPHFitter

    people = make_people(N, seed=3, preset="null", dials={"calendar": 1})
    table = _table(people).assign(calendar=people["biopsy_year"] - 2006.0)
    fit = CoxPHFitter().fit(table, "years", "died").summary.loc["calendar"]
    assert abs(fit["coef"] + 0.02) < 3 * fit["se(coef)"]
