import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from skinage.phantom.drawing.labels import Label
from skinage.phantom.drawing.optics import draw_slide
from skinage.phantom.people import make_slides
from skinage.slides.slide import open_slide
from skinage.tiling.tissue import (
    find_tissue,
    ink_mask,
    number_pieces,
    tissue_mask,
)

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


def test_real_slides(real):
    small = find_tissue(open_slide(real("slides/cmu-1-small-region.svs")))
    assert small.shape == (185, 138)
    assert 0.33 < small.mean() < 0.48
    skin = find_tissue(open_slide(real("skin/skin.tif"), mpp=1.0), mpp=4.0)
    assert skin[120:].mean() > 0.97  # dermis, down to the last row
    assert skin[:15].mean() < 0.02  # glass


@pytest.fixture(scope="module")
def drawn():
    """Three slides of 2 um per px with pen, dust and fat, and what each pixel is."""
    slides = make_slides(3, seed=5)
    marked = {"has_pen": True, "has_fold": True, "n_dust": 5, "dermis_um": 900.0}
    found = []
    for number, row in enumerate(slides.head(3).to_dict("records")):
        slide = row | marked | {"n_pieces": number + 1}
        picture, labels = draw_slide(slide, seed=[5, number], mpp=2.0)
        small = np.asarray(Image.fromarray(picture).reduce(4))
        found.append((small, labels[::4, ::4][: small.shape[0], : small.shape[1]]))
    return found


@pytest.mark.parametrize(
    ("labels", "least"),
    [
        ([Label.VIABLE_EPIDERMIS, Label.KERATINOCYTE_NUCLEUS], 0.99),
        ([Label.PAPILLARY_DERMIS, Label.COLLAGEN, Label.GAP, Label.ELASTOSIS], 0.99),
        ([Label.STRATUM_CORNEUM], 0.95),
        ([Label.FAT], 0.6),
        ([Label.FOLD, Label.LESION, Label.FOLLICLE, Label.ECCRINE_GLAND], 0.99),
    ],
    ids=["epidermis", "dermis", "horn", "fat", "others"],
)
def test_what_is_tissue_is_kept(drawn, labels, least):
    kept = [tissue_mask(picture, 8.0)[np.isin(truth, labels)] for picture, truth in drawn]
    assert sum(map(len, kept)) > 50
    assert np.concatenate(kept).mean() > least


def test_what_is_not_tissue_is_dropped(drawn):
    for picture, truth in drawn:
        mask = tissue_mask(picture, 8.0)
        assert mask[truth == Label.PEN].mean() < 0.02
        assert mask[truth == Label.GLASS].mean() < 0.03
        assert ink_mask(picture, 8.0)[truth == Label.PEN].mean() > 0.95


@pytest.mark.parametrize(
    "ink", [(0.3, 0.42, 0.8), (0.3, 0.64, 0.44), (0.24, 0.24, 0.27), (0.85, 0.25, 0.28)]
)
def test_a_stroke_over_real_tissue(real, ink):
    slide = open_slide(real("slides/cmu-1-small-region.svs"))
    clean = slide.read_region(0, 0, *slide.dimensions, mpp=8.0)
    clean = np.pad(clean, ((0, 0), (60, 60), (0, 0)), constant_values=243)
    marked = clean.astype(float)
    marked[40:56] *= ink
    mask = tissue_mask(marked.astype(np.uint8), 8.0)
    assert not mask[40:56].any()
    before = tissue_mask(clean, 8.0)
    assert mask[64:].sum() > 0.97 * before[64:].sum()


def test_shadow_and_missing_parts_beside_real_tissue(real):
    slide = open_slide(real("slides/cmu-1-small-region.svs"))
    clean = slide.read_region(0, 0, *slide.dimensions, mpp=8.0)
    wide = np.pad(clean, ((0, 0), (60, 60), (0, 0)), constant_values=243)
    wide[:, :55] = (wide[:, :55] * np.linspace(1, 0.6, 55)[None, :, None]).astype(np.uint8)
    wide[:, -55:] = 0
    mask = tissue_mask(wide, 8.0)
    assert not mask[:, :57].any()
    assert not mask[:, -55:].any()
    assert mask.sum() == pytest.approx(tissue_mask(clean, 8.0).sum(), rel=0.03)


@pytest.mark.parametrize("n_pieces", [1, 3, 5])
def test_pieces_are_counted(n_pieces):
    slide = make_slides(3, seed=5).iloc[1].to_dict() | {"has_pen": False, "n_pieces": n_pieces}
    picture = np.asarray(Image.fromarray(draw_slide(slide, seed=7, mpp=4.0)[0]).reduce(2))
    assert number_pieces(tissue_mask(picture, 8.0), 8.0).max() == n_pieces


def test_pieces_are_numbered_in_reading_order():
    mask = np.zeros((100, 200), bool)
    mask[10:40, 120:180] = True  # second
    mask[18:44, 10:60] = True  # first: in the same row, more to the left
    mask[60:90, 30:90] = True  # third
    mask[60:62, 95:99] = True  # a crumb, 40 um from the third
    numbers = number_pieces(mask, 8.0)
    assert numbers.max() == 3
    assert [numbers[y, x] for y, x in ((30, 30), (20, 150), (70, 50), (61, 97))] == [1, 2, 3, 3]
    np.testing.assert_array_equal(numbers > 0, mask)
    assert number_pieces(mask & False, 8.0).max() == 0
