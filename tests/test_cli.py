import json
import signal
from pathlib import Path

import pandas as pd
import pytest

from skinage.cli import main
from skinage.phantom.dials import DIALS, EFFECTS

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


def test_an_ignored_interrupt_is_heard(capsys, monkeypatch):
    monkeypatch.setattr("skinage.doctor.examine", lambda: signal.raise_signal(signal.SIGINT))
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert main(["doctor"]) == 130
    finally:
        signal.signal(signal.SIGINT, before)
    assert "the same command continues" in capsys.readouterr().err


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
    n_slides = len(pd.read_csv(phantom_path))
    assert f"{n_slides} slide(s), 0 problem(s)" in capsys.readouterr().out


def test_errors_go_to_stderr_with_exit_1(tmp_path, capsys):
    assert main(["run", str(tmp_path / "none.csv"), "--out", str(tmp_path / "out")]) == 1
    assert "none.csv: no such file" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_wrong_numbers_are_refused_by_the_command_line(capsys):
    with pytest.raises(SystemExit):
        main(["run", "--epochs", "0"])
    assert "found 0; expected a number above 0" in capsys.readouterr().err


def test_phantom_makes_the_cohort_it_is_told(tmp_path, capsys, monkeypatch):
    asked = {}

    def make_cohort(*arguments, **settings):
        asked["all"] = (*arguments, settings)
        return tmp_path / "cohort.csv"

    monkeypatch.setattr("skinage.phantom.make_cohort", make_cohort)
    command = "phantom --people 7 --preset null --seed 5 --out x --mpp 0.5 --dial rete=1"
    assert main([*command.split(), "--dial", "dermis=.5"]) == 0
    settings = {"seed": 5, "preset": "null", "mpp": 0.5, "dials": {"rete": 1, "dermis": 0.5}}
    assert asked["all"] == ("x", 7, settings)
    assert f"cohort table: {tmp_path / 'cohort.csv'}" in capsys.readouterr().out
    assert main(["phantom"]) == 0
    settings = {"seed": 0, "preset": "teaching", "mpp": 1.0, "dials": {}}
    assert asked["all"] == ("phantom", 100, settings)


def test_the_help_of_phantom_lists_every_dial(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["phantom", "--help"])
    said = capsys.readouterr().out
    for name, dial in DIALS.items():
        assert name in said
        own = "" if dial.range == "a number from 0 to 1" else f"{'':<19}{dial.range}\n"
        assert name in EFFECTS or f"{name:<17}{dial.what}\n{own}" in said
    assert "other dials k, a number from 0 to 1 unless stated" in said
    assert "place of ages.\n                   a whole number: 0 or from 2 to 20\n" in said


def test_phantom_makes_a_cohort(tmp_path, capsys):
    out = tmp_path / "phantom"
    command = ["phantom", "--people", "1", "--out", str(out), "--mpp", "2", "--preset", "realistic"]
    assert main(command) == 0
    assert f"cohort table: {out / 'cohort.csv'}" in capsys.readouterr().out
    assert json.loads((out / "truth.json").read_text())["preset"] == "realistic"
    assert main(["check", str(out / "cohort.csv")]) == 0


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["--preset", "teachng"], "preset: found 'teachng', expected one of teaching, realistic"),
        (["--dial", "hair=1"], "dials: found 'hair', expected names among epidermis"),
        (["--dial", "drift=2"], "dials['drift']: found 2.0, expected a number from 0 to 1"),
        (["--dial", "rete=3"], "dials['rete']: found 3.0, expected a number from 0"),
        (["--mpp", "9"], "mpp: found 9.0, expected um per pixel from 0.25 to 2"),
        (["--seed", "-1"], "seed: found -1, expected a whole number from 0 up"),
    ],
)
def test_wrong_phantoms_exit_1_and_leave_nothing(tmp_path, capsys, wrong, said):
    assert main(["phantom", "--out", str(tmp_path / "x"), *wrong]) == 1
    assert said in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("dial", ["rete", "rete=", "rete=much", "=1x"])
def test_a_dial_that_is_no_name_and_number(capsys, dial):
    with pytest.raises(SystemExit, match="2"):
        main(["phantom", "--dial", dial])
    assert f"found {dial!r}; expected a name and a number" in capsys.readouterr().err


def test_dials_beside_a_cohort_are_refused(phantom_path, tmp_path, capsys):
    command = ["run", str(phantom_path), "--dial", "survival=1", "--out", str(tmp_path / "out")]
    assert main(command) == 1
    said = capsys.readouterr().err
    assert "dials: found survival beside the cohort" in said
    assert "Dials change the phantom; leave the cohort out" in said
    assert not (tmp_path / "out").exists()


def test_run_passes_preset_and_dials_to_its_phantom(tmp_path, monkeypatch):
    class Enough(Exception):
        pass

    def make_cohort(*arguments, **settings):
        raise Enough(*arguments, settings)

    monkeypatch.setattr("skinage.reporting.run.make_cohort", make_cohort)
    command = "run --people 9 --preset confounded --dial survival=1 --out"
    with pytest.raises(Enough) as asked:
        main([*command.split(), str(tmp_path)])
    settings = {"seed": 0, "preset": "confounded", "dials": {"survival": 1}}
    assert asked.value.args == (tmp_path / "phantom", 9, settings)
