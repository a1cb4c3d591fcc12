import numpy as np
import pandas as pd
import pytest

from skinage.age_acceleration.acceleration import acceleration
from skinage.outcomes.associations import COLUMNS, associations
from skinage.outcomes.disease import prevalence
from skinage.outcomes.mortality import mortality
from skinage.skip_log import skipped


@pytest.fixture
def known(make_ages):
    """Ages and a cohort in which ten planted years double hazard and odds."""
    ages, planted = make_ages(300)
    generator = np.random.default_rng(1)
    risk = np.log(2) / 10 * planted + 0.05 * (ages["age_years"] - 55)
    death = generator.exponential(1 / (0.03 * np.exp(risk)))
    sick = generator.random(300) < 1 / (1 + np.exp(-risk))
    cohort = ages[["person_id", "age_years"]].assign(
        follow_up_years=np.minimum(death, 20), died=(death < 20).astype(int),
        disease_x=sick.astype(int),
    )  # fmt: skip
    return ages, cohort


def test_five_years_are_the_same_in_every_definition_in_years(known):
    """Years of a residual are shrunken by the slope, Cole's are not."""
    ages, cohort = known
    rows = {
        name: mortality(acceleration(ages, name), cohort).set_index("unit")
        for name in ("linear", "cole", "gap", "spline")
    }
    slope = acceleration(ages)["slope"][0]
    for name, found in rows.items():
        assert [*found.index] == ["per SD", "per 5 years"]
        expected = 5.0 if name == "cole" else 5 * slope
        assert found.loc["per 5 years", "step"] == pytest.approx(expected)
        assert found.loc["per 5 years", "estimate"] == pytest.approx(
            rows["linear"].loc["per 5 years", "estimate"], rel=0.03
        )
    assert rows["linear"].loc["per 5 years", "upper"] > np.sqrt(2)
    assert rows["linear"].loc["per 5 years", "lower"] < np.sqrt(2)


@pytest.mark.parametrize(
    ("definition", "term", "unit", "step"),
    [
        ("zscore", "acceleration_z", "per SD at that age", 1.0),
        ("centile", "acceleration_centile", "per 10 centiles", 10.0),
        ("ratio", "acceleration_ratio", "per 10 %", 0.1),
    ],
)
def test_what_is_not_in_years_is_tested_in_its_own_unit(known, definition, term, unit, step):
    ages, cohort = known
    table = acceleration(ages, definition)
    for test in (mortality, prevalence):
        rows = test(table, cohort)
        assert [*rows["unit"]] == ["per SD", unit]
        assert (rows["term"] == term).all()
        np.testing.assert_allclose(rows["step"], [table[term].std(), step])
        logs = np.log(rows[["estimate", "lower", "upper"]].astype(float))
        np.testing.assert_allclose(logs.iloc[0] / table[term].std(), logs.iloc[1] / step)
        # The same coefficient as of a table in which this is called years.
        plain = acceleration(ages).assign(acceleration_years=table[term], slope=1.0)
        again = test(plain, cohort).iloc[0]
        assert rows["estimate"][0] == pytest.approx(again["estimate"])


def test_definition_and_slope_stand_in_every_row(known):
    ages, cohort = known
    table = acceleration(ages)
    rows = associations(table, cohort)
    assert [*rows] == COLUMNS
    assert len(rows) == 4
    assert (rows["definition"] == table["definition"][0]).all()
    assert (rows["slope"] == table["slope"][0]).all()


def test_a_flat_clock_has_no_row_per_five_years_and_says_why(known):
    ages, cohort = known
    table = acceleration(ages.assign(predicted_years=50 + 0.1 * ages["predicted_years"]))
    rows = associations(table, cohort)
    assert [*rows["unit"]] == ["per SD", "per SD"]
    reason = "predicted age rises by 0.07 years per year of age; 0.1 needed"
    assert skipped(rows).to_numpy().tolist() == [
        ["death", "per 5 years (death)", reason],
        ["disease_x", "per 5 years (x)", reason],
    ]


def test_a_table_of_elsewhere_has_years_as_they_are(known):
    ages, cohort = known
    bare = acceleration(ages)[["person_id", "age_years", "acceleration_years"]]
    rows = mortality(bare, cohort).set_index("unit")
    assert rows.loc["per 5 years", "step"] == 5
    assert (rows["definition"] == "").all()
    assert (rows["slope"] == 1).all()


def bracketed(ages, width):
    low = 20 + (ages["age_years"] - 20) // width * width
    return ages.assign(age_low=low, age_high=low + width, age_years=low + width / 2)


def test_brackets_that_would_produce_most_of_it_are_refused_with_the_reason(known):
    ages, cohort = known
    wide, narrow = (acceleration(bracketed(ages, width)) for width in (35, 10))
    cohort = cohort.drop(columns="age_years")
    assert wide["bracket_part"][0] > 0.5 > narrow["bracket_part"][0]
    outcomes = associations(wide, cohort)
    assert outcomes.empty
    log = skipped(outcomes).set_index("item")["reason"]
    assert [*log.index] == ["mortality", "prevalence"]
    assert log.str.contains(r"within their brackets would make \d\d% of the variance").all()
    assert len(associations(narrow, cohort)) == 4


@pytest.mark.parametrize("column", ["acceleration_z", "expected_age_years"])
def test_a_measure_that_is_not_finite_is_refused(known, column):
    ages, cohort = known
    table = acceleration(ages)
    table[column] = pd.Series(1.0, table.index).where(table.index != 3)
    with pytest.raises(Exception, match=r"1 people .* not finite, such as \['P0003'\]"):
        mortality(table, cohort)
