from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from skinage import figures
from skinage.errors import SettingError


def attribution(heat, unit="years per pixel"):
    return SimpleNamespace(
        heat=heat, age_years=61.24, difference_years=-1.5, baseline="white glass",
        method="integrated_gradients", unit=unit,
    )  # fmt: skip


def test_heat_is_drawn_symmetrically_in_years_with_its_sum_kept():
    heat = np.zeros((32, 32), np.float32)
    heat[12, 20] = -0.5
    pixels = np.full((32, 32, 3), 200, np.uint8)
    tile, map_ = figures.attribution_panel(pixels, attribution(heat), mpp=1.0)
    image = map_.images[1]
    low, high = image.get_clim()
    assert low == -high < 0
    assert image.get_array().sum() / 100 == pytest.approx(-0.5, rel=1e-3)
    assert np.unravel_index(image.get_array().argmin(), heat.shape) == (12, 20)
    title = map_.get_title()
    assert title.startswith("integrated gradients: \N{MINUS SIGN}1.50 years against\nwhite glass")
    assert title.endswith("heat adds up to \N{MINUS SIGN}0.50")
    assert "61.2 years" in tile.get_title()
    bar = tile.figure.axes[-1]
    assert bar.get_ylabel() == (
        "younger \N{LEFTWARDS ARROW} years per 100 pixels \N{RIGHTWARDS ARROW} older"
    )


def test_a_tile_that_says_nothing_can_be_drawn_on_axes_given():
    axes = plt.subplots(1, 2)[1]
    blank = attribution(np.zeros((8, 8), np.float32))
    assert figures.attribution_panel(np.zeros((8, 8, 3), np.uint8), blank, axes=axes) is axes


def test_heat_without_years_says_so_and_is_drawn_as_it_is():
    heat = np.zeros((8, 8), np.float32)
    heat[1, 1] = 3.0
    pixels = np.zeros((8, 8, 3), np.uint8)
    relative = attribution(heat, "relative, without a unit")
    map_ = figures.attribution_panel(pixels, relative, smooth_px=0)[1]
    assert map_.images[1].get_array().max() == 3
    assert "adds up to nothing" in map_.get_title()
    assert "relative, without a unit" in map_.figure.axes[-1].get_ylabel()


@pytest.fixture
def tiles():
    return pd.DataFrame({
        "slide_id": ["S1", "S1", "S2"], "x": [0, 400, 0], "y": [0, 800, 0],
        "extent_px": 200, "tile_px": 100, "mpp": 1.0,
    })  # fmt: skip


class Contributions:
    years = np.array([2.0, -1.0, 4.0])
    zero = "0: nothing changes"

    def __str__(self):
        return "3 tiles add up to +5.00 years, rest -0.10"


def test_tiles_stand_where_they_lie_in_the_colour_of_their_years(tiles):
    thumbnail = np.full((60, 50, 3), 255, np.uint8)
    ax = figures.slide_contributions(
        thumbnail, tiles, Contributions(), thumbnail_mpp=10.0, slide_id="S1"
    )
    squares = ax.collections[0]
    corners = [path.vertices[[0, 2]].tolist() for path in squares.get_paths()]
    # 0.5 um per px at level 0: 400 px are 200 um, and 20 px of the thumbnail.
    assert corners == [[[0, 0], [10, 10]], [[20, 40], [30, 50]]]
    assert squares.get_array().tolist() == [2, -1]
    assert squares.get_clim() == (-4, 4)  # the same for each slide of a person
    assert ax.get_xlabel() == "0: nothing changes"
    assert ax.get_title() == "3 tiles add up to +5.00 years, rest \N{MINUS SIGN}0.10"
    assert any(text.get_text().endswith("µm") for text in ax.texts)
    bar = ax.figure.axes[-1]
    assert bar.get_ylabel().startswith("younger")


def test_tiles_of_others_cannot_be_drawn(tiles):
    thumbnail = np.full((60, 50, 3), 255, np.uint8)
    with pytest.raises(SettingError, match="2 rows of tiles and 3 contributions"):
        figures.slide_contributions(thumbnail, tiles[:2], Contributions())
    with pytest.raises(SettingError, match="no tile of slide 'S3'"):
        figures.slide_contributions(thumbnail, tiles, Contributions(), slide_id="S3")


@pytest.mark.parametrize(
    ("failed", "words"),
    [
        (None, "not graded"),
        ([], "passed every test"),
        (["stability: does not hold: turned (r = 0.33)"], "does not hold: turned"),
        ([f"test {k}" for k in range(9)], "and 5 more"),
    ],
)
def test_the_figure_says_what_the_map_failed(failed, words):
    heat = SimpleNamespace(
        heat=np.ones((8, 8), np.float32), age_years=61.0, difference_years=64.0, baseline="glass",
        unit="years per pixel", method="expected_gradients",
    )  # fmt: skip
    axes = figures.attribution_panel(np.zeros((8, 8, 3), np.uint8), heat, failed=failed)
    assert words in axes[1].get_xlabel().replace("\n  ", " ")
