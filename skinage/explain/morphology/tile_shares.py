"""How much of each tile is epidermis, papillary dermis, adnexa and so on: the map, cut up."""

from pathlib import Path

import numpy as np
import pandas as pd

from skinage.errors import StageError
from skinage.explain.morphology.maps import StructureMap, read_map
from skinage.explain.morphology.structures import Structure
from skinage.skip_log import add_skipped

SHARES = [f"{one.name.lower()}_share" for one in Structure] + ["nuclei_share", "elastosis_share"]
"""Names of the columns of `tile_shares`."""


def tile_shares(tiles: pd.DataFrame, maps: str | Path) -> pd.DataFrame:
    """Return the share of each structure in each tile.

    Parameters
    ----------
    tiles
        The tile table.
    maps
        The folder that `measure_slides` wrote.

    Returns
    -------
    pandas.DataFrame
        A row per tile, index ``tile_id``, columns as in `SHARES`, 0 to 1. Structures add up to 1;
        nuclei and elastosis lie within them. NaN for tiles of slides without a map, which
        `skinage.skipped` lists.
    """
    shares = pd.DataFrame(np.nan, pd.Index(tiles["tile_id"], name="tile_id"), SHARES)
    without = {}
    for slide_id, own in tiles.groupby("slide_id", sort=False):
        try:
            found = read_map(maps, str(slide_id))
        except StageError as error:
            without[f"slide {slide_id}"] = str(error)
            continue
        for tile in own.itertuples(index=False):
            um_per_px = tile.tile_px * tile.mpp / tile.extent_px  # of level 0
            place = np.array([tile.y, tile.x, tile.y + tile.extent_px, tile.x + tile.extent_px])
            top, left, bottom, right = (place * um_per_px / found.mpp).round().astype(int)
            part = np.s_[max(top, 0) : max(bottom, 1), max(left, 0) : max(right, 1)]
            shares.loc[tile.tile_id] = _shares(found, part)
    add_skipped(shares, "tile_shares", without)
    return shares


def _shares(found: StructureMap, part: tuple[slice, slice]) -> np.ndarray:
    structures = found.structures[part]
    counts = np.bincount(structures.ravel(), minlength=len(Structure))[: len(Structure)]
    shares = counts / max(structures.size, 1)
    return np.append(shares, [found.nuclei[part].mean(), found.elastosis[part].mean()])
