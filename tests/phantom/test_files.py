import errno
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import openslide
import pandas as pd
import pytest
import tifffile

from skinage import SettingError, StageError, read_cohort
from skinage.phantom import (
    DIALS,
    Label,
    files,
    make_cohort,
    make_slides,
    read_labels,
    read_planted,
    read_truth,
    read_truth_slides,
)
from skinage.phantom.drawing.optics import draw_slide
from skinage.phantom.files import slide_seed

SEED, PEOPLE = 4, 3
MAKE = "from skinage.phantom import make_cohort\n"
MAKE += f"make_cohort({{!r}}, {PEOPLE}, seed={SEED}, n_workers=2)"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A cohort drawn by one worker."""
    out = tmp_path_factory.mktemp("phantom") / "one"
    assert make_cohort(out, PEOPLE, seed=SEED, n_workers=1) == out / "cohort.csv"
    return out


@pytest.fixture
def quick(monkeypatch):
    """A drawing that costs nothing: what is tested is the writing."""

    def draw(slide, seed, mpp=1.0):
        shape = round(600 / mpp), round(700 / mpp)
        labels = np.random.default_rng(seed).integers(0, 19, shape).astype(np.uint8)
        return np.stack([labels * 10] * 3, axis=2), labels

    monkeypatch.setattr(files, "draw_slide", draw)


def _content(folder):
    """Every file that is not a record of how long something took."""
    files = (path for path in folder.rglob("*") if path.is_file() and ".made" not in path.parts)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_the_truth_is_never_in_the_cohort(folder):
    cohort, slides = pd.read_csv(folder / "cohort.csv"), make_slides(PEOPLE, seed=SEED)
    truth, by_slide = (read(folder / "cohort.csv") for read in (read_truth, read_truth_slides))
    assert list(cohort)[:13] == [
        "slide_id", "person_id", "path", "age_years", "sex", "body_site", "scanner", "stain_batch",
        "biopsy_year", "visit", "arm", "follow_up_years", "died",
    ]  # fmt: skip
    assert all(column.startswith("disease_") for column in list(cohort)[13:])
    assert set(cohort) & set(truth) == {"person_id"}
    assert set(cohort) & set(by_slide) == {"slide_id", "person_id"}
    assert set(slides) <= set(cohort) | set(by_slide)  # and nothing is lost
    assert not set(cohort.columns[3:]) & set(truth) | {c for c in cohort if "strength" in c}


def test_the_tables_hold_what_was_planted(folder):
    slides, path = make_slides(PEOPLE, seed=SEED), folder / "cohort.csv"
    by_slide, truth = read_truth_slides(path), read_truth(path)
    same = [c for c in by_slide if c != "label_path"]
    pd.testing.assert_frame_equal(by_slide[same], slides[same], check_dtype=False)
    assert by_slide["label_path"].tolist() == [f"labels/{s}.tiff" for s in slides["slide_id"]]
    first = slides.drop_duplicates("person_id").reset_index(drop=True)
    pd.testing.assert_frame_equal(truth, first[list(truth)])
    assert truth["person_id"].is_unique
    assert {"acceleration_years", "epidermis_um", "inflammation_per_mm2"} <= set(truth)
    cohort = read_cohort(path)
    assert cohort["slide_id"].tolist() == slides["slide_id"].tolist()
    assert all(os.path.isfile(p) for p in cohort["path"])


def test_later_biopsies_do_not_reach_the_truth_of_the_person(tmp_path, quick):
    slides, path = make_slides(40, seed=1), make_cohort(tmp_path, 40, seed=1, n_workers=1)
    assert (slides["visit"] == 2).any()
    first = slides[(slides["visit"] == 1) & (slides["replicate"] == 1)]
    np.testing.assert_array_equal(read_truth(path)["rete_um"], first["rete_um"])
    assert read_truth_slides(path)["acceleration_years"].tolist() == pytest.approx(
        slides["acceleration_years"].tolist()
    )


def test_settings_reach_the_people_and_are_told(tmp_path, quick):
    given = {"preset": "realistic", "dials": {"rete": 0.3}}
    ratios = {"hazard_ratio": 2.0, "odds_ratio": 1.21}
    path = make_cohort(tmp_path, 5, seed=8, **given, ratios=ratios, mpp=2.0, n_workers=1)
    slides = make_slides(5, seed=8, **given, ratios=ratios)
    np.testing.assert_array_equal(pd.read_csv(path)["follow_up_years"], slides["follow_up_years"])
    np.testing.assert_array_equal(read_truth_slides(path)["rete_um"], slides["rete_um"])
    told = json.loads((tmp_path / "truth.json").read_text())
    assert (told["preset"], told["seed"], told["mpp"]) == ("realistic", 8, 2.0)
    assert told["dials"]["rete"] == 0.3
    assert told["dials"]["epidermis"] == 0.5
    assert told["labels"] == {label.name.lower(): label.value for label in Label}
    planted = read_planted(path).set_index("planted")
    assert list(planted) == ["value", "unit"]
    assert planted.loc["preset", "value"] == "realistic"
    assert planted.loc["seed", "value"] == 8
    assert planted.loc["death"].tolist() == [2.0, "hazard ratio per 5 years"]
    assert planted.loc["disease_cardiovascular"].tolist() == [1.21, "odds ratio per 5 years"]
    assert planted.loc["disease_osteoarthritis", "value"] == 1
    assert planted.loc["treated arm"].tolist() == [-2.0, "years of acceleration"]


def test_a_register_shows_brackets_and_what_it_would_know(tmp_path, quick):
    settings = {"seed": 8, "preset": "hard", "dials": {"brackets": 10}}
    path, slides = make_cohort(tmp_path, 40, **settings, n_workers=1), make_slides(40, **settings)
    cohort, truth, by_slide = read_cohort(path), read_truth(path), read_truth_slides(path)
    written = pd.read_csv(path)
    assert "age_years" not in written
    assert (written["age_high"] - written["age_low"] == 10).all()
    assert (written["age_low"] % 10 == 0).all()
    np.testing.assert_array_equal(by_slide["age_years"], slides["age_years"])
    assert by_slide["age_years"].between(written["age_low"], written["age_high"]).all()
    assert cohort["age_years"].tolist() == (written["age_low"] + 5).tolist()
    known = ["cause_of_death", "hospital", "indication", "smoker"]
    assert list(written)[-4:] == known
    assert written["cause_of_death"].isna().tolist() == (written["died"] == 0).tolist()
    hidden = {"age_years", "outdoor_life", "measured_gap_years", "acceleration_years"}
    hidden |= {f"acceleration_{name}_years" for name in ("epidermis", "dermis", "vessels")}
    for table in (truth, by_slide):
        assert hidden <= {*table}
        assert not {*table} & {*written} - {"person_id", "slide_id"}
    assert {*slides} <= {*written} | {*by_slide}
    planted = read_planted(path).set_index("planted")
    assert planted.loc["dial survival"].tolist() == [1.0, DIALS["survival"].what]
    assert planted.loc["death_cancer", "unit"].startswith("hazard ratio per 5 years (at the biopsy")
    assert "dial rete" not in planted.index
    assert json.loads((tmp_path / "truth.json").read_text())["dials"]["brackets"] == 10


@pytest.mark.slow
def test_workers_do_not_change_a_byte(folder, tmp_path):
    make_cohort(tmp_path, PEOPLE, seed=SEED, n_workers=2)
    assert _content(tmp_path) == _content(folder)


def test_files_hold_what_is_drawn_at_every_level(folder):
    row = make_slides(PEOPLE, seed=SEED).to_dict("records")[-1]
    picture, labels = draw_slide(row, seed=slide_seed(SEED, row["slide_id"]))
    slide_file = folder / "slides" / f"{row['slide_id']}.tiff"
    label_file = folder / "labels" / f"{row['slide_id']}.tiff"
    with openslide.OpenSlide(slide_file) as slide, tifffile.TiffFile(label_file) as file:
        assert len(file.pages) == slide.level_count >= 3
        assert float(slide.properties["openslide.mpp-x"]) == pytest.approx(1.0)
        for level, (width, height) in enumerate(slide.level_dimensions):
            read = np.asarray(slide.read_region((0, 0), level, (width, height)).convert("RGB"))
            coarse, side = file.pages[level].asarray(), 2**level
            assert coarse.shape == (height, width)
            blocks = labels[: height * side, : width * side].reshape(height, side, width, side)
            assert (blocks == coarse[:, None, :, None]).any(axis=(1, 3)).all()
            mean = picture[: height * side, : width * side]
            mean = mean.reshape(height, side, width, side, 3).mean(axis=(1, 3))
            assert np.abs(read - mean).mean() < 3
            assert read[coarse == Label.GLASS].mean() > read[coarse != Label.GLASS].mean() + 20
        np.testing.assert_array_equal(file.pages[0].asarray(), labels)


def test_every_slide_has_a_seed_of_its_own():
    names = make_slides(200, seed=SEED)["slide_id"]
    assert len({tuple(slide_seed(seed, name)) for name in names for seed in (0, 1)}) == 2 * len(
        names
    )
    assert slide_seed(0, "P00000_S1") == slide_seed(0, "P00000_S1")


def test_half_a_um_per_px(tmp_path, quick):
    path = make_cohort(tmp_path, 1, mpp=0.5, n_workers=1)
    with openslide.OpenSlide(tmp_path / "slides" / "P00000_S1.tiff") as slide:
        assert slide.dimensions == (1400, 1200)
        assert float(slide.properties["openslide.mpp-x"]) == pytest.approx(0.5)
    for asked, got in [(None, 0.5), (0.2, 0.5), (0.5, 0.5), (0.99, 0.5), (1, 1), (5, 2)]:
        labels, mpp = read_labels(path, "P00000_S1", asked)
        assert mpp == pytest.approx(got)
        assert labels.shape == (600 / got, 700 / got)


def test_reading_the_truth_of_no_phantom_or_no_slide(folder, tmp_path):
    path = tmp_path / "cohort.csv"
    assert read_truth(path) is read_truth_slides(path) is None
    with pytest.raises(StageError, match=r"cohort\.csv: no truth\.json beside it, so it is no pha"):
        read_planted(path)
    with pytest.raises(StageError, match="it is no phantom"):
        read_labels(path, "P00000_S1")
    with pytest.raises(
        StageError, match=r"found slide_id 'P9', expected one of \d+, such as P00000_S1"
    ):
        read_labels(folder / "cohort.csv", "P9")


def test_a_second_run_draws_only_what_is_missing(tmp_path, quick):
    make_cohort(tmp_path, 4, seed=SEED, n_workers=1)
    before = _content(tmp_path)
    times = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*/*.tiff")}
    gone = [tmp_path / "slides" / "P00001_S1.tiff", tmp_path / "labels" / "P00002_S1.tiff"]
    for path in gone:
        path.unlink()
    make_cohort(tmp_path, 4, seed=SEED, n_workers=1)
    assert _content(tmp_path) == before
    drawn = {path.name for path, t in times.items() if path.stat().st_mtime_ns != t}
    assert drawn == {path.name for path in gone}
    make_cohort(tmp_path, 6, seed=SEED, n_workers=1)
    grown = _content(tmp_path)
    assert {name: grown[name] for name in before if name.endswith(".tiff")} == {
        name: content for name, content in before.items() if name.endswith(".tiff")
    }
    assert grown["cohort.csv"].startswith(before["cohort.csv"])


@pytest.mark.parametrize(
    "other", [{"seed": 4}, {"mpp": 0.5}, {"preset": "null"}, {"dials": {"rete": 0}}]
)
def test_other_settings_are_never_taken_for_these(tmp_path, quick, other):
    make_cohort(tmp_path, 2, n_workers=1)
    before = _content(tmp_path)
    times = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*/*_S1.tiff")}
    make_cohort(tmp_path, 2, n_workers=1, **other)
    assert all(path.stat().st_mtime_ns != t for path, t in times.items())
    make_cohort(tmp_path, 2, n_workers=1)
    after = _content(tmp_path)
    assert {name: after[name] for name in before} == before


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"n_people": 0}, "n_people: found 0"),
        ({"n_people": -3}, "n_people: found -3"),
        ({"seed": -1}, "seed: found -1"),
        ({"preset": "teachng"}, "preset: found 'teachng', expected one of teaching"),
        ({"dials": {"rete": 2.1}}, r"dials\['rete'\]: found 2.1"),
        ({"dials": {"hair": 1}}, "found 'hair'"),
        ({"ratios": {"odds": 2}}, "ratios: found 'odds'"),
        ({"ratios": {"hazard_ratio": 0}}, r"'hazard_ratio'\]: found 0"),
        ({"mpp": 0}, "mpp: found 0, expected um per pixel from 0.25 to 2"),
        ({"mpp": float("nan")}, "mpp: found nan"),
        ({"n_workers": 0}, "n_workers: found 0, expected a whole number from 1 up"),
    ],
)
def test_unusable_settings_write_nothing(tmp_path, wrong, message):
    with pytest.raises(SettingError, match=message):
        make_cohort(tmp_path / "never", **({"n_people": 2} | wrong))
    assert not (tmp_path / "never").exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StageError, match=r"file: cannot be written .* Choose a folder"):
        make_cohort(tmp_path / "file", 2)


def test_tables_of_an_earlier_run_do_not_outlive_their_slides(tmp_path, quick, monkeypatch):
    make_cohort(tmp_path, 2, seed=1, n_workers=1)

    def full(path, *_):
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files, "write_labels", full)
    with pytest.raises(StageError, match=r"labels/P00000_S1\.tiff: cannot be written \(No space"):
        make_cohort(tmp_path, 2, seed=2, n_workers=1)
    assert not list(tmp_path.glob("*.csv")) + list(tmp_path.rglob(".partial*"))


def test_a_worker_that_is_ended_from_outside(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_draw", lambda *_: os._exit(9))
    with pytest.raises(StageError, match=r"ended from outside.*fewer n_workers"):
        make_cohort(tmp_path, 3, n_workers=2)
    assert not (tmp_path / "cohort.csv").exists()


@pytest.mark.slow
def test_killed_half_way_nothing_is_half_and_the_rest_follows(folder, tmp_path):
    command = [sys.executable, "-c", MAKE.format(str(tmp_path))]
    running = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)
    while not (list(tmp_path.glob("labels/P*")) and list(tmp_path.glob("*/.partial*.tiff"))):
        assert running.poll() is None
        time.sleep(0.001)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    whole, found = _content(folder), _content(tmp_path)
    final = {name: content for name, content in found.items() if ".partial" not in name}
    assert len(final) < len(whole)
    assert final == {name: whole[name] for name in final}
    make_cohort(tmp_path, PEOPLE, seed=SEED, n_workers=1)
    assert _content(tmp_path) == whole
    assert not list(tmp_path.rglob(".partial*"))


FULL = f"""
import json, subprocess, sys
from pathlib import Path
from skinage import StageError
from skinage.phantom import make_cohort
out, mounts = Path(sys.argv[1]), json.loads(sys.argv[2])
said = []
for command in mounts:
    subprocess.run(command, check=True) if command else None
    try:
        make_cohort(out, {PEOPLE}, seed={SEED}, n_workers=2)
    except StageError as error:
        said.append(str(error))
    said.append(sorted(str(p.relative_to(out)) for p in out.rglob("*") if p.is_file()))
subprocess.run(["cp", "-a", f"{{out}}/.", sys.argv[3]], check=True)
print(json.dumps(said))
"""


@pytest.mark.slow
def test_a_full_disk_is_told_and_the_rest_follows_when_there_is_room(folder, tmp_path):
    out, copy = tmp_path / "disk", tmp_path / "copy"
    out.mkdir()
    copy.mkdir()
    mounts = [
        ["mount", "-t", "tmpfs", "-o", "size=1600k", "tmpfs", str(out)],
        ["mount", "-o", "remount,size=64m", str(out)],
    ]
    # A name space of its own: the small disk is gone with the process.
    apart = ["unshare", "--map-root-user", "--mount"]
    if subprocess.run([*apart, *mounts[0]], capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a small disk")
    done = subprocess.run(
        [*apart, sys.executable, "-c", FULL, str(out), json.dumps(mounts), str(copy)],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    problem, left, _ = json.loads(done.stdout)
    assert "No space left on device" in problem
    assert "Free some space and start again" in problem
    assert f"{out}/" in problem
    assert ".tiff: cannot be written" in problem
    assert "Traceback" not in done.stderr
    assert not [name for name in left if ".partial" in name or name.endswith(".csv")]
    assert _content(copy) == _content(folder)


@pytest.mark.slow
def test_a_file_larger_than_allowed_is_told(tmp_path):
    code = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))\n" + FULL
    out, copy = tmp_path / "out", tmp_path / "copy"
    done = subprocess.run(
        [sys.executable, "-c", code, str(out), "[[]]", str(copy)],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert "slides/P0000" in done.stdout, done.stderr
    assert "cannot be written (File too large). Free some space" in done.stdout
    assert not [path for path in tmp_path.rglob("*.tiff") if path.stat().st_size > 50_000]
    assert not list(tmp_path.rglob(".partial*"))
