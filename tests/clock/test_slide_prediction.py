import numpy as np
import pandas as pd
import pytest

from skinage.clock.prediction import predict_age
from skinage.clock.slide_prediction import predict_slides
from skinage.errors import StageError
from skinage.evaluation.repeatability import replicate_agreement
from skinage.people.pool import pool


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


def test_noise_of_the_slide_lowers_the_agreement(cohort, make_atlas):
    found = []
    for n_tiles in (3, 40):
        slides = predict_slides(make_atlas(cohort, n_tiles, noise=0.6), cohort)
        found.append(replicate_agreement(slides))
        assert (found[-1]["n_excluded"] == 35).all()
    few, many = (table.set_index("quantity")["icc"] for table in found)
    assert (few < many).all()
    assert (few["gap"], many["gap"]) < (few["predicted age"], many["predicted age"])


def test_an_atlas_without_slides_is_refused(cohort, make_atlas):
    atlas = make_atlas(cohort)
    del atlas.obs["slide_id"]
    with pytest.raises(StageError, match="no column slide_id"):
        predict_slides(atlas, cohort)
