import numpy as np
import pandas as pd
import pytest

from skinage import figures


def test_overview_puts_tiles_where_they_are():
    thumbnail = np.full((100, 200, 3), 240, np.uint8)
    mask = np.zeros((50, 100), bool)
    mask[10:30, 20:60] = True
    # 0.5 um per px: 16 level-0 px per px of an 8 um thumbnail.
    tiles = pd.DataFrame(
        {"x": [320, 640], "y": [160, 320], "extent_px": 128, "tile_px": 32, "mpp": 2.0}
    )
    ax = figures.slide_overview(thumbnail, mask, tiles, thumbnail_mpp=8.0)
    boxes = [p.get_extents() for p in ax.collections[1].get_paths()]
    assert [(b.x0, b.y0, b.width, b.height) for b in boxes] == [(20, 10, 8, 8), (40, 20, 8, 8)]
    outline = ax.collections[0].get_paths()[0].get_extents()
    assert (outline.x0, outline.x1) == pytest.approx((40, 120), abs=1.01)
    (bar,) = ax.lines
    length_um = int(ax.texts[0].get_text().split()[0])
    assert np.ptp(bar.get_xdata()) * 8 == pytest.approx(length_um)
    assert figures.slide_overview(thumbnail, mask & False, tiles.iloc[:0], ax=ax) is ax


def test_the_overview_says_what_was_rejected_and_why():
    thumbnail = np.full((100, 200, 3), 240, np.uint8)
    pieces = np.zeros((50, 100), np.int32)
    pieces[10:30, 20:40], pieces[10:30, 60:80] = 1, 2
    tiles = pd.DataFrame(
        {"x": range(0, 400, 100), "y": 160, "extent_px": 64, "tile_px": 32, "mpp": 1.0}
    )
    reason = [
        "pen_fraction 0.31 (at most 0.05)",
        "pen_fraction 0.99 (at most 0.05); tissue_fraction 0.00 (at least 0.50)",
        "sharpness nan (at least 0.28)",
        "tissue_fraction 0.12 (at least 0.50)",
    ]
    rejected = tiles.assign(reason=reason)
    ax = figures.slide_overview(thumbnail, pieces, tiles.iloc[:3], rejected=rejected)
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == [
        "3 tiles kept",
        "1 rejected: little tissue (at least 0.50)",
        "1 rejected: not sharp (at least 0.28)",
        "2 rejected: pen (at most 0.05)",
    ]
    colours = {h.get_label(): h.get_edgecolor() for h in ax.get_legend().legend_handles}
    assert len(set(colours.values())) == 4
    numbers = {text.get_text(): text.xy for text in ax.texts[:2]}
    assert numbers == {"1": (41, 21), "2": (121, 21)}


def test_gallery_shows_every_tile():
    pixels = np.random.default_rng(0).integers(0, 255, (10, 16, 16, 3), np.uint8)
    figure = figures.tile_gallery(pixels, titles=[str(k) for k in range(10)], mpp=2.0, columns=4)
    assert len(figure.axes) == 12
    shown = [ax.images[0].get_array() for ax in figure.axes if ax.images]
    np.testing.assert_array_equal(np.stack(shown), pixels)
    assert figure.axes[9].get_title() == "9"
    assert len(figures.tile_gallery(pixels[:0]).axes) == 1
