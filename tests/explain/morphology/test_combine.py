import numpy as np
import pandas as pd
import pytest

from skinage import StageError, skipped
from skinage.explain.morphology.combine import combined, measure_people

ZERO = {
    "n_parts": 1,
    "section_mm2": 1.0,
    "surface_mm": 0.0,
    "epidermis_mm2": 0.0,
    "dermis_mm2": 0.0,
}


def part(**values):
    return ZERO | values


@pytest.fixture
def slides():
    rows = [
        ("a", "P2", part(surface_mm=1.0, epidermis_um=40.0, corneum_um=10.0)),
        ("b", "P2", part(surface_mm=3.0, epidermis_um=60.0, corneum_um=np.nan)),
        ("c", "P1", part(surface_mm=2.0, epidermis_um=50.0, corneum_um=np.nan)),
        ("d", "P1", part(surface_mm=2.0, epidermis_um=90.0, corneum_um=12.0)),
    ]
    return pd.DataFrame([{"slide_id": s, "person_id": p} | values for s, p, values in rows])


def test_parts_count_by_the_surface_they_show():
    parts = [
        part(surface_mm=1.0, epidermis_um=40.0, corneum_um=np.nan),
        part(surface_mm=3.0, epidermis_um=60.0, corneum_um=np.nan),
        part(surface_mm=0.0, epidermis_um=np.nan, corneum_um=np.nan),
    ]
    reasons = [{"corneum_um": "torn off"}, {}, {"epidermis_um": "no epidermis"}]
    values, why = combined(parts, reasons)
    assert values["epidermis_um"] == pytest.approx(55)
    assert values["surface_mm"] == 4
    assert values["n_parts"] == 3
    assert np.isnan(values["corneum_um"])
    assert why == {"corneum_um": "torn off"}  # the epidermis is known from other parts


def test_one_part_is_kept_as_it_is():
    values, why = combined([part(epidermis_um=np.nan)], [{"epidermis_um": "no epidermis"}])
    assert values.keys() == part(epidermis_um=0).keys()
    assert why == {"epidermis_um": "no epidermis"}


def test_people_are_means_over_their_slides_weighed(slides):
    people = measure_people(slides)
    assert people.index.tolist() == ["P1", "P2"]
    assert people.loc["P2", "epidermis_um"] == pytest.approx(55)
    assert people.loc["P2", "corneum_um"] == 10  # of the only slide that shows it
    assert people.loc["P1", "epidermis_um"] == 70
    assert people["n_slides"].tolist() == [2, 2]
    assert people.loc["P1", "surface_mm"] == 4


def test_only_the_first_visit_counts_and_the_others_are_counted(slides):
    cohort = slides[["slide_id", "person_id"]].assign(
        visit=[1, 1, 1, 2], age_years=[50, 50, 40, 45]
    )
    people = measure_people(slides, cohort)
    assert people.loc["P1", "epidermis_um"] == 50
    assert np.isnan(people.loc["P1", "corneum_um"])
    assert skipped(people)["item"].tolist() == ["1 of 4 slides"]
    with pytest.raises(StageError, match="none of the 4 slides"):
        measure_people(slides, cohort.assign(slide_id=list("wxyz")))


def test_a_measure_without_any_weight_is_a_plain_mean():
    parts = [part(elastosis_um=20.0), part(elastosis_um=40.0)]
    assert combined(parts, [{}, {}])[0]["elastosis_um"] == 30
