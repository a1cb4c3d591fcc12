import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skinage.errors import SlideError, StageError
from skinage.slides.grid import grid, sample, tissue_fraction
from skinage.slides.quality import sharpness
from skinage.slides.slide import open_slide
from skinage.slides.tiles import tile

COLUMNS = [
    "tile_id", "slide_id", "person_id", "path", "x", "y", "extent_px", "tile_px", "mpp",
    "tissue_fraction", "sharpness",
]  # fmt: skip


@pytest.fixture
def cohort(write_slide):
    """Two persons; tissue in the left half of each slide, 400 um wide."""
    rows = []
    for k, name in enumerate(["first", "second"]):
        pixels = np.full((600, 800, 3), 244, np.uint8)
        noise = np.random.default_rng(k).integers(-15, 15, (600, 400, 1))
        pixels[:, :400] = np.array([220, 150, 190]) + noise
        path, _ = write_slide(f"{name}.tiff", pixels=pixels, mpp=1.0)
        rows.append({"slide_id": name, "person_id": f"p{k}", "path": path, "mpp": np.nan})
    return pd.DataFrame(rows)


def tiled(cohort, **how):
    return tile(cohort, **{"tile_px": 16, "mpp": 2.0, "tiles_per_slide": 20, **how})


def test_columns_and_values(cohort):
    tiles = tiled(cohort, tiles_per_slide=None)
    assert list(tiles) == COLUMNS
    assert tiles["tile_id"].is_unique
    assert tiles["tile_id"][0] == "first_0_0"
    assert set(tiles["extent_px"]) == {32}
    assert np.allclose(tiles["mpp"], 2.0)
    assert tiles["person_id"].tolist() == ["p0"] * (len(tiles) // 2) + ["p1"] * (len(tiles) // 2)
    # 18 rows of 13 tiles, of which the last column of tiles is half on the tissue (384 to 416).
    per_slide = tiles.groupby("slide_id").size()
    assert per_slide.between(18 * 12, 18 * 13).all()
    assert tiles.loc[tiles["x"] < 350, "tissue_fraction"].min() == 1
    slide = open_slide(cohort["path"][0])
    pixels = slide.read_tiles(tiles.loc[[5], ["x", "y"]].to_numpy(), 32, 16)
    assert tiles["sharpness"][5] == sharpness(pixels)[0]
    assert tiles.attrs["slides"][0] == {
        "slide_id": "first", "reader": "cuCIM", "reason": slide.reason, "mpp": 1.0,
        "width_px": 800, "height_px": 600, "n_tissue_tiles": int(per_slide["first"]),
        "n_tiles": int(per_slide["first"]), "problem": "",
    }  # fmt: skip


def test_a_slides_sample_depends_on_itself_and_the_seed_only(cohort):
    both, alone = tiled(cohort), tiled(cohort.iloc[[1]])
    second = both[both["slide_id"] == "second"].reset_index(drop=True)
    pd.testing.assert_frame_equal(second, alone)
    assert len(second) == 20
    pd.testing.assert_frame_equal(both, tiled(cohort))
    assert set(tiled(cohort, seed=1)["tile_id"]) != set(both["tile_id"])
    xy = [set(map(tuple, part[["x", "y"]].to_numpy())) for _, part in both.groupby("slide_id")]
    assert xy[0] != xy[1]


def test_min_tissue(cohort):
    tiles = tiled(cohort, tiles_per_slide=None, min_tissue=0.0)
    assert len(tiles) == 2 * 25 * 18
    assert tiles.loc[tiles["x"] > 450, "tissue_fraction"].max() == 0


def test_one_bad_slide_costs_no_other(cohort, tmp_path):
    white = np.full((300, 300, 3), 244, np.uint8)
    Image.fromarray(white).save(tmp_path / "white.png")
    bad = [
        {"slide_id": "none", "person_id": "p2", "path": "/none.svs", "mpp": 1.0},
        {"slide_id": "coarse", "person_id": "p3", "path": tmp_path / "white.png", "mpp": 9.0},
        {"slide_id": "empty", "person_id": "p4", "path": tmp_path / "white.png", "mpp": 1.0},
    ]
    mixed = pd.concat([pd.DataFrame(bad), cohort], ignore_index=True)
    with pytest.warns(UserWarning, match=r"3 of 5 slides gave no tiles:\nnone: .*no such file"):
        tiles = tiled(mixed)
    pd.testing.assert_frame_equal(tiles, tiled(cohort))
    out = tmp_path / "tiles.parquet"
    for _ in range(2):  # made, and read back: the count is told each time
        with pytest.warns(UserWarning, match="3 of 5 slides gave no tiles"):
            tiled(mixed, out=out)
    problems = {slide["slide_id"]: slide["problem"] for slide in tiles.attrs["slides"]}
    assert list(problems) == ["none", "coarse", "empty", "first", "second"]
    assert "coarser than the 2.0 um/px" in problems["coarse"]
    assert problems["empty"] == "no tile has enough tissue"
    assert problems["first"] == ""
    with pytest.raises(SlideError, match=r"(?s)no slide gave a tile.*none: .*empty: "):
        tiled(pd.DataFrame(bad))


def test_the_same_recipe_is_not_made_twice(cohort, tmp_path, monkeypatch):
    out = tmp_path / "run" / "tiles.parquet"
    made = tiled(cohort, out=out)
    pd.testing.assert_frame_equal(made, tiled(cohort))
    slides = pd.read_csv(out.with_name("slides.csv"))
    assert slides["n_tiles"].tolist() == [20, 20]

    def fail(*_):
        pytest.fail("made again")

    with monkeypatch.context() as context:
        context.setattr("skinage.slides.tiles._tile_slide", fail)
        again = tiled(cohort.assign(age_years=[30, 40]), out=out)  # ages make no tiles
    pd.testing.assert_frame_equal(made, again)
    assert again.attrs["slides"] == made.attrs["slides"]
    assert set(tiled(cohort, out=out, seed=5)["tile_id"]) != set(made["tile_id"])
    assert len(tiled(cohort.iloc[:1], out=out)) == 20


def test_settings_out_of_range(cohort):
    with pytest.raises(StageError, match="min_tissue"):
        tiled(cohort, min_tissue=1.5)
    with pytest.raises(StageError, match="tiles_per_slide"):
        tiled(cohort, tiles_per_slide=0)


def test_tissue_fraction_is_the_area_mean():
    generator = np.random.default_rng(0)
    mask = generator.random((30, 40)) > 0.5
    fine = mask.repeat(12, axis=0).repeat(12, axis=1)  # 12 level-0 px per mask px
    corners = np.column_stack([generator.integers(0, 400, 50), generator.integers(0, 280, 50)])
    found = tissue_fraction(mask, (480, 360), corners, 77)
    expected = [fine[y : y + 77, x : x + 77].mean() for x, y in corners]
    np.testing.assert_allclose(found, expected)


def test_grid_and_sample():
    assert grid((100, 70), 30).tolist() == [[0, 0], [30, 0], [60, 0], [0, 30], [30, 30], [60, 30]]
    assert grid((20, 70), 30).shape == (0, 2)
    some = sample(np.arange(100), 10, 0, "a")
    assert len(set(some)) == 10
    assert (np.diff(some) > 0).all()
    assert sample(np.arange(5), 10, 0, "a").tolist() == list(range(5))
