import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from skinage.errors import StageError
from skinage.storage import (
    file_hash,
    recipe_hash,
    stored,
    storing,
    table_hash,
    write_csv,
)


def test_what_was_stored_is_found_again_only_by_the_same_recipe(tmp_path):
    path = tmp_path / "table.csv"
    with storing(path, {"seed": 0, "mpp": 2.0}) as partial:
        partial.write_text("a")
    assert stored(path, {"mpp": 2.0, "seed": 0})
    assert not stored(path, {"seed": 1, "mpp": 2.0})


def test_a_failure_leaves_the_old_content_and_no_partial_file(tmp_path):
    path = tmp_path / "table.csv"
    with storing(path, {"seed": 0}) as partial:
        partial.write_text("old")
    with pytest.raises(OSError, match="full"), storing(path, {"seed": 1}) as partial:  # noqa: PT012
        partial.write_text("ne")
        raise OSError("disk full")
    assert path.read_text() == "old"
    assert stored(path, {"seed": 0})
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".partial")] == []


def test_content_that_lost_its_file_is_not_stored(tmp_path):
    path = tmp_path / "encoder"
    with storing(path, {}) as partial:
        partial.mkdir()
    assert stored(path, {})
    path.rmdir()
    assert not stored(path, {})


def test_a_folder_replaces_a_folder(tmp_path):
    for text in ("old", "new"):
        with storing(tmp_path / "encoder", {"text": text}) as partial:
            partial.mkdir()
            (partial / text).touch()
    assert [p.name for p in (tmp_path / "encoder").iterdir()] == ["new"]


def test_table_hash_sees_values_order_names_and_missing_ones():
    table = pd.DataFrame({"a": [1, 2], "b": ["x", None]})
    assert table_hash(table) == table_hash(table.copy())
    others = [
        table.assign(a=[1, 3]), table[::-1].reset_index(drop=True),
        table.rename(columns={"a": "c"}), table.assign(b=["x", "y"]),
    ]  # fmt: skip
    assert len({table_hash(other) for other in [table, *others]}) == 5


def test_file_hash_sees_a_changed_byte_at_both_ends(tmp_path):
    path = tmp_path / "slide.svs"
    content = bytearray(3_000_000)
    hashes = set()
    for position in (0, -1):
        content[position] = 7
        path.write_bytes(content)
        os.utime(path, (0, 0))
        hashes.add(file_hash(path))
    assert len(hashes) == 2


def test_recipe_hash_does_not_depend_on_the_order_of_keys():
    assert recipe_hash({"a": 1, "b": 2}) == recipe_hash({"b": 2, "a": 1})


@pytest.fixture
def read_only_folder(tmp_path):
    """A folder that this user may not write to (root, who may write anywhere, becomes nobody)."""
    folder = tmp_path / "read_only"
    folder.mkdir()
    folder.chmod(0o555)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    yield folder
    os.seteuid(user)
    folder.chmod(0o755)


LARGE = pd.DataFrame({"a": np.random.default_rng(0).random(100_000)})


FULL_DISK = """
import resource, sys
import numpy as np, pandas as pd
from pathlib import Path
from skinage.errors import StageError
from skinage.storage import stored, storing, write_csv, write_json

folder = Path(sys.argv[1])
old = folder / "old.csv"
with storing(old, {"seed": 0}) as partial:
    partial.write_text("old")
# No file can grow beyond 20,000 bytes, as on a disk that is full.
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
large = pd.DataFrame({"a": np.random.default_rng(0).random(100_000)})

def store(path):
    with storing(path, {"seed": 1}) as partial:
        large.to_parquet(partial) if path.suffix == ".parquet" else large.to_csv(partial)

for path, write in [
    (folder / "tiles.parquet", store),
    (old, store),
    (folder / "a.csv", lambda path: write_csv(path, large)),
    (folder / "a.json", lambda path: write_json(path, large["a"].tolist())),
]:
    try:
        write(path)
    except StageError as error:
        print(error)
print(old.read_text(), stored(old, {"seed": 0}))
"""


def test_a_full_disk_is_told_and_leaves_what_was_there(tmp_path):
    """In a process of its own: what it may write, its report may not exceed either."""
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    *errors, last = done.stdout.splitlines()
    names = ["tiles.parquet", "old.csv", "a.csv", "a.json"]
    for error, name in zip(errors, names, strict=True):
        assert error.startswith(f"{tmp_path / name}: cannot be written (")
        assert "Free some space and start again" in error
    assert last == "old True"
    assert sorted(os.listdir(tmp_path)) == [".made", "old.csv"]


def test_a_read_only_folder_is_told(read_only_folder):
    expected = r"cannot be written \(Permission denied\)\. Choose a folder that can be written"
    with pytest.raises(StageError, match=expected):
        write_csv(read_only_folder / "a.csv", LARGE)
    deeper = read_only_folder / "results" / "a.parquet"
    with pytest.raises(StageError, match=expected), storing(deeper, {}) as path:
        LARGE.to_parquet(path)
