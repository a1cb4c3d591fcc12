"""The shape of the package: what a user sees, what it needs, and what an import costs."""

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
import yaml

import skinage

PACKAGE = Path(skinage.__file__).parent
CHECKOUT = PACKAGE.parent
HEAVY = {"torch", "lightly", "pytorch_lightning", "cucim", "umap", "shap", "captum", "matplotlib",
         "pandas", "anndata", "sklearn", "lifelines", "statsmodels"}  # fmt: skip
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]

NOT_IMPORTED = {
    "ipykernel": "the kernel that the notebooks run in",
    "ipywidgets": "tqdm draws its progress bars in notebooks with it",
    "jupyterlab": "skinage is used in it",
    "openslide-bin": "the library that openslide-python calls",
    "pyarrow": "pandas reads and writes Parquet with it",
    "zarr": "anndata stores embeddings with it; skinage needs version 3",
}
"""Dependencies that no module imports, and what they are for."""
TOOLS = {
    "hatchling": "builds the wheel that is tested",
    "hatch-fancy-pypi-readme": "likewise",
    "mypy": "a program",
    "nbval": "a plug-in of pytest",
    "pdoc": "a program",
    "ruff": "a program",
}
"""What the extras list and no test imports."""
OF_BENCHMARKS = {
    "cupy-cuda13x": "comes with cucim", "torchvision": "comes with lightly",
    "tiatoolbox": "compared with, in its own environment", "wsidata": "likewise",
}  # fmt: skip
"""What only benchmarks import."""


def names_of(requirements: Iterable[str]) -> set[str]:
    return {re.match(r"[\w-]+", requirement)[0] for requirement in requirements}


REQUIRED = names_of(PROJECT["dependencies"])
EXTRAS = {name: names_of(listed) for name, listed in PROJECT["optional-dependencies"].items()}


def imported_by(source: str) -> set[str]:
    """Return the top-level modules that a source imports, inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            found |= {node.module} if node.level == 0 else set()  # the rest is our own
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {name.partition(".")[0] for name in found}


def distributions_of(files: Iterable[Path], own: Iterable[str] = ()) -> set[str]:
    """Return what has to be installed for these modules and notebooks."""
    modules = set()
    for file in files:
        source = file.read_text()
        if file.suffix == ".ipynb":
            cells = [cell for cell in json.loads(source)["cells"] if cell["cell_type"] == "code"]
            lines = [line for cell in cells for line in (*cell["source"], "\n")]
            source = "".join(line for line in lines if not line.startswith("%"))
        modules |= imported_by(source)
    modules -= {*sys.stdlib_module_names, "skinage", *own}
    installed = metadata.packages_distributions()
    return {installed.get(name, [name])[0].lower().replace("_", "-") for name in modules}


def test_every_public_name_can_be_loaded_and_is_documented():
    for name in skinage.__all__:
        assert getattr(skinage, name).__doc__, name


def test_import_loads_no_heavy_library():
    code = "import sys, skinage; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert not HEAVY & set(loaded.split())


def test_an_unknown_name_is_an_attribute_error():
    assert not hasattr(skinage, "no_such_name")


def test_no_public_name_is_hidden_by_a_module_of_the_same_name():
    modules = {path.stem for path in PACKAGE.iterdir()}
    assert not modules & {*skinage.__all__} - {"figures", "phantom"}


def test_what_is_imported_is_declared_and_what_is_declared_is_imported():
    needed = distributions_of([*PACKAGE.rglob("*.py"), *(CHECKOUT / "notebooks").glob("*.ipynb")])
    assert needed - REQUIRED == EXTRAS["trees"]
    assert REQUIRED - needed == set(NOT_IMPORTED)


def test_tests_and_benchmarks_import_what_the_extras_declare():
    files = [
        *(CHECKOUT / "tests").rglob("*.py"),
        *(benchmarks := list((CHECKOUT / "benchmarks").glob("*.py"))),
    ]
    needed = distributions_of(files, own={file.stem for file in benchmarks})
    known = {*REQUIRED, *EXTRAS["trees"], *OF_BENCHMARKS}
    assert needed - known == EXTRAS["tests"].union(EXTRAS["docs"]) - set(TOOLS)


def test_make_installs_every_extra_and_pins_every_package():
    makefile = (CHECKOUT / "Makefile").read_text()
    installed = re.search(r'--editable "\.\[([\w,]+)\]"', makefile)[1].split(",")
    assert set(installed) == set(EXTRAS)
    pinned = {
        line.partition("==")[0].lower().replace("_", "-")
        for line in (CHECKOUT / ".ci" / "constraints.txt").read_text().splitlines()[1:]
    }
    assert REQUIRED.union(*EXTRAS.values()) <= pinned


@pytest.mark.slow
def test_the_reference_holds_every_public_name(tmp_path):
    command = [sys.executable, str(CHECKOUT / ".ci" / "reference.py"), str(tmp_path)]
    subprocess.run(
        command, check=True, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(CHECKOUT)}
    )
    for page, module in (("skinage", skinage), ("skinage/figures", skinage.figures)):
        written = (tmp_path / f"{page}.html").read_text()
        assert not {name for name in module.__all__ if f'id="{name}"' not in written} - {
            "figures",
            "phantom",
        }


def test_a_missing_extra_is_named_with_the_command_that_installs_it(monkeypatch):
    from skinage.clock.learners.trees import Trees

    monkeypatch.setitem(sys.modules, "xgboost", None)
    with pytest.raises(skinage.SettingError, match=r'pip install "skinage\[trees\]"'):
        Trees().load({"trees": np.zeros(1, np.uint8)})


def test_type_hints_are_shipped():
    assert (PACKAGE / "py.typed").read_text() == ""


def test_the_citation_names_this_version_and_the_paper_of_the_method():
    citation = yaml.safe_load((CHECKOUT / "CITATION.cff").read_text())
    assert citation["cff-version"] == "1.2.0"
    assert citation["version"] == skinage.__version__
    assert citation["references"][0]["identifiers"][0]["value"] == "arXiv:2411.16956"


def test_the_changelog_describes_this_version():
    assert f"## [{skinage.__version__}]" in (CHECKOUT / "CHANGELOG.md").read_text()
