"""Slides and tile tables for `reading.py`: real tissue, a large pyramid of it, many small ones."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import tifffile
from numpy.typing import NDArray

REAL = Path(__file__).parents[1] / ".." / "shared" / "realdata" / "slides"
REAL /= "cmu-1-small-region.svs"
REAL_PX = (2220, 2967)
LARGE_PX, SMALL_PX = (40_000, 30_000), (2_000, 1_500)
SMALLEST_LEVEL_PX, TILE_PX, QUALITY, MPP = 300, 256, 80, 0.5
REPEATED_PX = 128
"""The repeated part of the real slide is a multiple of this, so that all levels can be halved."""
Pixels = NDArray[np.uint8]


def tile_tables(cache: Path, fewer: int = 1) -> dict[str, pd.DataFrame]:
    """Make the tables to read: real tissue, the large slide on and off its grid, small slides."""
    real = copies(cache, REAL, 64 // fewer)
    large, small = [large_slide(cache)], copies(cache, small_slide(cache), 200 // fewer)
    on_grid = grid_corners(LARGE_PX, 256)
    anywhere = random_corners(LARGE_PX, 256, 8192 // fewer)
    return {
        "real slide, 128 px": tile_table(real, grid_corners(REAL_PX, 128), 128),
        "large slide, 256 px, on its grid": tile_table(
            large, on_grid[: len(on_grid) // fewer], 256
        ),
        "large slide, 256 px, anywhere": tile_table(large, anywhere, 256),
        "many small slides, 96 px": tile_table(small, random_corners(SMALL_PX, 96, 40), 96),
    }


def large_slide(cache: Path) -> Path:
    """Write the large pyramid once (about a minute, 0.5 GB); its pixels never lie in memory."""
    path = cache / "large.tiff"
    if not path.exists():
        write_pyramid(path, LARGE_PX)
    return path


def small_slide(cache: Path) -> Path:
    """Write one small slide of two levels and less than a megabyte, once."""
    path = cache / "small.tiff"
    if not path.exists():
        write_pyramid(path, SMALL_PX)
    return path


def copies(cache: Path, slide: Path, n_slides: int) -> list[Path]:
    """Return many names of one slide: as many slides for every reader and its caches."""
    one = cache / f"{slide.stem}_one{slide.suffix}"
    if not one.exists():
        shutil.copyfile(slide, one)
    paths = [cache / f"{slide.stem}_{number:03}{slide.suffix}" for number in range(n_slides)]
    for path in paths:
        if not path.exists():
            os.link(one, path)
    return paths


def write_pyramid(path: Path, size: tuple[int, int]) -> None:
    """Write mirrored repeats of the real slide as a JPEG pyramid of tiles, level by level."""
    pixels = tifffile.imread(REAL)
    height, width = (side // REPEATED_PX * REPEATED_PX for side in pixels.shape[:2])
    pixels, level = pixels[:height, :width], 0
    partial = path.with_suffix(".partial.tiff")
    with tifffile.TiffWriter(partial, bigtiff=True) as writer:
        while max(size) >> level >= SMALLEST_LEVEL_PX:
            shape = (size[1] >> level, size[0] >> level, 3)
            writer.write(
                tiles_of(pixels, shape),
                shape=shape,
                dtype=np.uint8,
                tile=(TILE_PX, TILE_PX),
                photometric="rgb",
                compression="jpeg",
                compressionargs={"level": QUALITY},
                subfiletype=int(level > 0),
                resolution=(1e4 / MPP / 2**level,) * 2,
                resolutionunit="CENTIMETER",
                metadata=None,
            )
            pixels, level = halved(pixels), level + 1
    partial.rename(path)


def tiles_of(pixels: Pixels, shape: tuple[int, ...]) -> Iterator[Pixels]:
    """Cut tiles row by row from a picture that is mirrored at its edges without end."""
    for top in range(0, shape[0], TILE_PX):
        rows = mirrored(top, pixels.shape[0])
        for left in range(0, shape[1], TILE_PX):
            yield pixels[np.ix_(rows, mirrored(left, pixels.shape[1]))]


def mirrored(start: int, length: int) -> NDArray[np.int64]:
    place = np.arange(start, start + TILE_PX) % (2 * length)
    return np.minimum(place, 2 * length - 1 - place)


def halved(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[0] // 2, pixels.shape[1] // 2
    blocks = pixels[: 2 * height, : 2 * width].reshape(height, 2, width, 2, 3)
    return np.rint(blocks.mean(axis=(1, 3))).astype(np.uint8)


def tile_table(paths: list[Path], corners: NDArray[np.int64], tile_px: int) -> pd.DataFrame:
    """Lay the same tiles at full resolution on every slide."""
    tables = [
        pd.DataFrame(corners, columns=["x", "y"]).assign(slide_id=path.stem, path=str(path))
        for path in paths
    ]
    table = pd.concat(tables, ignore_index=True)
    return table.assign(person_id="person", extent_px=tile_px, tile_px=tile_px, mpp=MPP)


def grid_corners(size: tuple[int, int], tile_px: int) -> NDArray[np.int64]:
    """Squares side by side, row by row."""
    x, y = (np.arange(0, side - tile_px + 1, tile_px) for side in size)
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)


def random_corners(size: tuple[int, int], tile_px: int, n_tiles: int) -> NDArray[np.int64]:
    """Squares anywhere on the slide, in no order, on no grid."""
    return np.random.default_rng(0).integers(0, np.subtract(size, tile_px), (n_tiles, 2))
