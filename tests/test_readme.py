"""The Python lines of README.md and CONTRIBUTING.md run as they are written.

Only the defaults are smaller (tiles of a slide, epochs), and an encoder that nobody can download in
a test is replaced by a small one.
"""

import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

import skinage
from skinage.phantom import make_cohort

CHECKOUT = Path(skinage.__file__).parents[1]
pytestmark = pytest.mark.slow


def blocks_of(name: str) -> list[str]:
    """Return the Python blocks of a document, each at its own line numbers."""
    text = (CHECKOUT / name).read_text()
    found = re.finditer(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return ["\n" * text[: match.start(1)].count("\n") + match[1] for match in found]


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """The folder of 24 synthetic people, as CONTRIBUTING.md makes it."""
    folder = tmp_path_factory.mktemp("people")
    make_cohort(folder, 24, seed=0)
    return folder


@pytest.fixture
def desk(people, tmp_path, monkeypatch):
    """A folder with a cohort and small defaults, as README's reader would sit before it."""
    for folder in (tmp_path, tmp_path / "phantom"):
        shutil.copytree(people, folder, dirs_exist_ok=True)
    new = pd.read_csv(tmp_path / "cohort.csv")
    new[["slide_id", "person_id"]] = "new_" + new[["slide_id", "person_id"]]
    new.to_csv(tmp_path / "new_cohort.csv", index=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(skinage.train.__kwdefaults__, "epochs", 1)
    monkeypatch.setitem(skinage.tile.__kwdefaults__, "tiles_per_slide", 6)
    return tmp_path


def run_blocks(name: str, names: dict) -> None:
    for block in blocks_of(name):
        lines = block.replace("hf-hub:MahmoodLab/UNI", "test_vit")
        exec(compile(lines, name, "exec"), names)  # noqa: S102


# Few of 24 people are ill, and some of them lie outside of what a clock of 24 knows.
@pytest.mark.filterwarnings("ignore:prevalence. skipped", "ignore:clock. .* people")
def test_readme(desk):
    names: dict = {}
    results = desk / "results" / "mine"
    results.mkdir(parents=True)
    run_blocks("README.md", names)
    assert len(names["ages"]) == names["cohort"]["person_id"].nunique() == 24
    assert {"death", "disease_cataract"} <= {*names["outcomes"]["outcome"]}
    assert names["uni"].metadata["tile_px"] == 224


def test_contributing(desk):
    names: dict = {}
    run_blocks("CONTRIBUTING.md", names)
    assert set(names["tiles"]["slide_id"]) == set(names["cohort"]["slide_id"])
    assert names["encoder"].metadata["method"] == "simsiam"
    assert names["ages"]["predicted_years"].between(20, 90).all()
