"""A drawn section under two scanners: what is found, and measures, against what was drawn."""

import numpy as np
import pytest

from skinage.explain.morphology.segment import measure_section, segment
from skinage.explain.morphology.structures import Structure
from skinage.phantom import Label, draw_slide, make_people

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def person():
    people = make_people(60, seed=3)
    sunny = people[(people["elastosis_um"] > 60) & (people["n_pieces"] == 1) & ~people["has_pen"]]
    return sunny.iloc[0].to_dict() | {"lesion": None, "has_fold": False}


@pytest.fixture(scope="module", params=["A", "D"])
def found(request, person):
    pixels, labels = draw_slide(person | {"scanner": request.param}, seed=5)
    segmentation = segment(pixels, 1.0)
    return segmentation, labels, measure_section(segmentation)[0]


def dice(found, drawn):
    size = found.sum() + drawn.sum()
    return 2 * (found & drawn).sum() / size if size else 1.0


def test_what_is_found_lies_where_it_was_drawn(found):
    segmentation, labels, _ = found
    dermis = np.isin(segmentation.structures, (3, 4))
    glands = [Label.FOLLICLE, Label.SEBACEOUS_GLAND, Label.ECCRINE_GLAND]
    cells = [Label.FIBROBLAST_NUCLEUS, Label.LYMPHOCYTE]
    assert dice((segmentation.nuclei > 0) & dermis, np.isin(labels, cells)) > 0.8
    assert dice(segmentation.elastosis, labels == Label.ELASTOSIS) > 0.8
    assert dice(segmentation.structures == Structure.VESSEL, labels == Label.VESSEL) > 0.6
    assert dice(segmentation.structures == Structure.ADNEXA, np.isin(labels, glands)) > 0.6


def test_measures_are_what_was_planted(found, person):
    values = found[2]
    thicker = 1 / np.cos(np.deg2rad(person["section_tilt_deg"]))
    assert values["elastosis_um"] == pytest.approx(thicker * person["elastosis_um"], abs=15)
    assert values["dark_nuclei_fraction"] == pytest.approx(person["dark_fraction"], abs=0.08)
    assert values["bundle_um"] == pytest.approx(person["bundle_um"], rel=0.3)
    fibroblasts, collagen = person["fibroblasts_per_mm2"], person["collagen_fraction"]
    assert values["spindle_nuclei_per_mm2"] == pytest.approx(fibroblasts, rel=0.25)
    assert values["reticular_collagen_fraction"] == pytest.approx(collagen, abs=0.1)
