import os

import pandas as pd
import pytest

from skinage.storage import file_hash, recipe_hash, stored, storing, table_hash


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
