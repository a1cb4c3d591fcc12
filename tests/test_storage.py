import os
import resource

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
    write_json,
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
def full_disk():
    """No file of this process can grow beyond 20,000 bytes, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


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


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_is_told_and_leaves_nothing(tmp_path):
    expected = r"tiles\.parquet cannot be written: .*; make room"
    with pytest.raises(StageError, match=expected), storing(tmp_path / "tiles.parquet", {}) as path:
        LARGE.to_parquet(path)
    with pytest.raises(StageError, match=r"a\.csv cannot be written"):
        write_csv(tmp_path / "a.csv", LARGE)
    with pytest.raises(StageError, match=r"a\.json cannot be written"):
        write_json(tmp_path / "a.json", LARGE["a"].tolist())
    assert os.listdir(tmp_path) == []


def test_a_full_disk_keeps_what_was_there(tmp_path, full_disk):
    path = tmp_path / "a.csv"
    with storing(path, {"seed": 0}) as partial:
        partial.write_text("old")
    with pytest.raises(StageError, match="make room"), storing(path, {"seed": 1}) as partial:
        LARGE.to_csv(partial)
    assert path.read_text() == "old"
    assert stored(path, {"seed": 0})


def test_a_read_only_folder_is_told(read_only_folder):
    expected = r"cannot be written: Permission denied; choose a folder that you may write to"
    with pytest.raises(StageError, match=expected):
        write_csv(read_only_folder / "a.csv", LARGE)
    deeper = read_only_folder / "results" / "a.parquet"
    with pytest.raises(StageError, match=expected), storing(deeper, {}) as path:
        LARGE.to_parquet(path)
