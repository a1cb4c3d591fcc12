import numpy as np
import pandas as pd
import pytest

from skinage.figures.slides import slide_overview, tile_gallery


def test_overview_puts_tiles_where_they_are():
    thumbnail = np.full((100, 200, 3), 240, np.uint8)
    mask = np.zeros((50, 100), bool)
    mask[10:30, 20:60] = True
    # 0.5 um per px: 16 level-0 px per px of an 8 um thumbnail.
    tiles = pd.DataFrame(
        {"x": [320, 640], "y": [160, 320], "extent_px": 128, "tile_px": 32, "mpp": 2.0}
    )
    ax = slide_overview(thumbnail, mask, tiles, thumbnail_mpp=8.0)
    boxes = [p.get_extents() for c in ax.collections[1:] for p in c.get_paths()]
    assert [(b.x0, b.y0, b.width, b.height) for b in boxes] == [(20, 10, 8, 8), (40, 20, 8, 8)]
    outline = ax.collections[0].get_paths()[0].get_extents()
    assert (outline.x0, outline.x1) == pytest.approx((40, 120), abs=1.01)
    (bar,) = ax.lines
    length_um = int(ax.texts[0].get_text().split()[0])
    assert np.ptp(bar.get_xdata()) * 8 == pytest.approx(length_um)
    assert slide_overview(thumbnail, mask & False, tiles.iloc[:0], ax=ax) is ax


def test_gallery_shows_every_tile():
    pixels = np.random.default_rng(0).integers(0, 255, (10, 16, 16, 3), np.uint8)
    figure = tile_gallery(pixels, titles=[str(k) for k in range(10)], mpp=2.0, columns=4)
    assert len(figure.axes) == 12
    shown = [ax.images[0].get_array() for ax in figure.axes if ax.images]
    np.testing.assert_array_equal(np.stack(shown), pixels)
    assert figure.axes[9].get_title() == "9"
    assert len(tile_gallery(pixels[:0]).axes) == 1
