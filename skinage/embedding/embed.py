"""From tiles to embeddings, in AnnData on Zarr: the table that all later stages use."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from skinage.cohort.label_seen import label_seen
from skinage.embedding.atlas import map_atlas
from skinage.encoders.scale import check_scale
from skinage.errors import SlideError, StageError
from skinage.skip_log import add_skipped
from skinage.slides.reading.batches import read_tiles
from skinage.storage import stored, storing, table_hash

if TYPE_CHECKING:
    import anndata


class Embedder(Protocol):
    """Any object that computes features of tiles, such as `Encoder` and `ColourFeatures`."""

    @property
    def metadata(self) -> dict[str, Any]:
        """Return a description of the features, as JSON-able values.

        ``mpp`` is the scale of the tiles (without it any scale is accepted), ``labels_seen`` the
        marks of people whose labels were used. Embeddings are loaded instead of computed again
        only if the whole description is the same.
        """

    def embed(self, pixels: np.ndarray) -> np.ndarray:
        """Return ``(n, dim)`` float32 features of ``(n, h, w, 3)`` uint8 RGB tiles."""


def embed(
    tiles: pd.DataFrame,
    encoder: Embedder,
    *,
    cohort: pd.DataFrame | None = None,
    mapped: bool = False,
    seed: int = 0,
    batch_size: int = 256,
    out: str | Path | None = None,
) -> "anndata.AnnData":
    """Return the features of every tile, beside its place and its person.

    Parameters
    ----------
    tiles
        The tile table.
    encoder
        An `Encoder`, `ColourFeatures` or any object with the members of `Embedder`, made for tiles
        of this scale.
    cohort
        The cohort table; its columns are joined to every tile of the slide.
    mapped
        Whether the tiles are also mapped and clustered (`map_atlas`).
    seed
        Fixes the map and the clusters.
    batch_size
        Number of tiles that are embedded at a time.
    out
        A ``.zarr`` folder for the result. If it already holds the embeddings of the same tiles by
        the same encoder, they are loaded instead.

    Returns
    -------
    anndata.AnnData
        X ``(n_tiles, dim)`` float32; ``obs`` the tile table (and cohort); ``obsm["spatial"]`` in
        level-0 px; ``uns["encoder"]`` the metadata. Slides that could not be read are in
        `skinage.skipped`. If the encoder saw labels, ``obs["label_seen"]`` marks the tiles of
        people whose label it saw.

    Raises
    ------
    SlideError
        If no tile at all could be read.
    StageError
        If the tiles are of another scale than the encoder's.
    """
    import anndata

    check_scale(encoder.metadata, tiles, "embedding")
    map_seed = seed if mapped else None
    recipe = {"tiles": table_hash(tiles), "encoder": encoder.metadata, "map_seed": map_seed}
    if cohort is not None:
        recipe["cohort"] = table_hash(cohort)
    if out is not None and stored(out, recipe):
        return read_atlas(out)
    rows, features, failures = _features(tiles, encoder, batch_size)
    obs = tiles.iloc[rows].set_index("tile_id", drop=False).rename_axis(None)
    if cohort is not None:
        extra = cohort.drop(columns=["person_id", "path", "mpp"], errors="ignore")
        obs = obs.join(extra.set_index("slide_id"), on="slide_id")
    if "labels_seen" in encoder.metadata:
        obs["label_seen"] = label_seen(encoder.metadata, obs["person_id"])
    atlas = anndata.AnnData(
        X=features,
        obs=obs,
        obsm={"spatial": obs[["x", "y"]].to_numpy(float)},
        uns={"encoder": _plain(encoder.metadata)},
    )
    add_skipped(atlas, "embed", {f"slide {slide}": reason for slide, reason in failures.items()})
    if mapped:
        atlas = map_atlas(atlas, seed=seed)
    if out is not None:
        with storing(out, recipe) as partial:
            _write(atlas, partial)
    return atlas


def read_atlas(path: str | Path) -> "anndata.AnnData":
    """Read embeddings that `embed` has written.

    Parameters
    ----------
    path
        A ``.zarr`` folder.

    Returns
    -------
    anndata.AnnData
        As `embed` returns it.

    Raises
    ------
    StageError
        If there is no such folder.
    """
    import anndata

    if not Path(path).is_dir():
        raise StageError(f"{path}: no such folder; expected embeddings, as notebook 3 writes them.")
    return anndata.read_zarr(path)


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
    if not rows:
        raise SlideError(f"embed: no tile could be read: {failures}")
    if failures:
        warnings.warn(
            f"embed: {len(failures)} slide(s) could not be read; see skinage.skipped.", stacklevel=3
        )
    return np.concatenate(rows), np.concatenate(features).astype(np.float32), failures


def _write(atlas: "anndata.AnnData", path: Path) -> None:
    import anndata

    format_3 = anndata.settings.override(zarr_write_format=3, auto_shard_zarr_v3=False)
    with format_3, warnings.catch_warnings():
        # AnnData reads what it consolidated; that other readers may not does not concern it.
        warnings.filterwarnings("ignore", message="Consolidated metadata is currently not part")
        atlas.write_zarr(path)


def _plain(metadata: dict[str, Any]) -> dict[str, Any]:
    """Return metadata that Zarr can hold: without nesting, lists as arrays."""
    flat = {key: value for key, value in metadata.items() if not isinstance(value, dict)}
    return {
        key: np.asarray(value) if isinstance(value, list) else value for key, value in flat.items()
    }
