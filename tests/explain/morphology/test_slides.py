import shutil

import numpy as np
import pandas as pd
import pytest

import skinage as ska
from skinage import SettingError, SlideError, skipped
from skinage.explain.morphology import slides as module
from skinage.explain.morphology.maps import map_path, read_map
from skinage.explain.morphology.measures import MEASURES, TOTALS
from skinage.explain.morphology.slides import measure_slides
from skinage.explain.morphology.structures import Structure


@pytest.fixture(scope="module")
def one(phantom_cohort):
    return phantom_cohort.head(1)


@pytest.fixture(scope="module")
def measured(one, tmp_path_factory):
    out = tmp_path_factory.mktemp("tissue")
    return measure_slides(one, out=out), out


def test_a_slide_has_a_row_and_a_map_of_its_own_size(one, measured):
    table, out = measured
    assert table[["slide_id", "person_id"]].equals(one[["slide_id", "person_id"]])
    assert {*TOTALS, *MEASURES} <= {*table}
    found = read_map(out, one["slide_id"].iloc[0])
    width_px, height_px = ska.open_row(one.iloc[0]).dimensions
    assert found.structures.shape == (height_px, width_px)
    area_mm2 = (found.structures != Structure.GLASS).sum() / 1e6
    assert area_mm2 == pytest.approx(table["section_mm2"].iloc[0], rel=1e-3)
    pd.testing.assert_frame_equal(
        pd.read_csv(out / "measures.csv", keep_default_na=True)[[*MEASURES]], table[[*MEASURES]]
    )


def test_what_is_measured_is_not_measured_again(one, measured, monkeypatch):
    table, out = measured
    monkeypatch.setattr(module, "_measure_slide", None)
    pd.testing.assert_frame_equal(measure_slides(one, out=out, n_workers=1), table)


def test_a_slide_whose_map_is_gone_is_measured_again(one, measured, tmp_path):
    shutil.copytree(measured[1], tmp_path, dirs_exist_ok=True)
    path = map_path(tmp_path, one["slide_id"].iloc[0])
    path.unlink()
    measure_slides(one, out=tmp_path, n_workers=1)
    assert path.is_file()


def test_a_relative_folder_is_where_the_user_stands(one, tmp_path, monkeypatch):
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)  # the workers of the first call stay where they are
        measure_slides(pd.concat([one, one.assign(slide_id="again")]), out="tissue", mpp=4.0)
        assert len([*(tmp_path / name / "tissue" / "maps").glob("*.tiff")]) == 2


def test_another_scale_is_measured_anew_and_says_what_it_lacks(one, measured, tmp_path):
    coarse = measure_slides(one, out=tmp_path, mpp=4.0, n_workers=1)
    assert coarse["measured_mpp"].iloc[0] == 4.0
    assert np.isnan(coarse["interdigitation"].iloc[0])
    assert "interdigitation" in coarse["not_measured"].iloc[0]
    fine, rough = (table["epidermis_um"].iloc[0] for table in (measured[0], coarse))
    assert rough == pytest.approx(fine, rel=0.25)
    lost = skipped(coarse).set_index("item")["reason"]
    assert lost["interdigitation of 1 slides"].startswith("4 um per px")
    assert lost["dermal_nuclei_per_mm2 of 1 slides"] == "4 um per px; nuclei are told up to 1.5"
    with pytest.raises(SettingError, match="from 1 to 4"):
        measure_slides(one, mpp=0.2)


def test_a_slide_that_cannot_be_read_is_listed_and_the_others_are_measured(one, tmp_path):
    bad = one.assign(slide_id="bad", path=str(tmp_path / "none.tiff"))
    both = pd.concat([one, bad], ignore_index=True)
    with pytest.warns(UserWarning, match="1 of 2 slides were not measured"):
        table = measure_slides(both, mpp=4.0, n_workers=1)
    assert len(table) == 1
    assert "slide bad" in skipped(table)["item"].tolist()
    with pytest.raises(SlideError, match="no slide could be measured"):
        measure_slides(bad, n_workers=1)
