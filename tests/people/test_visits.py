"""Who is pooled from which slides, and what is refused because nobody could know."""

import numpy as np
import pandas as pd
import pytest

from skinage.errors import LeakageError, StageError
from skinage.people.pool import pool
from skinage.people.visits import refuse_other_visits, rows_by_visit
from skinage.skip_log import skipped

COHORT = pd.DataFrame({
    "slide_id": ["a2", "a1", "b1", "b1x", "c1"],
    "person_id": ["a", "a", "b", "b", "c"],
    "age_years": [60.0, 50, 40, 40, 30],
    "visit": [1, 2, "x", "x", None],  # the names do not tell the order, the ages do
})  # fmt: skip
OBS = pd.DataFrame({
    "slide_id": ["a2", "a1", "b1", "a2", "b1x", "c1", "a1"],
    "person_id": [*"aababca"],
})  # fmt: skip


def positions(found):
    return {who: [*rows] for who, rows in found.items()}


def test_tiles_are_found_by_slide_and_visits_ordered_by_age():
    rows = rows_by_visit(OBS, COHORT)
    assert positions(rows.first) == {"a": [1, 6], "b": [2, 4], "c": [5]}
    assert positions(rows.later) == {("a", 2): [0, 3]}
    assert rows.skipped == {"slide a2": "of a later visit"}


def test_a_column_of_the_atlas_has_no_part():
    wrong = OBS.assign(visit=["2", "1", "y", "1", "z", "1", "3"])
    assert positions(rows_by_visit(wrong, COHORT).first) == positions(
        rows_by_visit(OBS, COHORT).first
    )


def test_slides_that_the_cohort_lacks_have_no_part():
    with pytest.warns(UserWarning, match=r"1 slides of the atlas are not in the cohort.*b1x"):
        rows = rows_by_visit(OBS, COHORT[COHORT["slide_id"] != "b1x"])
    assert positions(rows.first)["b"] == [2]
    assert rows.skipped["slide b1x"] == "not in the cohort"


def test_a_visit_without_a_name_beside_named_ones_has_no_part():
    cohort = COHORT.assign(visit=[1, None, "x", "x", None])
    rows = rows_by_visit(OBS, cohort)
    assert positions(rows.first)["a"] == [0, 3]
    assert rows.skipped == {"slide a1": "its visit is not named"}


def test_what_cannot_be_joined_is_refused():
    with pytest.raises(StageError, match=r"none of the 5 slides.*write slide_id the same way"):
        rows_by_visit(OBS, COHORT.assign(slide_id=COHORT["slide_id"].str.upper()))
    with pytest.raises(LeakageError, match=r"slide b1 is of person b in the atlas and of q"):
        rows_by_visit(OBS, COHORT.assign(person_id=[*"aaqbc"]))
    for obs, cohort in (
        (OBS.drop(columns="slide_id"), COHORT),
        (OBS, COHORT.drop(columns="slide_id")),
        (OBS.assign(visit=[1, 2, 1, 1, 1, 1, 2]), None),
    ):
        with pytest.raises(StageError, match="1 people have several visits"):
            rows_by_visit(obs, cohort)
    # Without later visits nothing has to be joined.
    alone = COHORT[COHORT["slide_id"] != "a2"].drop(columns="slide_id")
    assert len(rows_by_visit(OBS, alone).first["a"]) == 4


@pytest.fixture
def visited(make_cohort, make_atlas):
    """Thirty people, ten of them with a later visit five years on."""
    first = make_cohort(30).assign(visit="first")
    later = first.head(10).assign(visit="second", age_years=first["age_years"].head(10) + 5)
    later["slide_id"] = later["slide_id"].str.replace("_1", "_2")
    cohort = pd.concat([later, first], ignore_index=True)
    return cohort, first, make_atlas(cohort)


def test_pool_keeps_the_first_visit(visited):
    cohort, first, atlas = visited
    people = pool(atlas, cohort)
    alone = atlas[atlas.obs["slide_id"].isin(first["slide_id"]).to_numpy()]
    pd.testing.assert_frame_equal(people, pool(alone))
    assert people["slide_ids"]["P0003"] == '["P0003_1"]'
    assert len(skipped(people)) == 10
    refuse_other_visits(people, cohort)


def test_a_table_pooled_over_visits_is_refused_where_the_cohort_knows_them(visited):
    cohort, first, atlas = visited
    both = pool(atlas)  # nothing in the atlas says that there are two visits
    for known in (cohort, first):
        with pytest.raises(StageError, match=r"10 people, such as \['P0000'.*pool\(atlas, cohort"):
            refuse_other_visits(both, known)
    nameless = pool(atlas, cohort).drop(columns="slide_ids")
    with pytest.raises(StageError, match="nothing says from which"):
        refuse_other_visits(nameless, cohort)
    refuse_other_visits(nameless, first)
    assert np.isfinite(nameless.filter(like="mean_")).all(axis=None)
