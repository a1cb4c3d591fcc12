import numpy as np
import pandas as pd
import pytest

from skinage.errors import StageError
from skinage.evaluation.groups import report_by_group
from skinage.evaluation.report_card import report_card
from skinage.skip_log import skipped


@pytest.fixture
def ages(make_ages):
    return make_ages(120)[0]


@pytest.fixture
def cohort(ages):
    """Two slides of each person; some sites differ, some are not known."""
    first = pd.DataFrame({"person_id": ages["person_id"], "body_site": "arm", "year": 2004.0})
    second = first.copy()
    second.loc[:9, "body_site"] = "leg"
    both = pd.concat([second, first], ignore_index=True)
    both.loc[both["person_id"].isin(ages["person_id"][10:30]), ["body_site", "year"]] = None
    return both[~both["person_id"].isin(ages["person_id"][30:33])]


def test_every_level_is_the_report_card_of_its_people(ages):
    table = report_by_group(ages, columns=["sex"], seed=4).set_index("level")
    for sex, row in table.iterrows():
        people = ages[ages["sex"] == sex]
        card = report_card(people, seed=4).set_index("metric")
        for name in ("mae", "bias"):
            found = row[[f"{name}_years", f"{name}_lower_years", f"{name}_upper_years"]]
            np.testing.assert_allclose(
                found.astype(float), card.loc[f"{name}_years", ["value", "lower", "upper"]]
            )
        assert row["n_people"] == len(people)
        assert row["age_mean_years"] == people["age_years"].mean()
        assert row["age_sd_years"] == people["age_years"].std()


def test_decades_follow_age_and_shrinkage_shows_as_bias(ages):
    ages.loc[:6, "age_years"] = [0, 9.9, 100, 105, 103, 104, 101]
    table = report_by_group(ages, columns=["decade"])
    names = [f"{ten} to {ten + 9}" for ten in (0, *range(20, 90, 10), 100)]
    assert [*table["level"]] == names
    assert table["n_people"].sum() == 120
    planted = table[1:-1]
    assert (planted["bias_years"].diff()[1:] < 0).all()
    assert planted["bias_lower_years"].iloc[0] > 0 > planted["bias_upper_years"].iloc[-1]


def test_few_people_are_shown_without_an_interval(ages):
    ages["sex"] = ["X"] * 4 + ["Y"] * 5 + ["F"] * 111
    table = report_by_group(ages, columns=["sex"]).set_index("level")
    assert [*table.index] == ["F", "X", "Y"]
    limits = table.filter(regex="lower|upper")
    assert limits.loc["X"].isna().all()
    assert limits.drop("X").notna().all(axis=None)
    assert np.isfinite(table.loc["X", ["mae_years", "bias_years"]].astype(float)).all()


def test_no_person_disappears(ages, cohort):
    ages["sex"] = ages["sex"].mask(ages.index < 7)
    table = report_by_group(ages, cohort, ["sex", "body_site", "year", "scanner"])
    counts = table.set_index(["column", "level"])["n_people"]
    assert (counts.groupby("column").sum() == 120).all()
    assert counts["sex", "unknown"] == 7
    assert counts["body_site"].to_dict() == {"arm": 87, "arm + leg": 10, "unknown": 23}
    assert counts["year"].to_dict() == {"2004": 97, "unknown": 23}
    assert skipped(table).to_numpy().tolist() == [
        ["report_by_group", "scanner", "neither table has this column"]
    ]
    assert [*counts["body_site"].index][-1] == "unknown"


def test_of_several_visits_the_first_counts(ages):
    visits = pd.concat([
        pd.DataFrame({"person_id": ages["person_id"], "visit": visit, "scanner": scanner,
                      "age_years": ages["age_years"] + later})
        for visit, scanner, later in (("b", "new", 5), ("a", "old", 0))
    ])  # fmt: skip
    table = report_by_group(ages, visits, ["scanner"])
    assert [*table["level"]] == ["old"]


def test_coverage_brackets_and_repeats_count_as_in_the_card(ages):
    low = ages["age_years"] // 10 * 10
    ages = ages.assign(
        age_years=low + 4.5, age_low=low, age_high=low + 9, sex="F",
        lower_years=ages["predicted_years"] - 12, upper_years=ages["predicted_years"] + 12,
        predicted_years_2=ages["predicted_years"] + 3, fold_2=ages["fold"],
    )  # fmt: skip
    row = report_by_group(ages, columns=["sex"]).iloc[0]
    card = report_card(ages).set_index("metric")
    for name in ("mae_years", "bias_years", "coverage"):
        np.testing.assert_allclose(row[name], card.loc[name, "value"])
    np.testing.assert_allclose(row["mae_upper_years"], card.loc["mae_years", "upper"])


def test_a_report_by_nothing_is_refused(ages, cohort):
    with pytest.raises(StageError, match="neither ages nor cohort has any of scanner, stain"):
        report_by_group(ages, cohort, ["scanner", "stain"])
    with pytest.raises(StageError, match=r"none of the 120 people is in the cohort; .*'P0000'"):
        report_by_group(ages, cohort.assign(person_id=range(len(cohort))), ["body_site"])
    with pytest.raises(StageError, match="no column predicted_years"):
        report_by_group(ages.drop(columns="predicted_years"))
