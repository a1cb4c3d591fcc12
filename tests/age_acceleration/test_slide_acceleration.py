import numpy as np
import pandas as pd
import pytest

from skinage.age_acceleration.acceleration import acceleration
from skinage.age_acceleration.slide_acceleration import slide_acceleration
from skinage.errors import StageError


def test_slides_have_the_acceleration_of_people_of_other_folds(make_slides):
    slides = make_slides(100, 2, 4, 3).assign(sex=np.repeat(["F", "M"], 100))
    for definition in ("linear", "zscore"):
        found = slide_acceleration(slides.sample(frac=1, random_state=0), definition)
        as_people = slides.assign(person_id=slides["slide_id"])
        expected = acceleration(as_people, definition).set_index("person_id")
        names = [name for name in expected if name.startswith(("accel", "definition"))]
        assert {*found} - {*slides} == {*names}
        pd.testing.assert_frame_equal(
            found.set_index("slide_id")[names].loc[expected.index], expected[names],
            check_names=False,
        )  # fmt: skip
    changed = slides.assign(
        predicted_years=slides["predicted_years"] + 50 * (slides["person_id"] == "P0")
    )
    before, after = (slide_acceleration(one)["acceleration_years"] for one in (slides, changed))
    same_fold = (slides["fold"] == 0) & (slides["person_id"] != "P0")
    assert (before[same_fold] == after[same_fold]).all()


def test_unusable_slides_are_refused(make_slides, as_halves):
    slides = make_slides(10, 2, 4, 3)
    with pytest.raises(StageError, match="no column slide_id; found"):
        slide_acceleration(slides.drop(columns="slide_id"))
    with pytest.raises(StageError, match=r"1 are listed more than once, such as \[\['S0'\]\]"):
        slide_acceleration(slides.replace({"slide_id": {"S1": "S0"}}))
    with pytest.raises(StageError, match=r"1 are listed more than once, .*\[\['P0', 1\]\]"):
        slide_acceleration(as_halves(slides).assign(half=[1, 1, *[1, 2] * 9]))
    slides.loc[0, "age_years"] += 4
    with pytest.raises(
        StageError, match=r"those of 1 people are of several ages, such as \['P0'\]"
    ):
        slide_acceleration(slides)
