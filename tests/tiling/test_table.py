import os

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skinage.errors import SettingError, SlideError, StageError
from skinage.skip_log import skipped
from skinage.slides.reading.batches import read_pixels
from skinage.slides.slide import open_slide
from skinage.tiling.quality import quality
from skinage.tiling.table import _choose, tile

COLUMNS = [
    "tile_id", "slide_id", "person_id", "path", "x", "y", "extent_px", "tile_px", "mpp",
    "centre_id", "piece", "tissue_fraction", "pen_fraction", "fold_fraction", "sharpness",
    "blood_fraction",
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
    """Tiles of what is only noise, so that none is refused as blurred."""
    limits = {"sharpness": 0.0, "fold_fraction": 1.0, "blood_fraction": 1.0}
    how = {"tile_px": 16, "mpp": 2.0, "tiles_per_slide": 20, "limits": limits, **how}
    return tile(cohort, **how)


def test_columns_and_values(cohort):
    tiles = tiled(cohort, tiles_per_slide=None)
    assert list(tiles) == COLUMNS
    assert tiles["tile_id"].is_unique
    assert tiles["tile_id"][0] == "first_0_0_32"
    assert set(tiles["extent_px"]) == {32}
    assert np.allclose(tiles["mpp"], 2.0)
    assert tiles["person_id"].tolist() == ["p0"] * (len(tiles) // 2) + ["p1"] * (len(tiles) // 2)
    # 18 rows of 13 tiles, of which the last column of tiles is half on the tissue (384 to 416).
    per_slide = tiles.groupby("slide_id").size()
    assert per_slide.between(18 * 12, 18 * 13).all()
    assert tiles.loc[tiles["x"] < 350, "tissue_fraction"].min() == 1
    slide = open_slide(cohort["path"][0])
    pixels = slide.read_tiles(tiles.loc[[5], ["x", "y"]].to_numpy(), 32, 16)
    measured = quality(pixels, 2.0)
    pd.testing.assert_frame_equal(tiles.loc[[5], list(measured)].reset_index(drop=True), measured)


def test_a_slides_sample_depends_on_itself_and_the_seed_only(cohort):
    both, alone = tiled(cohort), tiled(cohort.iloc[[1]])
    second = both[both["slide_id"] == "second"].reset_index(drop=True)
    pd.testing.assert_frame_equal(second, alone)
    assert len(second) == 20
    pd.testing.assert_frame_equal(both, tiled(cohort))
    assert set(tiled(cohort, seed=1)["tile_id"]) != set(both["tile_id"])
    xy = [set(map(tuple, part[["x", "y"]].to_numpy())) for _, part in both.groupby("slide_id")]
    assert xy[0] != xy[1]


def test_one_bad_slide_costs_no_other(cohort, tmp_path):
    white = np.full((300, 300, 3), 244, np.uint8)
    Image.fromarray(white).save(tmp_path / "white.png")
    bad = [
        {"slide_id": "none", "person_id": "p2", "path": "/none.svs", "mpp": 1.0},
        {"slide_id": "coarse", "person_id": "p3", "path": tmp_path / "white.png", "mpp": 9.0},
        {"slide_id": "empty", "person_id": "p4", "path": tmp_path / "white.png", "mpp": 1.0},
    ]
    mixed = pd.concat([pd.DataFrame(bad), cohort], ignore_index=True)
    with pytest.warns(
        UserWarning, match=r"3 of 5 slides gave no tiles:\nslide none: .*no such file"
    ):
        tiles = tiled(mixed)
    pd.testing.assert_frame_equal(tiles, tiled(cohort))
    expected = skipped(tiles)
    assert expected["item"].tolist() == ["slide none", "slide coarse", "slide empty"]
    assert set(expected["stage"]) == {"tile"}
    assert expected["reason"][2] == "no tile has enough tissue that can be used"
    out = tmp_path / "tiles.parquet"
    for _ in range(2):  # made, and read back: the slides are named each time
        with pytest.warns(UserWarning, match="3 of 5 slides gave no tiles"):
            pd.testing.assert_frame_equal(skipped(tiled(mixed, out=out)), expected)
    pd.testing.assert_frame_equal(skipped(pd.read_parquet(out)), expected)
    slides = pd.read_csv(out.with_name("slides.csv")).fillna({"problem": ""})
    problems = slides.set_index("slide_id")["problem"]
    assert list(problems.index) == ["none", "coarse", "empty", "first", "second"]
    assert "coarser than the 2.0 um/px" in problems["coarse"]
    assert problems["empty"] == "no tile has enough tissue that can be used"
    assert problems["first"] == ""
    with pytest.raises(SlideError, match=r"(?s)no slide gave a tile.*slide none: .*slide empty: "):
        tiled(pd.DataFrame(bad))


def test_the_same_recipe_is_not_made_twice(cohort, tmp_path, monkeypatch):
    out = tmp_path / "run" / "tiles.parquet"
    made = tiled(cohort, out=str(out))
    assert len(skipped(made)) == 0
    pd.testing.assert_frame_equal(made, tiled(cohort))
    slides = pd.read_csv(out.with_name("slides.csv"))
    assert slides["n_tiles"].tolist() == [20, 20]
    rejected = pd.read_parquet(out.with_name("rejected_tiles.parquet"))
    assert slides["n_rejected"].sum() == len(rejected)
    assert slides["n_not_drawn"].min() > 100

    with monkeypatch.context() as context:
        context.setattr("skinage.tiling.table._choose", lambda *_: pytest.fail("made again"))
        again = tiled(cohort.assign(age_years=[30, 40]), out=out)  # ages make no tiles
    pd.testing.assert_frame_equal(made, again)
    assert set(tiled(cohort, out=out, seed=5)["tile_id"]) != set(made["tile_id"])
    assert len(tiled(cohort.iloc[:1], out=out)) == 20


def test_slides_that_are_done_are_not_done_again(cohort, tmp_path, monkeypatch):
    out, chosen = tmp_path / "run" / "tiles.parquet", []

    def choose(row, settings):
        chosen.append(row["slide_id"])
        return _choose(row, settings)

    monkeypatch.setattr("skinage.tiling.table._choose", choose)
    tiled(cohort.iloc[:1], out=out)
    both = tiled(cohort, out=out)
    assert chosen == ["first", "second"]
    pd.testing.assert_frame_equal(both, tiled(cohort, out=out))
    os.utime(cohort["path"][1])  # written anew
    tiled(cohort, out=out)
    assert chosen == ["first", "second", "second"]
    tiled(cohort, out=out, seed=3)
    assert chosen[3:] == ["first", "second"]
    tiled(cohort.assign(person_id="p7"), out=out)
    assert chosen[5:] == ["first", "second"]


@pytest.mark.parametrize(
    "other",
    [{"mpp": 3.0}, {"mpp": (2.0, 4.0)}, {"tile_px": 24}, {"step_um": 16.0}, {"tiles_per_slide": 7},
     {"limits": {"tissue_fraction": 0.9}}, {"seed": 9}],
)  # fmt: skip
def test_other_settings_in_the_same_folder_never_get_the_old_tiles(cohort, tmp_path, other):
    tiled(cohort, out=tmp_path / "tiles.parquet")
    for name in ("tiles", "others"):
        again = tiled(cohort, out=tmp_path / f"{name}.parquet", **other)
        pd.testing.assert_frame_equal(again, tiled(cohort, **other))


def test_unknown_limits_are_refused_before_anything_is_read(cohort):
    with pytest.raises(SettingError, match="sharpnes"):
        tile(cohort.assign(path="/none.svs"), limits={"sharpnes": 1.0})
    with pytest.raises(SettingError, match="tiles_per_slide at least 1"):
        tile(cohort.assign(path="/none.svs"), tiles_per_slide=0)


def test_several_scales(cohort):
    tiles = tiled(cohort, mpp=(2.0, 4.0), tiles_per_slide=5)
    assert tiles.groupby(["slide_id", "extent_px"]).size().tolist() == [5, 5, 5, 5]
    pixels = read_pixels(tiles)
    assert pixels.shape == (20, 16, 16, 3)
    for row in (0, 7, 13):
        expected = open_slide(tiles["path"][row]).read_tiles(
            tiles.loc[[row], ["x", "y"]].to_numpy(), tiles["extent_px"][row], 16
        )
        np.testing.assert_array_equal(pixels[row], expected[0])


def test_nowhere_to_write(cohort, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises((StageError, NotADirectoryError)):
        tiled(cohort, out=tmp_path / "file" / "tiles.parquet")
