import anndata
import numpy as np
import pandas as pd

import skinage as ska
from skinage.skip_log import COLUMNS, add_skipped


def test_a_table_keeps_what_was_skipped_through_a_file(tmp_path):
    table = pd.DataFrame({"a": [1]})
    add_skipped(table, "tile", {"slide S1": "no scale"})
    add_skipped(table, "tile", {"slide S2": "damaged"})
    table.to_parquet(tmp_path / "tiles.parquet")
    found = ska.skipped(pd.read_parquet(tmp_path / "tiles.parquet"))
    assert found.to_numpy().tolist() == [
        ["tile", "slide S1", "no scale"],
        ["tile", "slide S2", "damaged"],
    ]


def test_an_atlas_keeps_it_through_a_file(tmp_path):
    atlas = anndata.AnnData(np.zeros((2, 2)))
    add_skipped(atlas, "embed", {"slide S1": "damaged"})
    atlas.write_h5ad(tmp_path / "atlas.h5ad")
    again = anndata.read_h5ad(tmp_path / "atlas.h5ad")
    assert ska.skipped(again, atlas)["item"].tolist() == ["slide S1"]


def test_nothing_skipped_is_an_empty_table_with_its_columns():
    assert ska.skipped().columns.tolist() == COLUMNS
    assert ska.skipped(pd.DataFrame()).empty
