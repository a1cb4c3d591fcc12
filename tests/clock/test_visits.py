"""Adding later visits changes no prediction of a first one."""

import pandas as pd
import pytest

from skinage.clock.fit_clock import fit_clock
from skinage.clock.prediction import predict_age
from skinage.clock.slide_prediction import predict_slides
from skinage.cohort.people import first_visits
from skinage.errors import SettingError, StageError
from skinage.evaluation.learning_curve import learning_curve
from skinage.people.pool import pool
from skinage.skip_log import skipped


@pytest.fixture
def first(make_cohort):
    """Forty people, five of them with two slides of their first biopsy."""
    one = make_cohort(40)
    twice = one.head(5).assign(slide_id=one["slide_id"].head(5).str.replace("_1", "_1b"))
    return pd.concat([one, twice], ignore_index=True).assign(visit="a")


@pytest.fixture
def cohort(first):
    """Twelve of them came again once, three twice."""
    parts = [first]
    for n_people, visit, years in ((12, "b", 4), (3, "c", 9)):
        later = first.head(n_people).assign(visit=visit)
        later["age_years"] += years
        later["slide_id"] = later["person_id"] + f"_{visit}"
        parts.insert(0, later)
    return pd.concat(parts, ignore_index=True)


@pytest.fixture
def atlas(cohort, make_atlas):
    return make_atlas(cohort)


@pytest.fixture
def of_first(atlas, first):
    return atlas[atlas.obs["slide_id"].isin(first["slide_id"]).to_numpy()].copy()


def test_later_visits_change_no_prediction_of_a_first_one(atlas, of_first, cohort, first):
    alone = predict_age(of_first, first)
    pd.testing.assert_frame_equal(predict_age(atlas, cohort), alone, check_exact=True)
    atlas.obs["visit"] = "whatever it says"
    pd.testing.assert_frame_equal(predict_age(atlas, cohort), alone, check_exact=True)
    pooled = predict_age(pool(atlas, cohort), cohort).drop(columns="n_slides")
    pd.testing.assert_frame_equal(pooled, alone, check_exact=True)
    curves = [learning_curve(*one, n_repeats=1) for one in ((atlas, cohort), (of_first, first))]
    pd.testing.assert_frame_equal(*curves, check_exact=True)
    clocks = [fit_clock(*one) for one in ((atlas, cohort), (of_first, first))]
    assert (clocks[0].linear.coefficients == clocks[1].linear.coefficients).all()
    assert clocks[0].predict(atlas, cohort).equals(clocks[1].predict(of_first, first))
    assert len(skipped(predict_age(atlas, cohort))) == len(skipped(clocks[0])) == 15


def test_a_table_pooled_over_visits_is_refused(atlas, cohort):
    with pytest.raises(StageError, match=r"12 people.*not of their first visit"):
        predict_age(pool(atlas), cohort)


def test_all_visits_are_predicted_each_at_its_own_age(atlas, of_first, cohort):
    ages = predict_age(atlas, cohort, visits="all", n_repeats=2)
    once = predict_age(of_first, cohort, n_repeats=2)
    pd.testing.assert_frame_equal(ages[:40].drop(columns="visit"), once, check_exact=True)
    assert (ages["visit"][:40] == "a").all()
    later = ages[40:]
    assert later["visit"].tolist() == ["b"] * 12 + ["c"] * 3
    actual = cohort.drop_duplicates(["person_id", "visit"])
    actual = actual.set_index(["person_id", "visit"])["age_years"].sort_index()
    for row in later.itertuples():
        assert row.age_years == actual[row.person_id, row.visit]
        assert row.n_tiles == 12
    own = once.set_index("person_id").loc[later["person_id"]]
    assert (later["fold"].to_numpy() == own["fold"].to_numpy()).all()
    pd.testing.assert_frame_equal(first_visits(ages), ages[:40])


def test_the_clock_of_the_persons_own_fold_predicts_the_later_visit(atlas, cohort):
    """Tiles of a later visit that are copies of the first visit's get the first one's age."""
    obs = atlas.obs
    copied = obs["slide_id"] == "P0007_b"
    atlas.X[copied.to_numpy()] = atlas.X[(obs["slide_id"] == "P0007_1").to_numpy()]
    ages = predict_age(atlas, cohort, visits="all").set_index("person_id").loc["P0007"]
    for name in ("predicted_years", "lower_years", "upper_years"):
        assert ages[name].iloc[0] == pytest.approx(ages[name].iloc[1], abs=1e-9)
    assert ages["age_years"].diff().iloc[1] == pytest.approx(4)


def test_slides_have_the_age_of_their_own_visit(atlas, of_first, cohort, first):
    alone = predict_slides(of_first, first)
    pd.testing.assert_frame_equal(predict_slides(atlas, cohort), alone, check_exact=True)
    slides = predict_slides(atlas, cohort, visits="all").set_index("slide_id")
    assert len(slides) == len(cohort)
    actual = cohort.set_index("slide_id")["age_years"]
    assert (slides["age_years"] == actual.reindex(slides.index)).all()
    predicted = slides["predicted_years"].reindex(alone["slide_id"]).to_numpy()
    assert predicted == pytest.approx(alone["predicted_years"].to_numpy(), abs=1e-9)


@pytest.mark.filterwarnings("ignore:clock. ")
def test_a_saved_clock_takes_the_first_visit_of_new_people(atlas, cohort, make_cohort, make_atlas):
    others = make_cohort(40, seed=3)
    others[["person_id", "slide_id"]] = "N" + others[["person_id", "slide_id"]]
    clock = fit_clock(make_atlas(others), others)
    table = clock.apply(atlas, cohort)
    assert len(table) == 40
    assert "visit" not in table
    everything = clock.apply(atlas, cohort, visits="all")
    assert len(everything) == 55
    pd.testing.assert_frame_equal(everything[:40].drop(columns="visit"), table)


def test_words_and_tables_that_know_no_visits_are_refused(atlas, cohort):
    with pytest.raises(SettingError, match="visits='last'; choose 'first' or 'all'"):
        predict_age(atlas, cohort, visits="last")
    with pytest.raises(SettingError, match="needs a cohort and the atlas of tiles"):
        predict_age(pool(atlas, cohort), cohort, visits="all")
