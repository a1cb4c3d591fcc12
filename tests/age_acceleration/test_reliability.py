import numpy as np
import pandas as pd
import pytest

from skinage.age_acceleration.reliability import HALVES, SLIDES, reliability
from skinage.age_acceleration.slide_acceleration import slide_acceleration
from skinage.errors import StageError
from skinage.evaluation.repeatability import icc
from skinage.skip_log import skipped

KEYS = ["quantity", "measured_on", "n_averaged"]


def test_a_clock_that_knows_nothing_of_people_has_a_reliable_gap_only(make_slides):
    table = reliability(slide_acceleration(make_slides(1000, 2, 0, 5))).set_index(KEYS)
    assert table.loc[("gap", SLIDES, 1), "icc"] > 0.7
    assert table.loc[("predicted age", SLIDES, 1), "icc"] > 0.8
    assert abs(table.loc[("acceleration", SLIDES, 1), "icc"]) < 0.08  # its SE is .03
    assert table.loc[("acceleration", SLIDES, 1), "lower"] < 0


def test_the_planted_share_of_the_person_is_found(make_slides):
    table = reliability(slide_acceleration(make_slides(1000, 4, 4, 3))).set_index(KEYS)
    for n in (1, 2, 3):
        row = table.loc[("acceleration", SLIDES, n)]
        truth = 16 / (16 + 9 / n)
        assert row["icc"] == pytest.approx(truth, abs=0.03)
        assert row["lower"] < truth < row["upper"]
        assert row["within_person_sd_years"] == pytest.approx(3 / np.sqrt(n), rel=0.03)
        assert row["repeatability_years"] == pytest.approx(1.96 * np.sqrt(2 * 9 / n), rel=0.03)
    for n in (1, 2):
        row = table.loc[("acceleration", SLIDES, n)]
        assert row["icc_measured"] == pytest.approx(16 / (16 + 9 / n), abs=0.04)
        assert row["n_measured"] == 1000
    three = table.loc[("acceleration", SLIDES, 3)]
    assert (np.isnan(three["icc_measured"]), three["n_measured"]) == (True, 0)
    assert (table[["n_people", "n_slides", "n_excluded"]] == [1000, 4000, 0]).all(axis=None)
    assert (table["note"] == "").all()


def test_measured_means_are_of_slides_that_no_other_mean_has(make_slides):
    slides = slide_acceleration(make_slides(40, 5, 4, 3))
    alone = slides["person_id"].isin(["P0", "P1"]) & (slides.groupby("person_id").cumcount() > 2)
    slides = slides[~alone]
    row = reliability(slides).set_index(KEYS).loc[("acceleration", SLIDES, 2)]
    whole = slides[~slides["person_id"].isin(["P0", "P1"])]
    pairs = np.stack([own["acceleration_years"][:4] for _, own in whole.groupby("person_id")])
    means = pairs.reshape(38, 2, 2).mean(axis=2)
    expected = icc(pd.Series(means.ravel()), pd.Series(np.repeat(np.arange(38), 2)))["icc"]
    assert row["icc_measured"] == pytest.approx(expected)
    assert row["n_measured"] == 38


def test_few_people_are_said_to_be_few(make_slides):
    for n_people in (11, 20):
        table = reliability(slide_acceleration(make_slides(n_people, 2, 0, 5))).set_index(KEYS)
        row = table.loc[("acceleration", SLIDES, 1)]
        share = min(row["upper"], 1) - max(row["lower"], 0)
        words = f"11 people: the interval holds {share:.0%} of the values from 0 to 1"
        assert row["note"] == (words if n_people == 11 else "")
    assert share > 0.3


def test_age_within_brackets_is_said_to_count_as_the_person(make_slides):
    slides = make_slides(1000, 2, 0, 3)
    low = slides["age_years"] // 10 * 10
    slides = slides.assign(age_low=low, age_high=low + 10, age_years=low + 5)
    own = slide_acceleration(slides)
    # Years within brackets have a variance of .6 ** 2 * 100 / 12 = 3; slides have one of 9.
    assert own["bracket_part"].iloc[0] == pytest.approx(0.25, abs=0.03)
    halves = own.drop(columns="slide_id").assign(half=[1, 2] * 1000, n_slides=1)
    table = reliability(own, halves).set_index("quantity")
    words = (
        f"ages are brackets: about {own['bracket_part'].iloc[0]:.0%} of the variance is age within "
        "them, which counts as the person here"
    )
    assert (table.loc["acceleration", "note"] == words).all()
    assert (table.drop("acceleration")["note"] == "").all()
    assert "bracket_part" not in table
    few = reliability(own.head(22)).set_index("quantity")
    assert few["note"].loc["gap"].startswith("11 people: ")
    assert (
        few["note"].loc["acceleration"].iloc[0] == f"{few['note'].iloc[2].split('; ')[0]}; {words}"
    )


def test_halves_stand_beside_slides_and_alone_where_no_person_has_two(make_slides, as_halves):
    slides = slide_acceleration(make_slides(100, 2, 4, 3))
    halves = slide_acceleration(as_halves(make_slides(100, 2, 6, 2)))
    table = reliability(slides, halves).set_index(KEYS)
    of_halves = icc(halves["acceleration_years"], halves["person_id"])
    one, all_tiles = (table.loc[("acceleration", HALVES, n)] for n in (1, 2))
    assert one["icc"] == of_halves["icc"]
    assert all_tiles["icc"] == pytest.approx(2 * one["icc"] / (1 + one["icc"]))
    assert (one["n_people"], one["n_slides"]) == (100, 150)
    single = slides.drop_duplicates("person_id")
    alone = reliability(single, halves)
    assert (alone["measured_on"] == HALVES).all()
    assert skipped(alone).to_numpy().tolist() == [
        ["reliability", SLIDES, "0 people have two slides; two people are needed"]
    ]
    with pytest.raises(StageError, match="0 of 100 people have two values"):
        reliability(single)


def test_a_z_score_is_measured_where_the_definition_is_one(make_slides):
    slides = slide_acceleration(make_slides(100, 2, 4, 3), "zscore")
    row = reliability(slides).set_index(KEYS).loc[("acceleration", SLIDES, 1)]
    assert row["icc"] == icc(slides["acceleration_z"], slides["person_id"])["icc"]


def test_unusable_slides_are_refused(make_slides):
    slides = make_slides(10, 2, 4, 3)
    with pytest.raises(StageError, match="no column acceleration_years; found"):
        reliability(slides)
    with pytest.raises(StageError, match="no column predicted_years; found"):
        reliability(slide_acceleration(slides).drop(columns="predicted_years"))
