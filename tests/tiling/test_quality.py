"""Quality against planted truth: a drawn slide with folds and blood, and real tiles defocused."""

import numpy as np
import pandas as pd
import pytest
import tifffile
from PIL import Image
from scipy import ndimage

from skinage.errors import SettingError
from skinage.phantom.drawing.labels import Label
from skinage.phantom.drawing.optics import draw_slide
from skinage.phantom.people import make_slides
from skinage.tiling.quality import LIMITS, fold_mask, quality, reasons
from skinage.tiling.tissue import tissue_mask

SIDE_PX = 96


@pytest.fixture(scope="module")
def drawn():
    """Pixels and labels of a slide with a fold, at 1 um per px."""
    slide = make_slides(3, seed=5).iloc[0].to_dict()
    return draw_slide(slide | {"has_fold": True, "has_pen": False, "n_pieces": 1}, seed=3)


def tiles_of(picture, labels=None, least=0.95, kinds=()):
    """Cut tiles side by side; only those of which ``least`` is of some kinds."""
    rows, columns = (side // SIDE_PX for side in picture.shape[:2])
    cut = [
        np.s_[y * SIDE_PX : (y + 1) * SIDE_PX, x * SIDE_PX : (x + 1) * SIDE_PX]
        for y in range(rows)
        for x in range(columns)
    ]
    if labels is not None:
        cut = [part for part in cut if np.isin(labels[part], kinds).mean() > least]
    return np.stack([picture[part] for part in cut])


def defocused(picture, sigma_px):
    """Blur a picture and give it the noise of a sensor again."""
    blurred = ndimage.gaussian_filter(picture.astype(np.float32), (sigma_px, sigma_px, 0))
    noise = np.random.default_rng(0).normal(0, 1.5, picture.shape[:2])[..., None]
    return np.clip(blurred + noise, 0, 255).astype(np.uint8)


DERMIS = (Label.COLLAGEN, Label.GAP, Label.ELASTOSIS, Label.FIBROBLAST_NUCLEUS, Label.VESSEL)


def test_smooth_collagen_in_focus_is_sharp_and_defocused_is_not(drawn):
    picture, labels = drawn
    sharp = quality(tiles_of(picture, labels, kinds=DERMIS), 1.0)["sharpness"]
    assert len(sharp) > 50
    assert (sharp > LIMITS["sharpness"]).mean() > 0.99
    for sigma_px in (2, 4):
        blurred = tiles_of(defocused(picture, sigma_px), labels, kinds=DERMIS)
        assert (quality(blurred, 1.0)["sharpness"] < LIMITS["sharpness"]).mean() > 0.95


@pytest.mark.parametrize("name", ["slides/cmu-1-small-region.svs", "skin/skin.tif"])
def test_real_tiles_in_focus_are_sharp_and_defocused_are_not(real, name):
    picture = tifffile.imread(real(name))
    if name.endswith("svs"):  # 0.5 um per px
        picture = np.asarray(Image.fromarray(picture).reduce(2))
    tissue = (picture.min(axis=-1) < 215).astype(int)
    sharp = quality(tiles_of(picture, tissue, 0.5, [1]), 1.0)["sharpness"]
    assert (sharp > LIMITS["sharpness"]).mean() > 0.99
    blurred = quality(tiles_of(defocused(picture, 2), tissue, 0.5, [1]), 1.0)["sharpness"]
    assert (blurred < LIMITS["sharpness"]).mean() > 0.97


def test_finer_pixels_are_judged_at_the_same_scale(real):
    picture = tifffile.imread(real("slides/cmu-1-small-region.svs"))[1000:1768, 700:1468]
    fine = quality(picture[None], 0.5)
    coarse = quality(np.asarray(Image.fromarray(picture).reduce(2))[None], 1.0)
    assert fine["sharpness"][0] == pytest.approx(coarse["sharpness"][0], rel=0.1)


def test_blood_is_packed_red_cells_and_nothing_else(drawn):
    picture, _ = drawn
    assert quality(tiles_of(picture), 1.0)["blood_fraction"].max() < 0.05
    lake = np.full((1, SIDE_PX, SIDE_PX, 3), (205, 90, 80), np.uint8)
    assert quality(lake, 1.0)["blood_fraction"][0] == 1
    lake[:, :, 24:] = (230, 160, 200)  # eosin
    assert quality(lake, 1.0)["blood_fraction"][0] == pytest.approx(0.25, abs=0.03)


def test_folds_are_found_and_epidermis_is_none(drawn):
    picture, labels = drawn
    small = np.asarray(Image.fromarray(picture).reduce(8))
    where = labels[::8, ::8]
    tissue = tissue_mask(small, 8.0)
    found = fold_mask(small, tissue, 8.0)
    assert found[where == Label.FOLD].mean() > 0.5
    assert found[where != Label.FOLD].mean() < 0.01
    assert not fold_mask(small, tissue & False, 8.0).any()


def test_real_skin_without_folds(real):
    small = np.asarray(Image.fromarray(tifffile.imread(real("skin/skin.tif"))).reduce(8))
    assert fold_mask(small, tissue_mask(small, 8.0), 8.0).mean() < 0.06


def test_even_and_no_tiles():
    even = quality(np.full((2, 32, 32, 3), 200, np.uint8), 1.0)
    assert even["sharpness"].tolist() == pytest.approx([0, 0])
    none = quality(np.empty((0, 32, 32, 3), np.uint8), 1.0)
    assert list(none) == ["sharpness", "blood_fraction"]
    assert len(none) == 0


def test_reasons_in_words():
    tiles = pd.DataFrame(
        {
            "pen_fraction": [0.0, 0.31, 0.31, np.nan],
            "sharpness": [0.4, 0.4, 0.08, 0.4],
        },
        index=[3, 1, 4, 5],
    )
    found = reasons(tiles, {"pen_fraction": 0.05, "sharpness": 0.2})
    assert found.to_dict() == {
        3: "",
        1: "pen_fraction 0.31 (at most 0.05)",
        4: "pen_fraction 0.31 (at most 0.05); sharpness 0.08 (at least 0.20)",
        5: "pen_fraction nan (at most 0.05)",
    }
    assert reasons(tiles.iloc[:0], {"sharpness": 0.2}).empty


def test_limits_of_something_else_are_refused():
    with pytest.raises(
        SettingError, match=r"found \['sharpnes'\], expected some of \['pen_fraction'"
    ):
        reasons(pd.DataFrame({"sharpness": [1.0]}), {"sharpnes": 0.2})
    with pytest.raises(SettingError, match="fold_fraction"):
        reasons(pd.DataFrame({"sharpness": [1.0]}), {"fold_fraction": 0.2})
