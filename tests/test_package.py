"""The shape of the package: what a user sees, and what an import costs."""

import subprocess
import sys
from pathlib import Path

import skinage

HEAVY = {"torch", "lightly", "pytorch_lightning", "cucim", "umap", "shap", "captum", "matplotlib",
         "pandas", "anndata", "sklearn", "lifelines", "statsmodels"}  # fmt: skip


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
    modules = {path.stem for path in Path(skinage.__file__).parent.iterdir()}
    assert not modules & {*skinage.__all__} - {"figures", "phantom"}
