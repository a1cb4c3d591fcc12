import numpy as np
import pytest
from scipy import ndimage

from skinage.slides.slide import open_slide
from skinage.slides.tissue import find_tissue, optical_density, tissue_mask

GLASS, COLLAGEN, EPIDERMIS = (243, 242, 244), (240, 215, 228), (120, 70, 150)


def paint(*patches, shape=(200, 300)):
    """Glass with noise, and rectangles (top, bottom, left, right, colour)."""
    picture = np.full((*shape, 3), GLASS, float)
    for top, bottom, left, right, colour in patches:
        picture[top:bottom, left:right] = colour
    picture += np.random.default_rng(0).normal(0, 2, picture.shape)
    return picture.clip(0, 255).astype(np.uint8)


def share(mask, top, bottom, left, right):
    return mask[top:bottom, left:right].mean()


def test_pale_collagen_stays_beside_dense_epidermis():
    picture = paint((40, 80, 50, 250, EPIDERMIS), (80, 180, 50, 250, COLLAGEN))
    mask = tissue_mask(picture, 8.0)
    assert share(mask, 42, 178, 52, 248) > 0.99
    assert mask.mean() == pytest.approx(140 * 200 / mask.size, rel=0.05)


@pytest.mark.parametrize(
    "colour",
    [(5, 5, 5), (40, 42, 45), (190, 190, 190), (40, 60, 170), (30, 140, 90), (220, 40, 45)],
    ids=["unscanned", "black pen", "dust", "blue pen", "green pen", "red pen"],
)
def test_what_is_not_tissue(colour):
    mask = tissue_mask(paint((30, 90, 30, 90, colour), (100, 180, 150, 280, COLLAGEN)), 8.0)
    assert share(mask, 33, 87, 33, 87) < 0.02
    assert share(mask, 103, 177, 153, 277) > 0.99


def test_glass_alone_is_empty():
    assert not tissue_mask(paint(), 8.0).any()


def test_specks_go_and_lumina_are_filled():
    picture = paint(
        (60, 180, 60, 250, COLLAGEN), (100, 110, 100, 110, GLASS), (20, 26, 20, 26, EPIDERMIS)
    )
    mask = tissue_mask(picture, 8.0)
    assert share(mask, 98, 112, 98, 112) == 1
    assert not mask[:40].any()
    # The same hole, at a scale where it is 0.8 mm wide, is no lumen.
    assert share(tissue_mask(picture, 80.0), 102, 108, 102, 108) < 0.5


def test_tissue_that_fills_the_picture():
    noise = ndimage.gaussian_filter(np.random.default_rng(1).normal(0, 1, (200, 200)), 3)[..., None]
    picture = (np.array(COLLAGEN) * 0.85 + 200 * noise).clip(0, 255).astype(np.uint8)
    assert tissue_mask(picture, 8.0).mean() > 0.98


def test_optical_density():
    assert optical_density(np.array([255], np.uint8))[0] == 0
    assert optical_density(np.array([127], np.uint8))[0] == pytest.approx(np.log10(2))


def test_real_slides(real):
    small = find_tissue(open_slide(real("slides/cmu-1-small-region.svs")))
    assert small.shape == (185, 138)
    assert 0.33 < small.mean() < 0.48
    skin = find_tissue(open_slide(real("skin/skin.tif"), mpp=1.0), mpp=4.0)
    assert skin[120:].mean() > 0.97  # dermis, down to the last row
    assert skin[:15].mean() < 0.02  # glass
