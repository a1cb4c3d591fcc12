"""A small phantom that many tests share, drawn once."""

import pytest

from skinage import read_cohort
from skinage.phantom import make_cohort
from skinage.slides.tiles import tile


@pytest.fixture(scope="session")
def phantom_path(tmp_path_factory):
    """The cohort table of six synthetic people."""
    return make_cohort(tmp_path_factory.mktemp("phantom"), 6, seed=1)


@pytest.fixture(scope="session")
def phantom_cohort(phantom_path):
    return read_cohort(phantom_path)


@pytest.fixture(scope="session")
def phantom_tiles(phantom_cohort):
    return tile(phantom_cohort, tile_px=48, mpp=2.0, tiles_per_slide=16, seed=0)
