import numpy as np
import pytest

from skinage.explain.morphology.layers.find_layers import find_layers
from skinage.explain.morphology.section.section import Section
from skinage.explain.morphology.structures import Structure

INSIDE = np.s_[:, 120:840]


def layers_of(pixels, mpp=1.0):
    return find_layers(Section.of(pixels, mpp))


def share_right(structures, rows, structure):
    return (structures[rows][:, 120:840] == structure).mean()


@pytest.fixture(scope="module")
def flat(flat_skin):
    return layers_of(flat_skin)


def test_layers_lie_where_they_were_drawn(flat):
    assert share_right(flat.structures, np.s_[:96], Structure.GLASS) == 1
    assert share_right(flat.structures, np.s_[103:117], Structure.CORNEUM) > 0.99
    assert share_right(flat.structures, np.s_[124:177], Structure.EPIDERMIS) > 0.99
    assert share_right(flat.structures, np.s_[184:248], Structure.PAPILLARY_DERMIS) > 0.99
    assert share_right(flat.structures, np.s_[264:436], Structure.RETICULAR_DERMIS) == 1
    assert share_right(flat.structures, np.s_[446:], Structure.GLASS) == 1


def test_depth_is_counted_from_the_junction_and_from_the_horn(flat):
    assert flat.below_um[300, 200:800] == pytest.approx(120, abs=4)
    assert flat.below_um[150, 200:800] == pytest.approx(-30, abs=4)
    assert flat.depth_um[160, 200:800] == pytest.approx(40, abs=4)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_section_may_lie_any_way_up(ridged_skin, turns):
    plain = layers_of(ridged_skin).structures
    turned = layers_of(np.rot90(ridged_skin, turns).copy()).structures
    assert (np.rot90(turned, -turns) == plain).mean() > 0.985


def test_glands_and_inflamed_dermis_are_no_epidermis(flat_skin):
    pixels = flat_skin.copy()
    pixels[250:330, 300:420] = flat_skin[124:176, 300:420].repeat(2, axis=0)[:80]
    pixels[360:436, 600:700] = flat_skin[124:162, 600:700].repeat(2, axis=0)  # at a cut edge
    found = layers_of(pixels).structures
    assert not (found[240:] == Structure.EPIDERMIS).any()


def test_hair_that_hangs_on_the_epidermis_is_cut_off(flat_skin):
    pixels = flat_skin.copy()
    pixels[178:350, 420:470] = np.tile(flat_skin[124:176, 420:470], (4, 1, 1))[:172]
    found = layers_of(pixels).structures
    assert not (found[310:] == Structure.EPIDERMIS).any()
    assert not (found[190:] == Structure.CORNEUM).any()


def test_a_fold_is_unsure_from_edge_to_edge(flat_skin):
    pixels = flat_skin.astype(np.float32) / 243
    pixels[:, 500:560] *= pixels[:, 600:660]  # light passes two layers
    found = layers_of((pixels * 243).astype(np.uint8))
    band = found.structures[104:430, 506:554]
    assert (band == Structure.UNSURE).mean() > 0.95
    assert found.folded[104:430, 506:554].mean() > 0.95
    assert (found.structures[:, 580:] == Structure.UNSURE).mean() < 0.01
    places = np.concatenate([line.points_um for line in found.junction])
    assert not ((places[:, 1] > 500) & (places[:, 1] < 560)).any()


def test_pen_is_unsure(flat_skin):
    pixels = flat_skin.astype(np.float32)
    pixels[:, 620:800] *= (0.25, 0.35, 0.8)
    found = layers_of(pixels.astype(np.uint8)).structures
    tissue = found[110:430, 640:780]
    assert (tissue == Structure.UNSURE).mean() > 0.99


def test_fat_below_the_dermis_and_fat_alone_are_subcutis(draw):
    pixels = draw(fat_from_um=560, height=800)
    found = layers_of(pixels).structures
    assert share_right(found, np.s_[575:700], Structure.SUBCUTIS) > 0.95
    assert not (found[:540] == Structure.SUBCUTIS).any()
    alone = layers_of(pixels[565:])
    assert (alone.structures[:140, 120:840] == Structure.SUBCUTIS).mean() > 0.9
    assert np.isnan(alone.below_um).all()
    assert alone.surface == alone.junction == []


def test_dermis_without_epidermis_has_no_depth(draw):
    found = layers_of(draw(epidermis=False))
    assert {*np.unique(found.structures)} == {Structure.GLASS, Structure.RETICULAR_DERMIS}
    assert np.isnan(found.below_um).all()


def test_a_picture_without_glass_is_all_dermis(flat_skin):
    found = layers_of(flat_skin[240:420, 100:860])
    assert {*np.unique(found.structures)} == {Structure.RETICULAR_DERMIS}
