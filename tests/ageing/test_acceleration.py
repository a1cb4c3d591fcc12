import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from skinage.ageing.acceleration import acceleration, measured, refuse_corrected
from skinage.ageing.card import report_card
from skinage.ageing.remaining_age import compare_definitions, correlation_with_age
from skinage.errors import StageError


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


def test_linear_is_free_of_age_and_finds_what_was_planted(make_ages):
    ages, planted = make_ages(400)
    table = acceleration(ages)
    assert abs(table["correlation_with_age"][0]) < 0.03
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
    assert "on age (Beheshti" in one_sex["definition"][0]
    np.testing.assert_allclose(without["acceleration_years"], one_sex["acceleration_years"])
    shifted = ages.assign(predicted_years=ages["predicted_years"] + 9 * (ages["sex"] == "M"))
    np.testing.assert_allclose(
        acceleration(shifted)["acceleration_years"], acceleration(ages)["acceleration_years"]
    )
    ages.loc[3, "sex"] = None
    assert acceleration(ages)["acceleration_years"].notna().all()


def test_beheshtis_correction_is_the_linear_residual(make_ages):
    ages, _ = make_ages()
    for fold in range(5):
        held_out = ages["fold"] == fold
        training = ages[~held_out].assign(gap=lambda t: t["predicted_years"] - t["age_years"])
        fit = smf.ols("gap ~ age_years + sex", training).fit()
        gap = ages["predicted_years"] - ages["age_years"]
        corrected = gap[held_out] - fit.predict(ages[held_out])
        for name in ("linear", "beheshti"):
            found = acceleration(ages, name)["acceleration_years"]
            np.testing.assert_allclose(found[held_out], corrected, atol=1e-9)


def test_cole_divides_by_the_slope_of_the_other_folds(make_ages):
    ages, planted = make_ages()
    ages = ages.drop(columns="sex")
    found = acceleration(ages, "cole")["acceleration_years"]
    for fold in range(5):
        held_out = (ages["fold"] == fold).to_numpy()
        slope, intercept = np.polyfit(
            *ages.loc[~held_out, ["age_years", "predicted_years"]].T.to_numpy(), 1
        )
        expected = (ages["predicted_years"] - intercept) / slope - ages["age_years"]
        np.testing.assert_allclose(found[held_out], expected[held_out])
    # The clock shrinks by .7: Cole's years are those that were planted.
    np.testing.assert_allclose(np.polyfit(planted, found, 1)[0], 1, atol=0.05)
    with pytest.raises(StageError, match="'cole' divides by this slope"):
        acceleration(ages.assign(predicted_years=50 + 0.01 * ages["age_years"]), "cole")


def curved(n_people=2000):
    """A clock that sees hardly any difference between the old."""
    generator = np.random.default_rng(1)
    age = generator.uniform(20, 90, n_people)
    planted = generator.normal(0, 6, n_people)
    return pd.DataFrame({
        "person_id": np.arange(n_people).astype(str), "age_years": age,
        "predicted_years": 75 - 60 * np.exp(-(age + planted - 15) / 25),
        "fold": np.arange(n_people) % 5,
    }), planted  # fmt: skip


def test_lowess_takes_out_what_a_line_leaves():
    ages, _ = curved()
    linear, bent = (acceleration(ages, name) for name in ("linear", "lowess"))
    left = [correlation_with_age(table)["explained_by_age"][0] for table in (linear, bent)]
    assert left[0] > 0.3
    assert left[1] < 0.05
    assert abs(bent["correlation_with_age"][0]) < 0.05


def test_lowess_goes_on_beyond_the_ages_of_the_other_folds(make_ages):
    ages, _ = make_ages()
    ages.loc[0, ["age_years", "predicted_years"]] = 100, 55 + 0.7 * 45
    found = acceleration(ages.drop(columns="sex"), "lowess")["acceleration_years"]
    assert found.notna().all()
    assert abs(found[0]) < 4


def test_lowess_takes_out_sex(make_ages):
    ages, _ = make_ages(400)
    shifted = ages.assign(predicted_years=ages["predicted_years"] + 9 * (ages["sex"] == "M"))
    table = acceleration(shifted, "lowess")
    by_sex = table.groupby("sex")["acceleration_years"].mean()
    assert abs(by_sex["M"] - by_sex["F"]) < 0.5


def test_zscore_is_standard_normal_where_the_spread_grows_with_age():
    generator = np.random.default_rng(0)
    age = generator.uniform(20, 90, 4000)
    ages = pd.DataFrame({
        "person_id": np.arange(4000).astype(str), "age_years": age,
        "predicted_years": age + (0.1 * age) * generator.normal(size=4000),
        "fold": np.arange(4000) % 5,
    })  # fmt: skip
    table = acceleration(ages, "zscore")
    by_age = table.groupby(pd.cut(table["age_years"], 4), observed=True)["acceleration_z"].std()
    np.testing.assert_allclose(by_age, 1, atol=0.08)
    np.testing.assert_allclose(
        table["acceleration_years"], acceleration(ages)["acceleration_years"]
    )


@pytest.mark.parametrize("definition", ["linear", "cole", "lowess", "zscore"])
def test_every_definition_but_the_gap_is_free_of_age_and_finds_what_was_planted(
    definition, make_ages
):
    ages, planted = make_ages(2000)
    table = acceleration(ages, definition)
    assert abs(table["correlation_with_age"][0]) < 0.03
    assert np.corrcoef(measured(table), planted)[0, 1] > 0.95
    # A fold's curve has not seen the fold.
    ages.loc[0, "predicted_years"] += 30
    changed = acceleration(ages, definition)["acceleration_years"] - table["acceleration_years"]
    same_fold = ages["fold"] == ages["fold"][0]
    assert changed[0] > 29
    assert (changed[same_fold].drop(0) == 0).all()


def test_repeats_are_averaged_each_with_its_own_folds(make_ages):
    ages, _ = make_ages()
    again, _ = make_ages(seed=3)
    both = ages.assign(
        predicted_years_2=ages["predicted_years"] + again["fold"], fold_2=(again["fold"] + 2) % 3
    )
    second = ages.assign(predicted_years=both["predicted_years_2"], fold=both["fold_2"])
    alone = np.stack([acceleration(table)["acceleration_years"] for table in (ages, second)])
    found = acceleration(both)
    np.testing.assert_allclose(found["acceleration_years"], alone.mean(axis=0))
    np.testing.assert_allclose(found["acceleration_sd_years"], alone.std(axis=0, ddof=1))
    assert found["definition"][0].endswith("mean of 2 repeats")


def test_what_is_left_of_age_is_told_by_sex(make_ages):
    ages, _ = make_ages(300)
    table = acceleration(ages, "gap")
    left = correlation_with_age(table).set_index("people")
    assert left["n_people"].to_dict() == {
        "everybody": 300, "women": (ages["sex"] == "F").sum(), "men": (ages["sex"] == "M").sum(),
    }  # fmt: skip
    women = table[table["sex"] == "F"]
    r = women["acceleration_years"].corr(women["age_years"])
    np.testing.assert_allclose(left.loc["women", "correlation_with_age"], r)


def test_definitions_are_compared(make_ages):
    ages, _ = make_ages(300)
    table = compare_definitions(ages).set_index("definition")
    assert [*table.index] == ["linear", "gap", "cole", "lowess", "zscore"]
    assert table.loc["linear", "correlation_with_linear"] == pytest.approx(1)
    assert table["everybody"].abs().idxmax() == "gap"
    flat = ages.assign(predicted_years=50 + 0.05 * ages["predicted_years"])
    with pytest.warns(UserWarning, match="cole is left out"):
        assert "cole" not in [*compare_definitions(flat)["definition"]]


def test_corrected_predictions_are_no_predictions(make_ages):
    ages, _ = make_ages()
    refuse_corrected(ages)
    refuse_corrected(acceleration(ages))
    refuse_corrected(acceleration(ages, "gap"))
    linear = acceleration(ages)
    built = linear.assign(predicted_years=linear["age_years"] + linear["acceleration_years"])
    with pytest.raises(StageError, match="is age plus acceleration"):
        refuse_corrected(built)
    fit = smf.ols("predicted_years ~ age_years", ages).fit()
    by_hand = ages.assign(predicted_years=ages["age_years"] + fit.resid)
    with pytest.raises(StageError, match="its gap to age correlates with age by"):
        refuse_corrected(by_hand)
    with pytest.raises(StageError, match="corrected by the actual age"):
        report_card(by_hand)


def test_brackets_are_said(make_ages):
    ages, _ = make_ages()
    low = np.floor(ages["age_years"] / 10) * 10
    told = ages.assign(age_low=low, age_high=low + 10, age_years=low + 5)
    assert "middle of the bracket" in acceleration(told)["definition"][0]
    exact = ages.assign(age_low=ages["age_years"], age_high=ages["age_years"])
    assert "middle" not in acceleration(exact)["definition"][0]


def test_columns_and_errors(make_ages):
    ages, _ = make_ages()
    assert [*acceleration(ages).columns] == [
        "person_id", "age_years", "predicted_years", "fold", "acceleration_years", "definition",
        "correlation_with_age", "sex",
    ]  # fmt: skip
    with pytest.raises(StageError, match=r"no definition 'loess'; choose from .*linear.*gap"):
        acceleration(ages, "loess")
    with pytest.raises(StageError, match="no column fold"):
        acceleration(ages.drop(columns="fold"))
