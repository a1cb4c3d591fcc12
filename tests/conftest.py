"""What many tests share: a small phantom, people of known age, slides made on the spot."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
from scipy import ndimage

from skinage import read_cohort
from skinage.phantom import make_cohort as make_phantom
from skinage.tiling.table import tile

# Small tensors wait longer for a second thread than they compute, and where other programs use the
# cores, forty times longer. Before torch is imported; children inherit it.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def phantom_path(tmp_path_factory):
    """The cohort table of six synthetic people."""
    return make_phantom(tmp_path_factory.mktemp("phantom"), 6, seed=1)


@pytest.fixture(scope="session")
def phantom_cohort(phantom_path):
    return read_cohort(phantom_path)


@pytest.fixture(scope="session")
def phantom_tiles(phantom_cohort):
    return tile(phantom_cohort, tile_px=48, mpp=2.0, tiles_per_slide=16, seed=0)


def named(n_people: int) -> list[str]:
    return [f"P{number:04d}" for number in range(n_people)]


@pytest.fixture
def make_cohort():
    def make(n_people: int = 100, seed: int = 0) -> pd.DataFrame:
        generator = np.random.default_rng(seed)
        people = named(n_people)
        return pd.DataFrame({
            "slide_id": [f"{person}_1" for person in people],
            "person_id": people,
            "path": "/nowhere/slide.tiff",
            "age_years": generator.uniform(20, 90, n_people),
            "sex": generator.choice(["F", "M"], n_people),
        })  # fmt: skip

    return make


@pytest.fixture
def make_people():
    def make(features: np.ndarray) -> pd.DataFrame:
        names = [f"mean_{k:04d}" for k in range(features.shape[1])]
        index = pd.Index(named(len(features)), name="person_id")
        return pd.DataFrame(features, index, names).assign(n_tiles=7)

    return make


@pytest.fixture
def make_ages():
    """Ages as a clock that shrinks towards the mean would predict them, and the planted d."""

    def make(n_people: int = 200, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
        generator = np.random.default_rng(seed)
        noise = generator.normal(0, 1, n_people)
        actual, planted = generator.uniform(20, 90, n_people), generator.normal(0, 6, n_people)
        ages = pd.DataFrame({
            "person_id": named(n_people),
            "age_years": actual,
            "sex": generator.choice(["F", "M"], n_people),
            "predicted_years": 55 + 0.7 * (actual + planted - 55) + noise,
            "fold": np.arange(n_people) % 5,
            "n_tiles": 10,
        })  # fmt: skip
        return ages, planted

    return make


@pytest.fixture
def harrell():
    """Terms of a restricted cubic spline, written out: Harrell (2015), section 2.4.5."""

    def terms(asked, known, quantiles=(0.05, 0.35, 0.65, 0.95)) -> np.ndarray:
        asked, t = np.asarray(asked, float), np.quantile(known, quantiles)
        last, before, columns = t[-1], t[-2], [asked]
        for knot in t[:-2]:
            of_knot, of_before, of_last = ((asked - k).clip(0) ** 3 for k in (knot, before, last))
            of_before = of_before * (last - knot) / (last - before)
            of_last = of_last * (before - knot) / (last - before)
            columns.append((of_knot - of_before + of_last) / (last - t[0]) ** 2)
        return np.column_stack(columns)

    return terms


@pytest.fixture
def make_atlas():
    """An atlas of tiles in which age shows, some people with two slides of one biopsy."""

    def make(cohort: pd.DataFrame, n_tiles: int = 12, dim: int = 6, noise: float = 0.3):
        import anndata

        generator = np.random.default_rng(5)
        slides = cohort.loc[cohort.index.repeat(n_tiles)].reset_index(drop=True)
        shown = np.outer((slides["age_years"].fillna(50) - 55) / 20, generator.normal(size=dim))
        of_person = slides["person_id"].factorize()[0]
        own = generator.normal(size=(of_person.max() + 1, dim))[of_person]
        features = shown + noise * own + generator.normal(size=shown.shape)
        obs = slides[["slide_id", "person_id"]].set_index(slides.index.astype(str))
        return anndata.AnnData(
            features.astype(np.float32), obs, uns={"encoder": {"hash": "abc", "dim": dim}}
        )

    return make


REAL = Path(__file__).parents[1] / ".." / "shared" / "realdata"


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
