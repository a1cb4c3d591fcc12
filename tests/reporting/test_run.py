"""The main job on small cohorts: whole, killed half-way, and on slides nobody here drew."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from skinage.phantom import make_cohort
from skinage.reporting.run import NOTEBOOKS, notebook_folder

REAL = Path(__file__).parents[3] / "shared" / "realdata"
SMALL = ["--tile-px", "48", "--tiles-per-slide", "8", "--epochs", "2", "--batch-size", "32"]
TABLES = ("ages.csv", "acceleration.csv", "outcomes.csv", "slides.csv")
pytestmark = pytest.mark.slow


def _command(cohort, out):
    return [sys.executable, "-m", "skinage", "run", str(cohort), "--out", str(out), *SMALL]


def _run(cohort, out):
    return subprocess.run(_command(cohort, out), capture_output=True, text=True, timeout=900)


@pytest.fixture(scope="module")
def cohort_path(tmp_path_factory):
    return make_cohort(tmp_path_factory.mktemp("people"), 30, seed=2)


@pytest.fixture(scope="module")
def finished(cohort_path, tmp_path_factory):
    out = tmp_path_factory.mktemp("results") / "whole"
    done = _run(cohort_path, out)
    assert done.returncode == 0, done.stderr
    assert f"report: {out}/report.html" in done.stdout
    return out


def test_everything_promised_is_there(finished):
    for name in (*TABLES, "tiles.parquet", "encoder/encoder.safetensors", "encoder/last.ckpt",
                 "report_card.csv", "report_card_by_group.csv", "baselines.csv", "tripod.csv",
                 "clock/clock.safetensors",
                 "embeddings.zarr", "metrics.json", "run.json", "report.html"):  # fmt: skip
        assert (finished / name).exists(), name
    for name in (
        "04_age",
        "04_calibration",
        "04_groups",
        "04_baselines",
        "04_learning_curve",
        "05_definitions",
        "05_outcomes",
        "06_attribution",
        "06_importance",
    ):
        for ending in ("png", "pdf", "svg"):
            assert (finished / "figures" / f"{name}.{ending}").stat().st_size > 3000
    assert sorted(p.stem for p in (finished / "notebooks").glob("*.ipynb")) == list(NOTEBOOKS)
    assert not list(finished.rglob(".partial*"))


def test_a_misspelt_model_is_told_before_the_work(cohort_path, tmp_path):
    command = [*_command(cohort_path, tmp_path / "out"), "--model", "forest"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert "no model forest; choose from ridge" in done.stderr
    assert not (tmp_path / "out").exists()


def test_metrics_hold_what_was_measured(finished):
    metrics = json.loads((finished / "metrics.json").read_text())
    ages = pd.read_csv(finished / "ages.csv")
    error = (ages["predicted_years"] - ages["age_years"]).abs().mean()
    assert metrics["age.mae_years"] == pytest.approx(error)
    assert metrics["age.n_people"] == len(ages) == 30
    assert metrics["mortality.hr_per_5y_low"] < metrics["mortality.hr_per_5y"]
    assert metrics["mortality.hr_per_5y"] < metrics["mortality.hr_per_5y_high"]
    for name in ("age.r2", "age.baseline_mae_years", "age.untrained_mae_years",
                 "age.colour_mae_years", "acceleration.truth_r"):  # fmt: skip
        assert isinstance(metrics[name], float), name
    seconds = [value for name, value in metrics.items() if name.startswith("seconds.")]
    assert metrics["seconds.total"] == pytest.approx(sum(seconds) / 2)


def test_notebooks_give_the_same_again(finished):
    """nbval executes them once more and compares the outputs of the marked cells."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval-lax",
               "--nbval-cell-timeout=600", "--rootdir", str(finished), "-c", os.devnull,
               str(finished / "notebooks")]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, cwd=finished, timeout=900)
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed" in done.stdout


@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGINT])
def test_stopped_half_way_and_started_again_it_gives_the_same_tables(
    stop, cohort_path, finished, tmp_path
):
    out = tmp_path / "stopped"
    child = subprocess.Popen(
        _command(cohort_path, out),
        stderr=subprocess.DEVNULL,
        # A suite in the background of a shell has inherited that SIGINT is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    sign = ".made/encoder-*/last.ckpt" if stop == signal.SIGKILL else "embeddings.zarr"
    deadline = time.monotonic() + 300
    while not list(out.glob(sign)) and time.monotonic() < deadline:
        time.sleep(0.05)
    child.send_signal(stop)
    assert child.wait(60) == (130 if stop == signal.SIGINT else -signal.SIGKILL)
    assert not (out / "report.html").exists()
    assert _run(cohort_path, out).returncode == 0
    for name in TABLES:
        pd.testing.assert_frame_equal(
            pd.read_csv(out / name), pd.read_csv(finished / name), rtol=1e-3, obj=name
        )


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
    run = json.loads((tmp_path / "out" / "run.json").read_text())
    skipped = {row["item"]: row["reason"] for row in run["skipped"]}
    assert "28.97" in skipped["slide dicom"]
    assert "found 2" in skipped["notebook 04_age_clock"]
    report = (tmp_path / "out" / "report.html").read_text()
    assert "an age clock needs 20 people" in report
    assert (tmp_path / "out" / "figures" / "03_clusters.png").is_file()


def test_the_notebooks_travel_with_the_package():
    assert {path.stem for path in notebook_folder().glob("0*.ipynb")} == set(NOTEBOOKS)
