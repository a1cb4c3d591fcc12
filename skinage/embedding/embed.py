"""Tiles to embeddings, in AnnData on Zarr: the table every later room works on."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from skinage.errors import SlideError
from skinage.slides import read_tiles
from skinage.storage import stored, storing, table_hash

if TYPE_CHECKING:
    import anndata


class Embedder(Protocol):
    """Anything that turns tiles into features: an encoder, colour statistics."""

    @property
    def card(self) -> dict[str, Any]:
        """What made the features, JSON-able."""

    def embed(self, pixels: np.ndarray) -> np.ndarray:
        """Turn ``(n, h, w, 3)`` uint8 into ``(n, dim)`` float32."""


def embed(
    tiles: pd.DataFrame,
    encoder: Embedder,
    *,
    cohort: pd.DataFrame | None = None,
    batch_size: int = 256,
    out: str | Path | None = None,
) -> "anndata.AnnData":
    """Embed every tile, and keep beside the features where each tile lies and whose it is.

    Parameters
    ----------
    tiles
        The tile table.
    encoder
        An :class:`Encoder` or another embedder; its tiles must have the scale of the table.
    cohort
        Its columns are joined to every tile of the slide.
    batch_size
        Tiles at a time.
    out
        A ``.zarr`` folder; one made of the same tiles by the same encoder is loaded instead.

    Returns
    -------
    anndata.AnnData
        X ``(n_tiles, dim)`` float32; ``obs`` the tile table (and cohort); ``obsm["spatial"]`` in
        level-0 px; ``uns["failures"]`` the slides that could not be read, with the reason.

    Raises
    ------
    SlideError
        If no tile at all could be read.
    """
    import anndata

    recipe = {"tiles": table_hash(tiles), "encoder": encoder.card}
    if cohort is not None:
        recipe["cohort"] = table_hash(cohort)
    if out is not None and stored(out, recipe):
        return anndata.read_zarr(out)
    rows, features, failures = _features(tiles, encoder, batch_size)
    obs = tiles.iloc[rows].set_index("tile_id", drop=False).rename_axis(None)
    if cohort is not None:
        extra = cohort.drop(columns=["person_id", "path", "mpp"], errors="ignore")
        obs = obs.join(extra.set_index("slide_id"), on="slide_id")
    atlas = anndata.AnnData(
        X=features,
        obs=obs,
        obsm={"spatial": obs[["x", "y"]].to_numpy(float)},
        uns={"encoder": _plain(encoder.card), "failures": failures},
    )
    if out is not None:
        with storing(out, recipe) as partial, anndata.settings.override(zarr_write_format=3):
            atlas.write_zarr(partial)
    return atlas


def _features(
    tiles: pd.DataFrame, encoder: Embedder, batch_size: int
) -> tuple[np.ndarray, np.ndarray, dict[str, str]]:
    failures: dict[str, str] = {}
    rows, features = [], []
    with tqdm(total=len(tiles), desc="embedding", unit="tile") as bar:
        for positions, pixels in read_tiles(tiles, batch_size=batch_size, failures=failures):
            rows.append(positions)
            features.append(encoder.embed(pixels))
            bar.update(len(positions))
    listed = "; ".join(f"{slide}: {reason}" for slide, reason in failures.items())
    if not rows:
        raise SlideError(f"embedding: no tile could be read. {listed}")
    if failures:
        warnings.warn(f"embedding went on without {len(failures)} slide(s): {listed}", stacklevel=3)
    return np.concatenate(rows), np.concatenate(features).astype(np.float32), failures


def _plain(card: dict[str, Any]) -> dict[str, Any]:
    """Make a card that Zarr can hold: no nesting, lists as arrays."""
    flat = {key: value for key, value in card.items() if not isinstance(value, dict)}
    return {
        key: np.asarray(value) if isinstance(value, list) else value for key, value in flat.items()
    }
