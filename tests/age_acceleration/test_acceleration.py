import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from statsmodels.nonparametric.smoothers_lowess import lowess

from skinage.age_acceleration.acceleration import acceleration
from skinage.age_acceleration.definitions import DEFINITIONS
from skinage.errors import SettingError, StageError
from skinage.evaluation.corrected import refuse_corrected
from skinage.evaluation.report_card import report_card

FITTED = ["linear", "cole", "spline", "lowess", "zscore", "ratio"]
QUICK = [name for name in DEFINITIONS if name != "centile"]
MEASURED = {"zscore": "z", "centile": "centile", "ratio": "ratio"}


def correlation(values, others):
    return np.corrcoef(values, others)[0, 1]


def years(ages, definition="linear"):
    return acceleration(ages, definition)["acceleration_years"].to_numpy()


def bent(ages, planted):
    """Return the ages of a clock that hardly rises after 60."""
    at = ages["age_years"] + planted
    return ages.assign(predicted_years=20 + 60 * (1 - np.exp(-(at - 5).clip(lower=0) / 30)))


def test_gap_is_the_difference_and_still_falls_with_age(make_ages):
    ages, _ = make_ages()
    table = acceleration(ages, "gap")
    expected = ages["predicted_years"] - ages["age_years"]
    np.testing.assert_allclose(table["acceleration_years"], expected)
    assert table["correlation_with_age"][0] < -0.7
    assert table["definition"].unique() == ["predicted minus actual age"]


def test_linear_is_the_residual_of_a_line_fitted_on_the_other_folds(make_ages):
    ages, _ = make_ages()
    table = acceleration(ages)
    for fold in range(5):
        held_out = ages["fold"] == fold
        fit = smf.ols("predicted_years ~ age_years + sex", ages[~held_out]).fit()
        expected = ages.loc[held_out, "predicted_years"] - fit.predict(ages[held_out])
        np.testing.assert_allclose(table.loc[held_out, "acceleration_years"], expected)


def test_linear_is_beheshtis_gap_minus_its_line_on_age(make_ages):
    ages = make_ages()[0].drop(columns="sex")
    gap = ages["predicted_years"] - ages["age_years"]
    for fold in range(5):
        held_out = ages["fold"] == fold
        alpha, beta = np.polyfit(ages["age_years"][~held_out], gap[~held_out], 1)
        corrected = gap[held_out] - (alpha * ages["age_years"][held_out] + beta)
        np.testing.assert_allclose(years(ages)[held_out], corrected, atol=1e-9)
    pd.testing.assert_frame_equal(acceleration(ages, "beheshti"), acceleration(ages))
    assert "Beheshti" in acceleration(ages)["definition"][0]


def test_cole_solves_the_line_of_the_other_folds_for_age(make_ages):
    ages, _ = make_ages()
    one_sex = ages.drop(columns="sex")
    for fold in range(5):
        held_out = ages["fold"] == fold
        training, tested = one_sex[~held_out], one_sex[held_out]
        slope, intercept = np.polyfit(training["age_years"], training["predicted_years"], 1)
        expected = (tested["predicted_years"] - intercept) / slope - tested["age_years"]
        np.testing.assert_allclose(years(one_sex, "cole")[held_out], expected, atol=1e-9)
        fit = smf.ols("predicted_years ~ age_years + sex", ages[~held_out]).fit()
        stretched = years(ages)[held_out] / fit.params["age_years"]
        np.testing.assert_allclose(years(ages, "cole")[held_out], stretched, atol=1e-9)


def test_coles_years_are_those_that_were_planted(make_ages):
    ages, planted = make_ages(2000)
    assert np.polyfit(planted, years(ages, "cole"), 1)[0] == pytest.approx(1, abs=0.02)
    assert np.polyfit(planted, years(ages), 1)[0] == pytest.approx(0.7, abs=0.02)


@pytest.mark.parametrize("sign", [0, -0.5])
def test_cole_does_not_divide_by_a_slope_that_is_none(make_ages, sign):
    ages, _ = make_ages()
    noise = np.random.default_rng(0).normal(0, 1, len(ages))
    flat = ages.assign(predicted_years=55 + sign * (ages["age_years"] - 55) + noise)
    with pytest.raises(StageError, match=r"years per year of age.*'cole' divides.*Use 'linear'"):
        acceleration(flat, "cole")
    assert np.isfinite(years(flat)).all()


def test_lowess_is_the_residual_of_a_curve_of_the_other_folds(make_ages):
    ages, planted = make_ages(300)
    ages = bent(ages, planted).drop(columns="sex")
    found = years(ages, "lowess")
    for fold in range(5):
        held_out = (ages["fold"] == fold).to_numpy()
        training, tested = ages[~held_out], ages[held_out]
        curve = lowess(
            training["predicted_years"], training["age_years"], frac=0.5,
            xvals=tested["age_years"].to_numpy(),
        )  # fmt: skip
        inside = tested["age_years"].between(*training["age_years"].agg(["min", "max"])).to_numpy()
        expected = (tested["predicted_years"] - curve)[inside]
        np.testing.assert_allclose(found[held_out][inside], expected, atol=0.05)
        assert inside.sum() > 50


def test_lowess_goes_on_straight_beyond_the_ages_it_has_seen(make_ages):
    ages = make_ages()[0].drop(columns="sex")
    ages["predicted_years"] = 10 + 0.7 * ages["age_years"]
    ages.loc[0, ["age_years", "predicted_years"]] = [120.0, 94.0 + 3]
    ages.loc[1, ["age_years", "predicted_years"]] = [2.0, 11.4 - 3]
    with pytest.warns(UserWarning, match="a parabola of age"):  # two people alone are off the line
        found = years(ages, "lowess")
    np.testing.assert_allclose(found[:2], [3, -3], atol=1e-6)
    assert np.isfinite(found).all()


def test_lowess_takes_the_mean_of_each_sex_off_and_of_both_if_unknown(make_ages):
    ages, _ = make_ages()
    ages["age_years"] = np.repeat(np.linspace(20, 90, 100), 2)
    ages["sex"] = ["F", "M"] * 100
    ages["fold"] = np.arange(200) // 2 % 5
    ages["predicted_years"] = 10 + 0.7 * ages["age_years"] + np.where(ages["sex"] == "M", 4, -4)
    np.testing.assert_allclose(years(ages, "lowess"), 0, atol=1e-6)
    ages.loc[0, "sex"] = None
    assert years(ages, "lowess")[0] == pytest.approx(-4, abs=0.1)


def test_lowess_needs_more_than_one_age(make_ages):
    ages, _ = make_ages()
    ages["age_years"] = np.where(np.arange(200) % 3 == 0, 35.0, 45.0)
    with pytest.raises(StageError, match=r"have the same age, 45: .* Use 'linear'"):
        acceleration(ages, "lowess")
    assert np.isfinite(years(ages)).all()


@pytest.mark.parametrize("definition", FITTED)
def test_what_is_fitted_is_free_of_age_and_finds_what_was_planted(make_ages, definition):
    ages, planted = make_ages(2000)
    table = acceleration(ages, definition)
    found = table["acceleration_" + MEASURED.get(definition, "years")]
    assert abs(correlation(found, ages["age_years"])) < 0.02
    assert table["correlation_with_age"][0] == pytest.approx(correlation(found, ages["age_years"]))
    assert correlation(found, planted) > (0.92 if definition == "ratio" else 0.96)
    assert correlation(years(ages, "gap"), planted) < 0.75
    assert "age and sex" in table["definition"][0]
    assert "other folds" in table["definition"][0]


@pytest.mark.parametrize("definition", FITTED)
def test_what_a_fold_is_compared_with_has_not_seen_its_people(make_ages, definition):
    ages, _ = make_ages()
    before = years(ages, definition)
    ages.loc[0, "predicted_years"] += 50
    change = pd.Series(years(ages, definition) - before)
    same_fold = ages["fold"] == ages["fold"][0]
    assert change[0] == pytest.approx(50, rel=0.5)
    assert (change[same_fold].drop(0) == 0).all()
    # By sex, the curve of the other one stays.
    assert (change[~same_fold].abs() > 1e-9).mean() > 0.4


def test_sex_is_used_where_it_varies_only(make_ages):
    ages, _ = make_ages()
    without = acceleration(ages.drop(columns="sex"))
    one_sex = acceleration(ages.assign(sex="F"))
    assert "sex" not in without
    assert "on age (" in one_sex["definition"][0]
    np.testing.assert_allclose(without["acceleration_years"], one_sex["acceleration_years"])


@pytest.mark.parametrize("definition", FITTED)
def test_men_and_women_are_measured_against_their_own(make_ages, definition):
    ages, _ = make_ages(400)
    shifted = ages.assign(predicted_years=ages["predicted_years"] + 9 * (ages["sex"] == "M"))
    np.testing.assert_allclose(years(shifted, definition), years(ages, definition), atol=1e-9)


def test_people_of_unknown_sex_are_measured_against_the_mean_of_both(make_ages):
    ages, _ = make_ages()
    shifted = ages.assign(predicted_years=ages["predicted_years"] + 9 * (ages["sex"] == "M"))
    unknown = shifted.assign(sex=shifted["sex"].mask(shifted.index == 3, None))
    training = shifted[shifted["fold"] != shifted["fold"][3]]
    share = (training["sex"] == "M").mean()
    fit = smf.ols("predicted_years ~ age_years + I((sex == 'M') * 1.0)", training).fit()
    base, slope, male = fit.params
    expected = unknown["predicted_years"][3] - (
        base + slope * unknown["age_years"][3] + share * male
    )
    assert years(unknown)[3] == pytest.approx(expected)
    assert np.isfinite(years(unknown)).all()


def test_a_sex_of_one_fold_only_is_named(make_ages):
    ages, _ = make_ages()
    ages["sex"] = np.where(ages["fold"] == 2, "M", "F")
    with pytest.warns(UserWarning, match=r"40 people of fold 2 are of a sex that 0 of the people"):
        found = years(ages)
    alone = years(ages.drop(columns="sex"))
    np.testing.assert_allclose(found[ages["fold"] == 2], alone[ages["fold"] == 2])


def test_a_sex_of_two_people_is_compared_with_everybody(make_ages):
    ages, _ = make_ages()
    ages["sex"] = "F"
    ages.loc[[0, 1], "sex"] = "M"
    ages.loc[[0, 1], "predicted_years"] += [30.0, -30.0]
    with pytest.warns(UserWarning, match=r"1 people of fold \d are of a sex that 1 of the people"):
        found = years(ages)
    np.testing.assert_allclose(found, years(ages.drop(columns="sex")))


def with_repeats(ages):
    generator = np.random.default_rng(7)
    for repeat in (2, 3):
        noise = generator.normal(0, 2, len(ages))
        ages[f"predicted_years_{repeat}"] = ages["predicted_years"] + noise
        ages[f"fold_{repeat}"] = generator.permutation(len(ages)) % 4
    return ages


@pytest.mark.parametrize("definition", FITTED)
def test_repeats_are_each_compared_within_their_own_folds_then_averaged(make_ages, definition):
    ages = with_repeats(make_ages()[0])
    table = acceleration(ages, definition)
    alone = []
    for ending in ("", "_2", "_3"):
        own = ages[["person_id", "age_years", "sex"]].copy()
        own["predicted_years"], own["fold"] = (
            ages[f"predicted_years{ending}"],
            ages[f"fold{ending}"],
        )
        alone.append(years(own, definition))
    np.testing.assert_allclose(table["acceleration_years"], np.mean(alone, axis=0))
    np.testing.assert_allclose(table["acceleration_sd_years"], np.std(alone, axis=0, ddof=1))
    predicted = ages[["predicted_years", "predicted_years_2", "predicted_years_3"]].mean(axis=1)
    np.testing.assert_allclose(table["predicted_years"], predicted)
    assert table["definition"][0].endswith("; mean of 3 repeats")
    with pytest.raises(StageError, match="no column fold_2"):
        acceleration(ages.drop(columns="fold_2"), definition)


def test_people_of_brackets_are_measured_at_the_age_to_expect_and_the_words_say_so(make_ages):
    ages, _ = make_ages()
    exact = ages.assign(age_low=ages["age_years"], age_high=ages["age_years"])
    pd.testing.assert_frame_equal(acceleration(exact), acceleration(ages))
    ages["age_low"] = ages["age_years"] // 10 * 10
    ages["age_high"] = ages["age_low"] + 9
    ages["age_years"] = ages["age_low"] + 4.5
    for definition in QUICK:
        table = acceleration(ages, definition)
        assert "within a bracket, age is the one to expect" in table["definition"][0]
        assert np.isfinite(table["acceleration_years"]).all()
        assert table["expected_age_years"].between(ages["age_low"], ages["age_high"]).all()
        pd.testing.assert_series_equal(table["age_years"], ages["age_years"])
    gap = table["predicted_years"] - table["expected_age_years"]
    np.testing.assert_allclose(years(ages, "gap"), gap)


def test_any_order_and_index_of_rows_will_do(make_ages):
    ages, _ = make_ages()
    shuffled = ages.sample(frac=1, random_state=0)
    for definition in QUICK:
        found = acceleration(shuffled, definition).loc[ages.index, "acceleration_years"]
        np.testing.assert_allclose(found, years(ages, definition), atol=1e-9)


def test_what_is_left_of_age_survives_a_file(make_ages, tmp_path):
    table = acceleration(make_ages()[0], "gap")
    table.to_csv(tmp_path / "acceleration.csv", index=False)
    read = pd.read_csv(tmp_path / "acceleration.csv")
    expected = correlation(table["acceleration_years"], table["age_years"])
    np.testing.assert_allclose(read["correlation_with_age"], expected)


def test_columns_and_errors(make_ages):
    ages, _ = make_ages()
    columns = [
        "person_id", "age_years", "predicted_years", "fold", "acceleration_years", "definition",
        "slope", "sex", "correlation_with_age",
    ]  # fmt: skip
    assert [*acceleration(ages)] == columns
    for name, ending in MEASURED.items():
        expected = [*columns[:5], f"acceleration_{ending}", *columns[5:]]
        assert [*acceleration(ages, name)] == expected
    visits = acceleration(ages.assign(visit="a"))
    assert [*visits] == ["person_id", "visit", *columns[1:]]
    with pytest.raises(StageError, match=r"3 people are in no fold, such as \['P0000', 'P0001'"):
        acceleration(ages.assign(fold=ages["fold"].where(ages.index > 2)))
    with pytest.raises(StageError, match="two folds"):
        acceleration(ages.assign(fold=0))
    with pytest.raises(SettingError, match=r"no definition 'loess'; choose from .*linear.*lowess"):
        acceleration(ages, "loess")
    with pytest.raises(StageError, match=r"sex must be F, M or missing, found \['female'\]"):
        acceleration(ages.replace({"sex": {"F": "female"}}))
    for missing in ("age_years", "predicted_years", "person_id", "fold"):
        with pytest.raises(StageError, match=f"no column {missing}"):
            acceleration(ages.drop(columns=missing))


def test_no_definition_returns_a_corrected_prediction(make_ages):
    ages, _ = make_ages()
    for definition in QUICK:
        table = acceleration(ages, definition)
        pd.testing.assert_series_equal(table["predicted_years"], ages["predicted_years"])
        refuse_corrected(table)
    refuse_corrected(acceleration(with_repeats(ages)))


@pytest.mark.parametrize("definition", FITTED)
def test_age_plus_acceleration_is_refused_as_a_prediction(make_ages, definition):
    table = acceleration(make_ages()[0], definition)
    table["predicted_years"] = table["age_years"] + table["acceleration_years"].round(7)
    with pytest.raises(StageError, match=r"predicted_years is no prediction .* age plus accel"):
        refuse_corrected(table)
    refuse_corrected(table.assign(definition=acceleration(make_ages()[0], "gap")["definition"]))


@pytest.mark.parametrize("regressors", ["age_years", "age_years + sex"])
def test_predictions_corrected_in_sample_are_refused(make_ages, regressors):
    ages = with_repeats(make_ages()[0])
    refuse_corrected(ages)
    for name in ("predicted_years", "predicted_years_2"):
        fit = smf.ols(f"{name} ~ {regressors}", ages).fit()
        corrected = ages.assign(**{name: ages["age_years"] + fit.resid})
        for judge in (refuse_corrected, report_card):
            with pytest.raises(StageError, match=f"{name} is no pred.* correlates with age by"):
                judge(corrected)


def test_perfect_and_constant_predictions_are_not_corrected_ones(make_ages):
    ages, _ = make_ages()
    refuse_corrected(ages.assign(predicted_years=ages["age_years"]))
    refuse_corrected(ages.assign(predicted_years=55.0))
