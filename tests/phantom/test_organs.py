import numpy as np
import pytest
from scipy import ndimage

from skinage.phantom import make_people
from skinage.phantom.labels import Label
from skinage.phantom.optics import draw_piece

ORGANS = [Label.VESSEL, Label.FOLLICLE, Label.SEBACEOUS_GLAND, Label.ECCRINE_GLAND]
PLAIN = {"n_pieces": 1, "has_fold": False, "lesion": "", "section_tilt_deg": 0.0}
PLAIN |= {"fibroblasts_per_mm2": 0.0, "inflammation_per_mm2": 0.0, "elastosis_um": 0.0}


@pytest.fixture(scope="module")
def person():
    return make_people(3, seed=1).iloc[1].to_dict() | PLAIN | {"dermis_um": 5000.0}


def test_vessels_are_as_many_and_as_wide_as_planted(person):
    planted = {"vessels_per_mm2": 12.0, "adnexa_per_mm2": 0.0}
    widths, number, area_mm2 = {}, 0, 0.0
    for um in (16.0, 32.0):
        widths[um] = []
        for seed in range(3):
            skin = draw_piece(person | planted | {"vessel_um": um}, [seed], 1.0)
            lumina, count = ndimage.label(skin.labels == Label.VESSEL)
            depth = ndimage.distance_transform_edt(lumina > 0)
            widths[um] += [2 * depth[lumina == k + 1].max() for k in range(count)]
            number, area_mm2 = number + count, area_mm2 + _dermis_mm2(skin)
    # Touching ones count once and those at the border are cut; Poisson error is 7 %.
    assert number / area_mm2 == pytest.approx(12, rel=0.25)
    assert np.mean(widths[32.0]) / np.mean(widths[16.0]) == pytest.approx(2, rel=0.2)
    assert np.mean(widths[16.0]) == pytest.approx(16, rel=0.25)


def test_adnexa_are_as_many_as_planted_and_of_all_kinds(person):
    planted = {"vessels_per_mm2": 0.0, "adnexa_per_mm2": 3.0}
    number, area_mm2, kinds = 0, 0.0, set()
    for seed in range(8):
        labels = draw_piece(person | planted, [seed], 2.0).labels
        kinds |= {label for label in ORGANS if (labels == label).any()}
        near = ndimage.binary_dilation(np.isin(labels, ORGANS), iterations=8)
        number += ndimage.label(near)[1]
        area_mm2 += np.isin(labels, [Label.COLLAGEN, Label.GAP]).sum() * 4e-6
    assert kinds == set(ORGANS) - {Label.VESSEL}
    # About 36 are planted; neighbours grow together, coils fall apart.
    assert number / area_mm2 == pytest.approx(3, rel=0.4)


def test_organs_stay_in_the_dermis(person):
    crowded = person | {"vessels_per_mm2": 60.0, "adnexa_per_mm2": 25.0}
    bare = person | {"vessels_per_mm2": 0.0, "adnexa_per_mm2": 0.0}
    labels, before = (draw_piece(who, [2], 2.0).labels for who in (crowded, bare))
    organs = np.isin(labels, ORGANS)
    assert organs.mean() > 0.1
    dermal = [Label.PAPILLARY_DERMIS, Label.COLLAGEN, Label.GAP, Label.FAT]
    assert np.isin(before[organs], dermal).all()
    assert not np.isin(before, ORGANS).any()


def test_the_same_organs_at_any_mpp(person):
    planted = person | {"vessels_per_mm2": 12.0, "adnexa_per_mm2": 4.0}
    coarse, fine = (draw_piece(planted, [3], mpp).labels for mpp in (2.0, 1.0))
    organs = np.isin(coarse, ORGANS)
    assert (fine[1::2, 1::2] == coarse)[organs].mean() > 0.9


def test_red_cells_lie_in_vessels(person):
    skin = draw_piece(person | {"vessels_per_mm2": 20.0, "adnexa_per_mm2": 0.0}, [4], 1.0)
    bloody = skin.blood > 0.3
    assert bloody.sum() > 500
    vessels = ndimage.binary_dilation(skin.labels == Label.VESSEL, iterations=4)
    assert vessels[bloody].all()


def _dermis_mm2(skin):
    inner = np.isin(skin.labels, [Label.COLLAGEN, Label.GAP, Label.VESSEL]) & (skin.below > 25)
    return inner.sum() * skin.window.mpp**2 / 1e6
