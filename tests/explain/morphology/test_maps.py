import numpy as np
import pandas as pd
import pytest

from skinage import StageError, skipped
from skinage.explain.morphology.maps import StructureMap, map_path, read_map, write_map
from skinage.explain.morphology.structures import Structure
from skinage.explain.morphology.tile_shares import SHARES, tile_shares


@pytest.fixture
def found():
    """Left half epidermis, right half reticular dermis; nuclei on top, elastosis at the right."""
    structures = np.full((200, 400), Structure.EPIDERMIS, np.uint8)
    structures[:, 200:] = Structure.RETICULAR_DERMIS
    nuclei, elastosis = np.zeros((2, 200, 400), bool)
    nuclei[:50], elastosis[:, 300:] = True, True
    return StructureMap(structures, nuclei, elastosis, 1.0)


@pytest.fixture
def folder(tmp_path, found):
    (tmp_path / "maps").mkdir()
    write_map(map_path(tmp_path, "S1"), found.packed, found.mpp)
    return tmp_path


def test_a_map_comes_back_as_it_was_written(folder, found):
    again = read_map(folder, "S1")
    for name in ("structures", "nuclei", "elastosis"):
        assert np.array_equal(getattr(again, name), getattr(found, name))
    assert again.mpp == pytest.approx(1.0)


def test_a_name_that_is_no_file_name_has_a_map_too(folder, found):
    path = map_path(folder, "../A/1 b")
    assert path.parent == folder / "maps"
    write_map(path, found.packed, 2.0)
    assert read_map(folder, "../A/1 b").mpp == pytest.approx(2.0)


@pytest.mark.parametrize("name", ["a b", "\u00e4" * 200, "x" * 300])
def test_each_name_has_a_file_of_its_own_that_any_disk_takes(folder, found, name):
    path = map_path(folder, name)
    write_map(path, found.packed, 2.0)
    others = {map_path(folder, other) for other in (name.encode().hex(), name + " ", path.stem)}
    assert len(others | {path}) == 4
    assert len(path.name.encode()) <= 255


def test_a_missing_map_says_what_the_folder_has(folder):
    with pytest.raises(StageError, match="maps of 1 slides"):
        read_map(folder, "S2")


def test_shares_of_tiles_are_in_um_not_in_px(folder):
    # A slide of 0.5 um per px: 100 um are 200 px of level 0, and 50 px at 2 um per px.
    tiles = pd.DataFrame(
        {
            "tile_id": ["a", "b", "c"], "slide_id": ["S1", "S1", "S2"], "x": [300, 560, 0],
            "y": [0, 200, 0], "extent_px": 200, "tile_px": 50, "mpp": 2.0,
        }
    )  # fmt: skip
    shares = tile_shares(tiles, folder)
    assert shares.columns.tolist() == SHARES
    a, b = shares.loc["a"], shares.loc["b"]
    assert a["epidermis_share"] == a["reticular_dermis_share"] == a["nuclei_share"] == 0.5
    assert b[["reticular_dermis_share", "elastosis_share"]].tolist() == [1.0, 0.8]
    assert b["nuclei_share"] == 0
    assert shares.loc["c"].isna().all()
    assert skipped(shares)["item"].tolist() == ["slide S2"]
    assert shares[SHARES[:-2]].sum(axis=1)[:2].tolist() == [1, 1]
