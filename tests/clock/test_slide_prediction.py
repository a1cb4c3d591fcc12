import numpy as np
import pandas as pd
import pytest

from skinage.age_acceleration.reliability import SLIDES, reliability
from skinage.age_acceleration.slide_acceleration import slide_acceleration
from skinage.clock.prediction import predict_age
from skinage.clock.slide_prediction import _by_half, predict_halves, predict_slides
from skinage.errors import StageError
from skinage.people.pool import pool
from skinage.skip_log import skipped


@pytest.fixture
def cohort(make_cohort):
    one = make_cohort(60)
    twice = one.head(25).assign(slide_id=one["slide_id"].head(25).str.replace("_1", "_2"))
    return pd.concat([one, twice], ignore_index=True)


def test_people_with_one_slide_are_predicted_as_ever(cohort, make_atlas):
    atlas = make_atlas(cohort)
    slides = predict_slides(atlas, cohort, seed=1).set_index("slide_id")
    ages = predict_age(pool(atlas), cohort, seed=1).set_index("person_id")
    assert len(slides) == 85
    assert (slides["n_tiles"] == 12).all()
    alone = slides[~slides["person_id"].duplicated(keep=False)].set_index("person_id")
    assert len(alone) == 35
    expected = ages.loc[alone.index]
    assert (alone["fold"] == expected["fold"]).all()
    np.testing.assert_allclose(alone["predicted_years"], expected["predicted_years"])


def test_both_slides_of_a_person_are_held_out_together(cohort, make_atlas):
    slides = predict_slides(make_atlas(cohort), cohort)
    assert len(slides[["person_id", "fold"]].drop_duplicates()) == 60


@pytest.fixture
def atlas(cohort, make_atlas):
    """People whose tiles differ in number, two of them with too few to halve."""
    atlas = make_atlas(cohort)
    of = atlas.obs["person_id"]
    few = (of == "P0058") & (of.groupby(of).cumcount() < 9)
    return atlas[~(few | (of == "P0059") & (of.groupby(of).cumcount() > 2)).to_numpy()].copy()


def test_halves_share_no_tile_and_hold_half_of_each_slide(cohort, atlas):
    people, of_tile = cohort["person_id"].unique(), atlas.obs["slide_id"].to_numpy()
    rows = [np.flatnonzero(atlas.obs["person_id"] == person) for person in people]
    parts, few = _by_half(pd.DataFrame({"age_years": 50.0}, people), rows, of_tile, 0)
    assert few == ["P0058", "P0059"]
    for person, halves in parts.groupby("person_id"):
        first, second = halves["rows"]
        everything = np.flatnonzero(atlas.obs["person_id"] == person)
        np.testing.assert_array_equal(np.sort(np.concatenate([first, second])), everything)
        counts = [pd.Series(of_tile[rows]).value_counts().sort_index() for rows in halves["rows"]]
        assert (counts[0] == counts[1]).all()
        assert (counts[0] == 6).all()
        assert (halves["n_slides"] == len(counts[0])).all()


def test_each_half_is_predicted_by_the_clock_of_the_whole(cohort, atlas):
    halves = predict_halves(atlas, cohort, seed=1)
    ages = predict_age(pool(atlas), cohort, seed=1).set_index("person_id")
    assert len(halves) == 2 * 58
    log = skipped(halves)
    assert log["item"].tolist() == ["person P0058", "person P0059"]
    assert (log["reason"] == "fewer than 4 tiles to halve").all()
    both = halves.groupby("person_id")
    known = ages.loc[[*both.groups]]
    assert (both["fold"].first() == known["fold"]).all()
    assert len(halves[["person_id", "fold"]].drop_duplicates()) == 58
    assert (both["sex"].first() == known["sex"]).all()
    means = {"mean": both["predicted_years"].mean(), "of all tiles": known["predicted_years"]}
    assert np.corrcoef([*means.values()])[0, 1] > 0.98
    again = predict_halves(atlas, cohort, seed=1)
    pd.testing.assert_frame_equal(halves, again)


def test_brackets_stand_beside_slides_and_halves(cohort, make_atlas):
    atlas, low = make_atlas(cohort), cohort["age_years"] // 10 * 10
    brackets = cohort.assign(age_low=low, age_high=low + 10, age_years=low + 5)
    of_person = brackets.drop_duplicates("person_id").set_index("person_id")
    for predict in (predict_slides, predict_halves):
        table = predict(atlas, brackets)
        for name in ("age_low", "age_high"):
            assert (table[name] == of_person[name].loc[table["person_id"]].to_numpy()).all()
        assert (table["age_years"] == table["age_low"] + 5).all()
        assert slide_acceleration(table)["bracket_part"].between(0.01, 0.99).all()
        assert not {"age_low", "age_high"} & {*predict(atlas, cohort)}


def test_noise_of_tiles_lowers_the_agreement_of_halves_and_of_slides(cohort, make_atlas):
    found = []
    for n_tiles in (4, 40):
        atlas = make_atlas(cohort, n_tiles, noise=0.6)
        parts = predict_slides(atlas, cohort), predict_halves(atlas, cohort)
        table = reliability(*map(slide_acceleration, parts))
        found.append(table.set_index(["quantity", "measured_on", "n_averaged"])["icc"])
    few, many = found
    assert (few < many).all()
    for own in found:
        assert own["acceleration", SLIDES, 1] < own["predicted age", SLIDES, 1]


def test_an_atlas_without_slides_is_refused(cohort, make_atlas):
    atlas = make_atlas(cohort)
    del atlas.obs["slide_id"]
    with pytest.raises(StageError, match="no column slide_id"):
        predict_slides(atlas, cohort)
    with pytest.raises(StageError, match="predict_halves: obs has no column slide_id"):
        predict_halves(atlas, cohort)
