"""The main job on small cohorts: whole, stopped twice, and on slides nobody here drew."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from skinage.cli import SETTINGS, main
from skinage.errors import StageError
from skinage.phantom import make_cohort
from skinage.reporting.notebooks import NOTEBOOKS, notebook_folder
from skinage.reporting.run import _locked, run

REAL = Path(__file__).parents[3] / "shared" / "realdata"
SMALL = ["--tile-px", "48", "--tiles-per-slide", "8", "--epochs", "2", "--batch-size", "32"]
TABLES = ("ages", "acceleration", "outcomes", "slides", "report_card", "report_card_by_group",
          "baselines", "learning_curve")  # fmt: skip
DEFAULTS = {name: default for name, (_, default, _) in SETTINGS.items()}


def _command(cohort, out):
    return [sys.executable, "-m", "skinage", "run", str(cohort), "--out", str(out), *SMALL]


def _run(cohort, out, cwd=None):
    command = _command(cohort, out)
    return subprocess.run(command, capture_output=True, text=True, timeout=900, cwd=cwd)


@pytest.fixture(scope="module")
def cohort_path(tmp_path_factory):
    return make_cohort(tmp_path_factory.mktemp("people"), 24, seed=0)


@pytest.fixture(scope="module")
def working_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("working")
    folder.chmod(0o555)
    return folder


@pytest.fixture(scope="module")
def finished(cohort_path, working_folder, tmp_path_factory):
    """The one whole run of these tests; no test changes it."""
    out = tmp_path_factory.mktemp("results") / "whole"
    done = _run(cohort_path, out, cwd=working_folder)
    assert done.returncode == 0, done.stderr
    assert f"report: {out}/report.html" in done.stdout
    return out


@pytest.fixture
def table_path(tmp_path):
    """A cohort of one slide that nobody opens."""
    (tmp_path / "slide.svs").touch()
    (tmp_path / "cohort.csv").write_text("slide_id,person_id,path,age_years\nS1,P1,slide.svs,50\n")
    return tmp_path / "cohort.csv"


@pytest.mark.slow
def test_everything_promised_is_there(finished):
    for name in (*(f"{table}.csv" for table in TABLES), "tiles.parquet", "tripod.csv",
                 "encoder/encoder.safetensors", "encoder/last.ckpt", "clock/clock.safetensors",
                 "embeddings.zarr", "metrics.json", "run.json", "report.html"):  # fmt: skip
        assert (finished / name).exists(), name
    for name in ("04_age", "04_calibration", "04_groups", "04_baselines", "04_learning_curve",
                 "05_definitions", "05_outcomes", "06_attribution", "06_importance"):  # fmt: skip
        for ending in ("png", "pdf", "svg"):
            assert (finished / "figures" / f"{name}.{ending}").stat().st_size > 3000
    assert sorted(p.stem for p in (finished / "notebooks").glob("*.ipynb")) == list(NOTEBOOKS)
    assert not list(finished.rglob(".partial*"))


@pytest.mark.slow
def test_nothing_is_written_into_the_working_directory(finished, working_folder):
    """The sockets of the kernels were there once; root could write there all the same."""
    assert list(working_folder.iterdir()) == []


@pytest.mark.slow
def test_metrics_hold_what_was_measured(finished):
    metrics = json.loads((finished / "metrics.json").read_text())
    ages = pd.read_csv(finished / "ages.csv")
    error = (ages["predicted_years"] - ages["age_years"]).abs().mean()
    assert metrics["age.mae_years"] == pytest.approx(error)
    assert metrics["age.n_people"] == len(ages) == 24
    assert metrics["mortality.hr_per_sd_low"] < metrics["mortality.hr_per_sd"]
    assert metrics["mortality.hr_per_sd"] < metrics["mortality.hr_per_sd_high"]
    for name in ("age.r2", "age.baseline_mae_years", "age.untrained_mae_years",
                 "age.colour_mae_years", "acceleration.truth_r"):  # fmt: skip
        assert isinstance(metrics[name], float), name
    seconds = [value for name, value in metrics.items() if name.startswith("seconds.")]
    assert metrics["seconds.total"] == pytest.approx(sum(seconds) / 2)


@pytest.mark.slow
def test_the_model_of_the_settings_reaches_every_notebook_that_fits_one(finished):
    for name in ("04_age_clock", "06_interpretation"):
        book = json.loads((finished / "notebooks" / f"{name}.ipynb").read_text())
        assert book["metadata"]["papermill"]["parameters"]["model"] == "ridge", name


@pytest.mark.slow
def test_notebooks_give_the_same_again(finished, tmp_path):
    """nbval executes them once more and compares the outputs of the marked cells."""
    sanitize = tmp_path / "sanitize.cfg"  # warnings name the cell by the process of the kernel
    sanitize.write_text("[cell]\nregex: ipykernel_[0-9]+/[0-9]+\nreplace: cell\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval-lax",
               "--nbval-cell-timeout=600", "--nbval-sanitize-with", str(sanitize),
               "--rootdir", str(finished), "-c", os.devnull,
               str(finished / "notebooks")]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, cwd=finished, timeout=900)
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed" in done.stdout


@pytest.mark.slow
def test_stopped_twice_and_started_again_it_gives_the_same_tables(cohort_path, finished, tmp_path):
    out = tmp_path / "stopped"
    for stop, sign, code in (
        (signal.SIGKILL, ".made/encoder-*/last.ckpt", -signal.SIGKILL),
        (signal.SIGINT, "embeddings.zarr", 130),
    ):
        child = subprocess.Popen(_command(cohort_path, out), stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 300
        while not list(out.glob(sign)) and time.monotonic() < deadline:
            time.sleep(0.05)
        child.send_signal(stop)
        assert child.wait(60) == code
        assert not (out / "report.html").exists()
    assert _run(cohort_path, out).returncode == 0
    for name in TABLES:
        again, once = (pd.read_csv(folder / f"{name}.csv") for folder in (out, finished))
        pd.testing.assert_frame_equal(again, once, rtol=1e-3, atol=1e-6, obj=name)


@pytest.mark.slow
@pytest.mark.skipif(not REAL.is_dir(), reason="the real slides are not beside this checkout")
def test_real_slides_go_as_far_as_three_people_can(tmp_path):
    table = pd.DataFrame(
        {
            "slide_id": ["aperio", "dicom", "skin", "broken"],
            "person_id": ["p1", "p2", "p3", "p4"],
            "path": [
                str(REAL / "slides" / "cmu-1-small-region.svs"),
                str(REAL / "slides" / "multi_frame_jpeg2000_camelyon_challenge_image.dcm"),
                str(REAL / "skin" / "skin.tif"),
                str(REAL / "hazards" / "broken.svs"),
            ],
            "age_years": [60, None, 40, 50],
            "mpp": [None, None, 1.0, None],
        }
    )
    table.to_csv(tmp_path / "cohort.csv", index=False)
    done = _run(tmp_path / "cohort.csv", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    for part in ("slide dicom", "slide broken", "notebook 04_age_clock", "notebook 06"):
        assert part in done.stdout, part
    entry = json.loads((tmp_path / "out" / "run.json").read_text())
    skipped = {row["item"]: row["reason"] for row in entry["skipped"]}
    assert "28.97" in skipped["slide dicom"]
    assert "found 2" in skipped["notebook 04_age_clock"]
    report = (tmp_path / "out" / "report.html").read_text()
    assert "an age clock needs 20 people" in report
    assert (tmp_path / "out" / "figures" / "03_clusters.png").is_file()


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("model", "no model 'trase'|no model trase"),
        ("method", "method: found 'trase'"),
        ("pairs", "pairs"),
        ("views", "views"),
        ("backbone", "timm has no model 'trase'"),
    ],
)
def test_a_misspelt_name_is_refused_before_the_work(table_path, tmp_path, capsys, setting, message):
    out = str(tmp_path / "out")
    assert main(["run", str(table_path), "--out", out, f"--{setting}", "trase"]) == 1
    error = capsys.readouterr().err
    assert "trase" in error
    assert any(part in error for part in message.split("|"))
    assert not (tmp_path / "out").exists()


def test_a_second_run_in_the_same_folder_is_refused(table_path, tmp_path):
    with (
        _locked(tmp_path),
        pytest.raises(StageError, match=rf"another run works there \(process {os.getpid()} on "),
    ):
        run(table_path, str(tmp_path), DEFAULTS)
    with _locked(tmp_path):  # the first one is over
        pass


def test_a_folder_that_cannot_be_made_is_named(table_path, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StageError, match="out: cannot be written"):
        run(table_path, tmp_path / "file" / "out", DEFAULTS)


def test_the_notebooks_travel_with_the_package():
    assert {path.stem for path in notebook_folder().glob("0*.ipynb")} == set(NOTEBOOKS)
