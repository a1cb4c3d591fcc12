from pathlib import Path

import pandas as pd
import pytest

from skinage.cli import main

REAL = Path(__file__).parents[2] / "shared" / "realdata"


def test_doctor_names_readers_and_finds_nothing_missing(capsys):
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "cucim-cu13" in said
    assert "DICOM" in said
    assert "nothing is missing" in said
    rows = {line[:34].strip(): line[34:] for line in said.splitlines()}
    assert "read by cuCIM" in rows["tiled TIFF, JPEG"]
    assert "read by OpenSlide" in rows["tiled TIFF, deflate, predictor"]
    assert "read by picture" in rows["PNG, JPEG or plain TIFF with mpp"]


def test_doctor_says_how_to_get_what_is_missing(capsys, monkeypatch):
    monkeypatch.setattr("skinage.doctor.NEEDED", ("torch", "no-such-package"))
    assert main(["doctor"]) == 1
    assert "no-such-package is missing: pip install no-such-package" in capsys.readouterr().out


def test_check_lists_every_problem_of_table_and_slides(phantom_path, tmp_path, capsys):
    cohort = pd.read_csv(phantom_path).head(2)
    cohort["path"] = [str(phantom_path.parent / path) for path in cohort["path"]]
    (tmp_path / "broken.svs").write_text("no slide")
    extra = pd.DataFrame(
        {
            "slide_id": ["B1", "B2"], "person_id": ["B1", "B2"], "age_years": [700, 30],
            "path": [str(tmp_path / "broken.svs"), str(tmp_path / "missing.svs")],
        }
    )  # fmt: skip
    pd.concat([cohort, extra]).to_csv(tmp_path / "cohort.csv", index=False)
    assert main(["check", str(tmp_path / "cohort.csv")]) == 1
    said = capsys.readouterr().out
    assert "age_years: found '700.0'" in said or "age_years: found '700'" in said
    assert "missing.svs" in said
    assert "slide B1:" in said
    assert "4 slide(s)" in said
    assert said.count("cuCIM") == 2


def test_check_of_a_sound_cohort_exits_0(phantom_path, capsys):
    assert main(["check", str(phantom_path)]) == 0
    assert "6 slide(s), 0 problem(s)" in capsys.readouterr().out


def test_errors_go_to_stderr_with_exit_1(tmp_path, capsys):
    assert main(["run", str(tmp_path / "none.csv"), "--out", str(tmp_path / "out")]) == 1
    assert "none.csv: no such file" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_wrong_numbers_are_refused_by_the_command_line(capsys):
    with pytest.raises(SystemExit):
        main(["run", "--epochs", "0"])
    assert "found 0; expected a number above 0" in capsys.readouterr().err


def test_phantom_makes_a_cohort(tmp_path, capsys):
    assert main(["phantom", "--people", "1", "--out", str(tmp_path / "phantom")]) == 0
    assert (tmp_path / "phantom" / "cohort.csv").is_file()
    assert "cohort table:" in capsys.readouterr().out
