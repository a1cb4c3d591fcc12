"""One slide: tissue with a pen mark and a blurred half; what is kept, refused and never drawn."""

import numpy as np
import pytest
from scipy import ndimage

from skinage.errors import SettingError, SlideError, StageError
from skinage.slides.slide import open_slide
from skinage.tiling.choice import choose_tiles

KEEP_ALL = {"sharpness": 0.0, "pen_fraction": 1.0, "fold_fraction": 1.0, "blood_fraction": 1.0}


@pytest.fixture
def slide(write_slide):
    """1,600 x 1,200 um; tissue at x 200 to 1,400, y 200 to 1,000; its right third blurred."""
    pixels = np.full((1200, 1600, 3), 244, np.uint8)
    random = np.random.default_rng(0)
    texture = ndimage.gaussian_filter(random.normal(0, 1, (800, 1200)), 1.2)
    tissue = np.array([220, 150, 190]) + 60 * texture[..., None] / texture.std() * [0.4, 1, 0.6]
    tissue[:, 800:] = ndimage.gaussian_filter(tissue[:, 800:], (6, 6, 0))
    pixels[200:1000, 200:1400] = np.clip(tissue, 0, 255)
    pixels[550:650, 200:600] = (40, 60, 200)  # pen
    path, _ = write_slide(pixels=pixels, mpp=1.0)
    return open_slide(path)


def test_every_square_is_accounted_for(slide):
    for most in (None, 5, 20):
        choice = choose_tiles(slide, 64, tiles_per_slide=most)
        tiles, rejected = choice.tiles, choice.rejected
        enough = choose_tiles(slide, 64, tiles_per_slide=None, limits=KEEP_ALL).tiles
        judged = rejected[rejected["tissue_fraction"] >= 0.5]
        assert len(tiles) + len(judged) + choice.n_not_drawn == len(enough)
        ids = [*tiles["tile_id"], *judged["tile_id"]]
        assert len(set(ids)) == len(ids)
        assert set(ids) <= set(enough["tile_id"])
        if most:
            assert len(tiles) == most


def test_what_is_refused_says_why(slide):
    choice = choose_tiles(slide, 64, tiles_per_slide=None)
    kept, rejected = choice.tiles, choice.rejected
    on_pen = kept["x"].between(200, 540) & kept["y"].between(550, 590)
    assert not on_pen.any()
    reasons = rejected.set_index("tile_id")["reason"]
    pen = rejected[rejected["x"].between(210, 500) & rejected["y"].between(540, 590)]
    assert len(pen)
    assert reasons[pen["tile_id"]].str.contains("pen_fraction").all()
    blurred = rejected[rejected["x"].between(1040, 1300) & rejected["y"].between(240, 900)]
    assert len(blurred)
    assert reasons[blurred["tile_id"]].str.contains("sharpness").all()
    # Only at the edge of the tissue, which is in focus, does a tile of that part look sharp.
    assert not (kept["x"].between(1040, 1335) & kept["y"].between(200, 935)).any()
    edge = rejected[rejected["tissue_fraction"] < 0.5]
    assert edge["reason"].str.contains(r"tissue_fraction 0\.\d+ \(at least 0\.50\)").all()
    assert list(rejected) == [*kept, "reason"]


def test_limits_are_the_users(slide):
    assert choose_tiles(slide, 64, tiles_per_slide=None, limits=KEEP_ALL).tiles["x"].max() > 1040
    strict = choose_tiles(slide, 64, tiles_per_slide=None, limits={"tissue_fraction": 1.0})
    assert strict.tiles["tissue_fraction"].min() == 1
    with pytest.raises(SettingError, match="sharpnes"):
        choose_tiles(slide, 64, limits={"sharpnes": 1.0})


def test_the_draw_is_random_and_grows(slide):
    few, more = (choose_tiles(slide, 64, tiles_per_slide=n).tiles for n in (8, 16))
    assert set(few["tile_id"]) < set(more["tile_id"])
    assert set(choose_tiles(slide, 64, tiles_per_slide=8, seed=1).tiles["tile_id"]) != set(
        few["tile_id"]
    )
    assert few["tile_id"].is_monotonic_increasing or (few["y"].diff().dropna() >= 0).all()


def test_a_step_lets_tiles_overlap(slide):
    how = {"tiles_per_slide": None, "limits": KEEP_ALL}
    tiles = choose_tiles(slide, 64, step_um=16.0, **how).tiles
    assert set(tiles["x"] % 16) == {0}
    assert set(np.diff(sorted(set(tiles["x"])))) == {16}
    assert len(tiles) > 14 * len(choose_tiles(slide, 64, **how).tiles)
    half = choose_tiles(slide, 32, mpp=2.0, step_um=16.0, **how).tiles  # um, whatever the scale
    assert set(np.diff(sorted(set(half["x"])))) == {16}


def test_scales_share_their_centres(slide):
    choice = choose_tiles(slide, 32, mpp=(4.0, 1.0), tiles_per_slide=10, limits=KEEP_ALL)
    tiles = choice.tiles
    assert len(tiles) == 20
    assert sorted(set(tiles["extent_px"])) == [32, 128]
    assert set(tiles["tile_px"]) == {32}
    assert tiles.groupby("extent_px")["mpp"].unique().map(list).tolist() == [[1.0], [4.0]]
    centres = tiles[["x", "y"]] + tiles[["extent_px"]].to_numpy() / 2
    assert (centres.groupby(tiles["centre_id"]).nunique() == 1).all(axis=None)
    assert (tiles.groupby("centre_id").size() == 2).all()
    assert tiles["tile_id"].is_unique
    alone = choose_tiles(slide, 32, tiles_per_slide=10, limits=KEEP_ALL).tiles
    assert set(alone["tile_id"]) < set(tiles["tile_id"])


def test_pieces_are_numbered(write_slide, slide):
    tiles = choose_tiles(slide, 64, tiles_per_slide=None).tiles
    assert set(tiles["piece"]) == {1}
    pixels = slide.read_region(0, 0, *slide.dimensions)
    pixels[:, 700:900] = 244
    path, _ = write_slide("two.tiff", pixels=pixels, mpp=1.0)
    choice = choose_tiles(open_slide(path), 64, tiles_per_slide=None, limits=KEEP_ALL)
    assert choice.n_pieces == 2
    np.testing.assert_array_equal(choice.tiles["piece"], 1 + (choice.tiles["x"] > 800))


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({"tile_px": 4}, "tile_px at least 8, got 4"),
        ({"mpp": 0.0}, "mpp above 0"),
        ({"mpp": (1.0, 1.0)}, "each once"),
        ({"mpp": ()}, "mpp above 0"),
        ({"step_um": 0.0}, "step_um above 0"),
        ({"tiles_per_slide": 0}, "tiles_per_slide at least 1 or None"),
    ],
)
def test_settings_out_of_range(slide, how, expected):
    with pytest.raises(SettingError, match=expected):
        choose_tiles(slide, **how)


def test_a_step_below_a_pixel_of_the_slide(slide):
    with pytest.raises(StageError, match="less than a px of 1 um"):
        choose_tiles(slide, step_um=0.1)


def test_a_slide_without_tissue_or_too_coarse(write_slide, slide):
    path, _ = write_slide("glass.tiff", pixels=np.full((300, 300, 3), 244, np.uint8), mpp=1.0)
    choice = choose_tiles(open_slide(path), 64)
    assert (len(choice.tiles), len(choice.rejected), choice.n_pieces) == (0, 0, 0)
    assert list(choice.rejected) == [*choose_tiles(slide, 64).tiles, "reason"]
    with pytest.raises(SlideError, match="coarser"):
        choose_tiles(slide, 64, mpp=0.25)
