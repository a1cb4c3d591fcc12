import warnings

import numpy as np
import pytest

from skinage.age_acceleration.acceleration import acceleration
from skinage.age_acceleration.age_dependence import UNITS, age_dependence, compare_definitions
from skinage.age_acceleration.definitions import DEFINITIONS
from skinage.skip_log import skipped


def r2_of_a_parabola(age, values):
    left = values - np.polyval(np.polyfit(age, values, 2), age)
    return 1 - left.var() / values.var()


def test_what_is_left_of_age_is_computed_for_all_people_and_by_sex(make_ages):
    ages, _ = make_ages()
    ages.loc[:4, "sex"] = None
    table = acceleration(ages, "gap")
    found = age_dependence(table).set_index("people")
    groups = {"everybody": table, "women": table[table["sex"] == "F"],
              "men": table[table["sex"] == "M"]}  # fmt: skip
    assert [*found.index] == [*groups]
    for name, group in groups.items():
        age, values = group["age_years"], group["acceleration_years"]
        expected = [len(group), np.corrcoef(age, values)[0, 1], r2_of_a_parabola(age, values)]
        np.testing.assert_allclose(found.loc[name].astype(float), expected)
    no_sex = age_dependence(table.drop(columns="sex"))
    assert [*no_sex["people"]] == ["everybody"]


def test_what_does_not_vary_correlates_with_nothing(make_ages):
    ages, _ = make_ages()
    table = acceleration(ages.assign(predicted_years=ages["age_years"]), "gap")
    left = age_dependence(table)
    assert left[["correlation_with_age", "explained_by_age"]].isna().all(axis=None)


@pytest.mark.slow
def test_definitions_are_compared_in_a_row_each(make_ages):
    ages, _ = make_ages(100)
    found = compare_definitions(ages).set_index("definition")
    assert [*found.index] == [*UNITS]
    assert {*UNITS} == {*DEFINITIONS} - {"beheshti"}
    for name, row in found.iterrows():
        table = acceleration(ages, name)
        units = {"zscore": "SD at that age", "centile": "centile", "ratio": "ratio"}
        endings = {"zscore": "z", "centile": "centile", "ratio": "ratio"}
        values = table[f"acceleration_{endings.get(name, 'years')}"]
        women = table["sex"] == "F"
        assert row["sd"] == pytest.approx(values.std())
        assert row["unit"] == units.get(name, "years")
        assert row["everybody"] == table["correlation_with_age"][0]
        expected = np.corrcoef(values[women], table["age_years"][women])[0, 1]
        assert row["women"] == pytest.approx(expected)
        linear = acceleration(ages)["acceleration_years"]
        expected = np.corrcoef(values, linear)[0, 1]
        assert row["correlation_with_linear"] == pytest.approx(expected)
    assert found.loc["cole", "correlation_with_linear"] > 0.999
    assert found.loc["cole", "sd"] == pytest.approx(found.loc["linear", "sd"] / 0.7, rel=0.03)


def test_of_a_clock_that_bends_curves_leave_less_than_a_line(make_ages):
    ages, planted = make_ages(400)
    at = (ages["age_years"] + planted - 5).clip(lower=0)
    ages["predicted_years"] = 20 + 60 * (1 - np.exp(-at / 30))
    found = compare_definitions(ages).set_index("definition")
    assert abs(found.loc["linear", "everybody"]) < 0.01
    assert found.loc["linear", "explained_by_age"] > 0.2
    planted_r = {}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "acceleration: a parabola of age")
        for name in ("linear", "lowess", "spline"):
            values = acceleration(ages, name)["acceleration_years"]
            planted_r[name] = np.corrcoef(values, planted)[0, 1]
    for name in ("lowess", "spline"):
        assert found.loc[name, "explained_by_age"] < 0.06
        assert planted_r[name] > planted_r["linear"] + 0.05


def test_a_definition_that_cannot_be_fitted_is_skipped_by_name(make_ages):
    ages, _ = make_ages()
    noise = np.random.default_rng(0).normal(0, 1, len(ages))
    with pytest.warns(UserWarning, match=r"skipped cole\. .* divides by this slope"):
        found = compare_definitions(ages.assign(predicted_years=55 + noise))
    assert [*found["definition"]] == [name for name in UNITS if name != "cole"]
    log = skipped(found)
    assert log[["stage", "item"]].to_numpy().tolist() == [["compare_definitions", "cole"]]
    assert "divides by this slope" in log["reason"][0]
