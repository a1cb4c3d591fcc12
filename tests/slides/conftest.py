"""Small slides made on the spot, and the real ones that lie beside the checkout."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
from scipy import ndimage

REAL = Path(__file__).parents[2] / ".." / "shared" / "realdata"


@pytest.fixture(scope="session")
def picture():
    """A smooth colourful picture: 600 high, 800 wide."""
    noise = np.random.default_rng(0).random((600, 800, 3))
    smooth = ndimage.gaussian_filter(noise, (4, 4, 0))
    return ((smooth - smooth.min()) / np.ptp(smooth) * 255).astype(np.uint8)


def write_pyramid(path, pixels, levels=3, mpp=0.5, bigtiff=False, description=None, **how):
    """Write a tiled TIFF as scanners do; give back the pixels of its levels as tifffile reads.

    ``pixels`` is the finest level, or a list of all levels; ``how`` goes to tifffile.
    """
    if not isinstance(pixels, list):
        pixels = [pixels[:: 2**level, :: 2**level] for level in range(levels)]
    how = {"compression": "jpeg", "tile": (128, 128), "photometric": "rgb", **how}
    with tifffile.TiffWriter(path, bigtiff=bigtiff) as writer:
        for level, part in enumerate(pixels):
            scale = {"resolution": (1e4 / mpp / 2**level,) * 2, "resolutionunit": "CENTIMETER"}
            writer.write(
                np.ascontiguousarray(part),
                subfiletype=int(level > 0),
                metadata=None,
                description=description if level == 0 else None,
                **(scale | how),
            )
    with tifffile.TiffFile(path) as file:
        return [page.asarray() for page in file.pages]


@pytest.fixture
def write_slide(tmp_path, picture):
    def write(name="slide.tiff", pixels=picture, **how):
        path = tmp_path / name
        return str(path), write_pyramid(path, pixels, **how)

    return write


def _damage(path, to_bytes, tile=0, level=0):
    """Overwrite the second half of one tile."""
    with tifffile.TiffFile(path) as file:
        page = file.pages[level]
        offset, count = page.dataoffsets[tile], page.databytecounts[tile]
    with open(path, "r+b") as file:
        file.seek(offset + count // 2)
        file.write((to_bytes * count)[: count - count // 2])


@pytest.fixture
def damage():
    return _damage


@pytest.fixture
def damaged_slide(write_slide):
    """The first tile (x and y 0 to 128) of this JPEG slide cannot be decoded."""
    path, levels = write_slide("damaged.tiff")
    _damage(path, b"\0")
    return path, levels


@pytest.fixture(scope="session")
def real():
    def find(name):
        path = REAL / name
        if not path.exists():
            pytest.skip("the real slides are not here")
        return str(path)

    return find


@pytest.fixture
def tile_table():
    return _table


def _table(path, slide_id, n, extent_px=64, seed=0):
    generator = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "slide_id": slide_id,
            "path": path,
            "x": generator.integers(130, 700, n),
            "y": generator.integers(130, 500, n),
            "extent_px": extent_px,
            "tile_px": 32,
        }
    )


@pytest.fixture
def tiles(write_slide, picture):
    """Three slides, of different scale, their rows mixed."""
    parts = [
        _table(write_slide("a.tiff")[0], "a", 13),
        _table(write_slide("b.tiff", pixels=255 - picture)[0], "b", 30, extent_px=100),
        _table(write_slide("c.tiff", compression="deflate", predictor=2)[0], "c", 8),
    ]
    return pd.concat(parts).sample(frac=1, random_state=0).reset_index(drop=True)
