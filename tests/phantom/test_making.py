import json
import subprocess
import sys

import numpy as np
import openslide
import pandas as pd
import pytest

from skinage import StageError
from skinage.phantom import make_cohort, make_people, render
from skinage.phantom.slide_file import write_slide


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("phantom")
    assert make_cohort(out, 2, seed=3) == out / "cohort.csv"
    return out


def test_the_truth_is_never_in_the_cohort(folder):
    cohort, truth = pd.read_csv(folder / "cohort.csv"), pd.read_csv(folder / "truth.csv")
    people = make_people(2, seed=3)
    assert set(cohort) & set(truth) == {"person_id"}
    assert set(people) <= set(cohort) | set(truth)
    np.testing.assert_allclose(truth["acceleration_years"], people["acceleration_years"])
    assert cohort["path"].tolist() == ["slides/P00000_S1.tiff", "slides/P00001_S1.tiff"]
    assert json.loads((folder / "truth.json").read_text())["hazard_ratio_per_5_years"] == 1.5


def test_openslide_reads_the_pyramid_at_one_um_per_px(folder):
    with openslide.OpenSlide(folder / "slides" / "P00000_S1.tiff") as slide:
        assert float(slide.properties["openslide.mpp-x"]) == pytest.approx(1.0)
        assert float(slide.properties["openslide.mpp-y"]) == pytest.approx(1.0)
        assert slide.level_dimensions == ((1664, 1280), (832, 640), (416, 320))
        pixels = np.asarray(slide.read_region((0, 0), 0, slide.dimensions).convert("RGB"))
        half = np.asarray(slide.read_region((0, 0), 1, (832, 640)).convert("RGB"))
    picture = render(make_people(2, seed=3).iloc[0], [3, 0]).astype(float)
    assert np.abs(pixels - picture).mean() < 4
    assert np.abs(half - picture.reshape(640, 2, 832, 2, 3).mean(axis=(1, 3))).mean() < 4


def test_cucim_reads_the_same_resolution(folder):
    code = (
        "import sys, json; from cucim import CuImage; s = CuImage(sys.argv[1]);"
        "print(json.dumps([s.metadata['tiff'], s.resolutions['level_dimensions']]))"
    )
    slide = folder / "slides" / "P00001_S1.tiff"
    # A process of its own: cuCIM and torch must not meet.
    answer = subprocess.run(
        [sys.executable, "-c", code, str(slide)], capture_output=True, text=True, timeout=60
    )
    tags, levels = json.loads(answer.stdout.strip().splitlines()[-1])
    assert tags["resolution_unit"] == "centimeter"
    assert 10_000 / tags["x_resolution"] == pytest.approx(1.0)
    assert levels == [[1664, 1280], [832, 640], [416, 320]]


def test_a_second_run_draws_only_what_is_missing(folder):
    first, second = (folder / "slides" / f"P0000{k}_S1.tiff" for k in (0, 1))
    kept, content = first.stat().st_mtime_ns, second.read_bytes()
    table = (folder / "cohort.csv").read_bytes()
    second.unlink()
    make_cohort(folder, 3, seed=3)
    assert first.stat().st_mtime_ns == kept
    assert second.read_bytes() == content
    assert (folder / "cohort.csv").read_bytes().startswith(table)
    assert len(pd.read_csv(folder / "cohort.csv")) == 3
    assert not list(folder.rglob(".partial*"))


def test_other_people_are_never_taken_for_these(tmp_path):
    slide = tmp_path / "slides" / "P00000_S1.tiff"
    pictures = []
    for seed in (3, 4, 3):
        make_cohort(tmp_path, 1, seed=seed)
        pictures.append(slide.read_bytes())
    assert pictures[0] == pictures[2]
    assert pictures[0] != pictures[1]


def test_the_level_halves_and_the_tags_follow(tmp_path):
    write_slide(tmp_path / "a.tiff", np.full((301, 403, 3), 200, np.uint8), 0.5, n_levels=2)
    with openslide.OpenSlide(tmp_path / "a.tiff") as slide:
        assert slide.level_dimensions == ((403, 301), (201, 150))
        assert float(slide.properties["openslide.mpp-x"]) == pytest.approx(0.5)


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StageError, match=r"file.*cannot write the phantom cohort"):
        make_cohort(tmp_path / "file", 2)
    with pytest.raises(StageError, match="n_people: found 0"):
        make_cohort(tmp_path / "never", 0)
    assert not (tmp_path / "never").exists()
