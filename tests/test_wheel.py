"""The wheel, installed where there is no checkout, does what the checkout does.

The packages that skinage depends on are those of this environment, lent through a ``.pth`` file:
such a file hides the editable skinage, and nothing has to be downloaded.
"""

import json
import os
import re
import subprocess
import sys
import venv
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

import skinage

CHECKOUT = Path(skinage.__file__).parents[1]
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
TINY = ["--people", "22", "--tile-px", "48", "--tiles-per-slide", "4", "--epochs", "1",
        "--batch-size", "32"]  # fmt: skip
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    build = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder)]
    done = subprocess.run([*PIP, *build, str(CHECKOUT)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def python(wheel, tmp_path_factory):
    """The Python of an environment that holds the wheel and no checkout."""
    home = tmp_path_factory.mktemp("environment") / "venv"
    venv.create(home)
    python = home / "bin" / "python"
    packages = next(home.glob("lib/python3.*/site-packages"))
    lent = [path for path in sys.path if path.endswith("site-packages")]
    (packages / "lent.pth").write_text("\n".join(lent))
    install = ["--python", str(python), "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*PIP, *install, "--ignore-installed", str(wheel)], check=True)
    return python


@pytest.fixture
def in_wheel(python, tmp_path):
    """Run the wheel's Python in an empty folder."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    # Jupyter looks for its templates in the environment that it is installed in.
    environment["JUPYTER_PATH"] = f"{sys.prefix}/share/jupyter"

    def call(*arguments: str) -> str:
        done = subprocess.run(
            [str(python), *arguments], cwd=tmp_path, env=environment, timeout=1200,
            capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return call


def test_the_wheel_holds_the_package_and_the_notebooks_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert "skinage/py.typed" in names
    for folder, kept in (("skinage", "skinage"), ("notebooks", "skinage/notebooks")):
        files = [
            path.relative_to(CHECKOUT / folder)
            for path in (CHECKOUT / folder).rglob("*")
            if path.is_file() and path.suffix in (".py", ".ipynb", ".jinja")
            and ".ipynb_checkpoints" not in path.parts
        ]  # fmt: skip
        assert {f"{kept}/{file}" for file in files} <= names
    assert not {name for name in names if name.startswith(("tests", "benchmarks", "data"))}


def test_the_description_for_an_index_page_stands_alone(wheel):
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith("/METADATA"))
        about = message_from_bytes(archive.read(name))
    description = about.get_payload(decode=True).decode()
    assert about["Version"] == skinage.__version__
    assert "import skinage as ska" in description
    assert all(target.startswith("http") for target in re.findall(r"\]\(([^)]*)\)", description))


def test_every_declared_package_is_there(python):
    check = [*PIP, "--python", str(python), "check"]
    found = subprocess.run(check, capture_output=True, text=True).stdout.splitlines()
    assert found
    assert not [line for line in found if line.startswith("skinage ")]


def test_the_installed_package_is_the_wheels(in_wheel, python):
    code = "import skinage; print(skinage.__file__)"
    assert Path(in_wheel("-c", code).strip()).is_relative_to(python.parents[1])
    assert in_wheel("-m", "skinage", "--version").strip() == skinage.__version__


def test_doctor_finds_nothing_missing(in_wheel):
    assert "nothing is missing" in in_wheel("-m", "skinage", "doctor")


def test_a_tiny_run_in_an_empty_folder(in_wheel, tmp_path):
    said = in_wheel("-m", "skinage", "run", "--out", "results", *TINY)
    results = tmp_path / "results"
    assert f"report: {results / 'report.html'}" in said
    metrics = json.loads((results / "metrics.json").read_text())
    assert metrics["age.n_people"] == 22
    assert (results / "report.html").stat().st_size > 100_000
    assert {path.name for path in tmp_path.iterdir()} == {"results"}
