"""Readable measures of tiles, in a pathologist's terms: stains, nuclei, gaps, fibres, matrix.

They are rough, fast and fixed in advance, so that they can name features and be compared with age.
They are no segmentation. Stains are unmixed as in `skinage.stains`; "tissue" is every pixel that is
not pale.

``haematoxylin_optical_density``, ``eosin_optical_density``
    Mean optical density of the stain over tissue.
``nuclear_area_fraction``
    Fraction of the tile whose haematoxylin, smoothed by 1 um, lies at least 0.2 above the tile's
    lower quartile (so that a darker section or cytoplasm does not count as nuclei).
``nuclei_per_mm2``
    Connected nuclear areas of at least 8 um2 per mm2 of tile; touching nuclei count as one.
``pale_gap_fraction``
    Fraction of the tile with a mean optical density under 0.1: clefts, lumina, glass.
``fibre_coherency``
    Order of the fibres in windows of about 100 um: with ``J`` the structure tensor of eosin,
    averaged over a window, ``sqrt((Jxx - Jyy)^2 + 4 Jxy^2) / (Jxx + Jyy)``, weighted by
    ``Jxx + Jyy`` (Bigun and Granlund 1987). 0 is no preferred direction, 1 is parallel.
``grey_blue_fraction``
    Fraction of the tissue outside nuclei that absorbs red at least half as much as green (eosin
    alone 0.1 to 0.3 times, haematoxylin 0.9 times): elastotic matrix in the dermis, but also
    basophilic cytoplasm and horny layer. A grey cast of the glass raises it.
"""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import ndimage
from tqdm.auto import tqdm

from skinage.errors import SettingError, SlideError
from skinage.explain.morphology.tile_shares import tile_shares
from skinage.skip_log import add_skipped
from skinage.slides.reading.batches import read_tiles
from skinage.stains import optical_density, unmix
from skinage.storage import content_hash, stored, storing, table_hash

PALE_DENSITY = 0.1
NUCLEAR_EXCESS = 0.2
NUCLEUS_UM2 = 8.0
WINDOW_UM = 100.0
LEAST_TISSUE = 0.01
GREY_BLUE_RATIO = 0.5
_CHUNK = 128  # tiles whose float planes stay within a few MB

MEASURES = (
    "haematoxylin_optical_density",
    "eosin_optical_density",
    "nuclear_area_fraction",
    "nuclei_per_mm2",
    "pale_gap_fraction",
    "fibre_coherency",
    "grey_blue_fraction",
)
"""Names of the columns of `measure_pixels`, units included."""


def measure_tiles(
    tiles: pd.DataFrame, *, maps: str | Path | None = None, out: str | Path | None = None
) -> pd.DataFrame:
    """Measure every tile of a tile table, to see what a feature goes with from tile to tile.

    Parameters
    ----------
    tiles
        The tile table.
    maps
        The folder that `measure_slides` wrote; with it the share of each structure stands beside
        the measures, as `tile_shares` states.
    out
        Path of a Parquet file to keep the result in; a file made from the same tiles is loaded.

    Returns
    -------
    pandas.DataFrame
        A row per tile, index ``tile_id``, columns as in `MEASURES` and, with maps, `SHARES`.
        `skipped` lists the slides that could not be read.

    Raises
    ------
    SlideError
        If no tile at all could be read.
    """
    made = None if maps is None else Path(maps) / "measures.csv"
    recipe = {"tiles": table_hash(tiles), "measures": MEASURES}
    recipe["maps"] = content_hash(made) if made is not None and made.is_file() else str(maps)
    if out is not None and stored(out, recipe):
        return pd.read_parquet(out)
    failures: dict[str, str] = {}
    rows, measured = [], []
    with tqdm(total=len(tiles), desc="measuring", unit="tile") as bar:
        for positions, pixels in read_tiles(tiles, failures=failures):
            rows.append(positions)
            measured.append(_measure(pixels, float(tiles["mpp"].iloc[0])))
            bar.update(len(positions))
    if not rows:
        raise SlideError(f"measure_tiles: no tile could be read: {failures or 'no tiles given'}")
    if failures:
        warnings.warn(f"measure_tiles: skipped {len(failures)} slides: {failures}", stacklevel=2)
    ids = pd.Index(tiles["tile_id"].to_numpy()[np.concatenate(rows)], name="tile_id")
    table = pd.concat(measured).set_index(ids)
    if maps is not None:
        shares = tile_shares(tiles, maps)
        table = table.join(shares)
        table.attrs.update(shares.attrs)
    reasons = {f"slide {slide}": reason for slide, reason in failures.items()}
    add_skipped(table, "measure_tiles", reasons)
    if out is not None:
        with storing(out, recipe) as partial:
            table.to_parquet(partial)
    return table


def measure_pixels(pixels: np.ndarray, mpp: float) -> pd.DataFrame:
    """Measure stain, nuclei, gaps, fibre order and grey-blue matrix of tiles that lie in memory.

    The measures are defined in the docstring of this module.

    Parameters
    ----------
    pixels
        ``(n, h, w, 3)`` uint8 RGB.
    mpp
        Micrometres per pixel.

    Returns
    -------
    pandas.DataFrame
        A row per tile, columns as in `MEASURES`; NaN where less than 1 % of a tile is tissue.

    Raises
    ------
    SettingError
        If the pixels are not uint8 RGB tiles, or ``mpp`` is not positive.
    """
    if pixels.ndim != 4 or pixels.shape[-1] != 3 or pixels.dtype != np.uint8:
        found = f"{pixels.dtype} of shape {pixels.shape}"
        raise SettingError(f"measure_pixels: pixels are {found}; expected uint8 (n, h, w, 3) RGB.")
    if not mpp > 0:
        raise SettingError(f"measure_pixels: mpp is {mpp}; expected micrometres per pixel above 0.")
    chunks = [_measure(pixels[i : i + _CHUNK], mpp) for i in range(0, len(pixels), _CHUNK)]
    return pd.concat(chunks, ignore_index=True) if chunks else pd.DataFrame(columns=MEASURES)


def _measure(pixels: np.ndarray, mpp: float) -> pd.DataFrame:
    density = optical_density(np.ascontiguousarray(np.moveaxis(pixels, -1, 1)))
    haematoxylin, eosin = np.moveaxis(unmix(density), 1, 0)
    pale = density.mean(axis=1) < PALE_DENSITY
    nuclear = _nuclear(haematoxylin, mpp)
    matrix = ~pale & ~nuclear
    grey_blue = density[:, 0] > GREY_BLUE_RATIO * density[:, 1]
    tile_mm2 = pixels.shape[1] * pixels.shape[2] * (mpp / 1000) ** 2
    columns = [
        _mean_where(haematoxylin, ~pale),
        _mean_where(eosin, ~pale),
        nuclear.mean(axis=(1, 2)),
        _count(nuclear, NUCLEUS_UM2 / mpp**2) / tile_mm2,
        pale.mean(axis=(1, 2)),
        _coherency(eosin, mpp),
        _mean_where(grey_blue, matrix),
    ]
    return pd.DataFrame(dict(zip(MEASURES, columns, strict=True)))


def _nuclear(haematoxylin: np.ndarray, mpp: float) -> np.ndarray:
    smooth = _smooth(haematoxylin, 1.0 / mpp)
    flat = smooth.reshape(len(smooth), -1)
    rank = flat.shape[1] // 4
    quartile = np.partition(flat, rank, axis=1)[:, rank]
    return smooth > (quartile + NUCLEAR_EXCESS)[:, None, None]


def _count(mask: np.ndarray, minimum_px: float) -> np.ndarray:
    """Count connected areas per tile; one labelling serves all tiles, which never touch."""
    touching = np.zeros((3, 3, 3), dtype=bool)
    touching[1] = True
    labels, n_areas = ndimage.label(mask, structure=touching)
    tile, row, column = np.nonzero(mask)
    area = labels[tile, row, column]
    tile_of = np.zeros(n_areas + 1, dtype=int)
    tile_of[area] = tile
    kept = np.bincount(area, minlength=n_areas + 1) >= max(minimum_px, 1)
    return np.bincount(tile_of[kept], minlength=len(mask))


def _coherency(eosin: np.ndarray, mpp: float) -> np.ndarray:
    smooth = _smooth(eosin, max(1.0, 1.0 / mpp))
    dy, dx = np.gradient(smooth, axis=(1, 2))
    xx, yy, xy = (_windows(a * b, mpp) for a, b in ((dx, dx), (dy, dy), (dx, dy)))
    energy = (xx + yy).sum(axis=(1, 2))
    ordered = np.hypot(xx - yy, 2 * xy).sum(axis=(1, 2))
    return np.divide(ordered, energy, out=np.full(len(eosin), np.nan), where=energy > 0)


def _windows(plane: np.ndarray, mpp: float) -> np.ndarray:
    """Average over equal windows of about 100 um; what is left at the edge is cut off."""
    n, height, width = plane.shape
    rows, columns = (max(1, round(side * mpp / WINDOW_UM)) for side in (height, width))
    cut = plane[:, : height // rows * rows, : width // columns * columns]
    return cut.reshape(n, rows, height // rows, columns, width // columns).mean(axis=(2, 4))


def _smooth(planes: np.ndarray, sigma_px: float) -> np.ndarray:
    return ndimage.gaussian_filter(planes, (0, sigma_px, sigma_px), truncate=3)


def _mean_where(values: np.ndarray, mask: np.ndarray) -> np.ndarray:
    count = mask.sum(axis=(1, 2))
    total = (values * mask).sum(axis=(1, 2), dtype=float)
    enough = count >= LEAST_TISSUE * mask[0].size
    return np.divide(total, count, out=np.full(len(mask), np.nan), where=enough)
