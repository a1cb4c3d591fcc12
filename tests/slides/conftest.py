"""Small slides made on the spot, and the real ones that lie beside the checkout."""

from pathlib import Path

import numpy as np
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


def write_pyramid(path, pixels, levels=3, mpp=0.5, compression="jpeg", predictor=None):
    """Write a tiled TIFF as scanners do; give back the pixels of its levels as tifffile reads."""
    with tifffile.TiffWriter(path) as writer:
        for level in range(levels):
            writer.write(
                np.ascontiguousarray(pixels[:: 2**level, :: 2**level]),
                tile=(128, 128),
                photometric="rgb",
                compression=compression,
                predictor=predictor,
                subfiletype=int(level > 0),
                resolution=(1e4 / mpp / 2**level,) * 2,
                resolutionunit="CENTIMETER",
                metadata=None,
            )
    with tifffile.TiffFile(path) as file:
        return [page.asarray() for page in file.pages]


@pytest.fixture
def write_slide(tmp_path, picture):
    def write(name="slide.tiff", pixels=picture, **how):
        path = tmp_path / name
        return str(path), write_pyramid(path, pixels, **how)

    return write


def damage(path, to_bytes, tile=0):
    """Overwrite the second half of one level-0 tile."""
    with tifffile.TiffFile(path) as file:
        offset, count = file.pages[0].dataoffsets[tile], file.pages[0].databytecounts[tile]
    with open(path, "r+b") as file:
        file.seek(offset + count // 2)
        file.write((to_bytes * count)[: count - count // 2])


@pytest.fixture
def damaged_slide(write_slide):
    """The first tile (x and y 0 to 128) of this JPEG slide cannot be decoded."""
    path, levels = write_slide("damaged.tiff")
    damage(path, b"\0")
    return path, levels


@pytest.fixture(scope="session")
def real():
    def find(name):
        path = REAL / name
        if not path.exists():
            pytest.skip("the real slides are not here")
        return str(path)

    return find
