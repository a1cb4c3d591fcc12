import numpy as np
import pytest
from scipy import ndimage

from skinage.phantom import make_people
from skinage.phantom.drawing.labels import Label
from skinage.phantom.drawing.optics import draw_piece

ORGANS = [Label.VESSEL, Label.FOLLICLE, Label.SEBACEOUS_GLAND, Label.ECCRINE_GLAND]
LAYERS = [Label.PAPILLARY_DERMIS, Label.COLLAGEN, Label.GAP, Label.ELASTOSIS]
PLAIN = {"n_pieces": 1, "has_fold": False, "lesion": "", "section_tilt_deg": 0.0}
PLAIN |= {"fibroblasts_per_mm2": 0.0, "inflammation_per_mm2": 0.0, "elastosis_um": 0.0}
BARE = {"vessels_per_mm2": 0.0, "adnexa_per_mm2": 0.0}


@pytest.fixture(scope="module")
def person():
    return make_people(3, seed=1).iloc[1].to_dict() | PLAIN | BARE | {"dermis_um": 5000.0}


@pytest.fixture(scope="module")
def bare(person):
    return draw_piece(person, [3], 1.0)


@pytest.mark.parametrize(
    "layers", [{}, {"dermis_um": 700.0}, {"dermis_um": 700.0, "elastosis_um": 160.0}]
)
def test_vessels_are_as_many_as_planted_however_thick_the_layers(person, layers, monkeypatch):
    from skinage.phantom.drawing import organs

    middles, area_mm2 = [], 0.0
    monkeypatch.setattr(organs, "_add_vessel", lambda skin, middle, *rest: middles.append(middle))
    for seed in range(4):
        skin = draw_piece(person | layers | {"vessels_per_mm2": 400.0}, [seed], 4.0)
        area_mm2 += (np.isin(skin.labels, LAYERS) & (skin.below > 25)).sum() * 16e-6
    # Some 2,000 are planted: the Poisson error is 2 %.
    assert len(middles) / area_mm2 == pytest.approx(400, rel=0.06)


def test_vessels_on_the_labels_are_as_many_as_planted(person):
    number, area_mm2 = 0, 0.0
    for seed in range(6):
        skin = draw_piece(person | {"vessels_per_mm2": 20.0, "vessel_um": 18.0}, [seed], 4.0)
        number += ndimage.label(skin.labels == Label.VESSEL)[1]
        inner = np.isin(skin.labels, [*LAYERS, Label.VESSEL, Label.LYMPHOCYTE]) & (skin.below > 25)
        area_mm2 += inner.sum() * 16e-6
    # About 170 are planted, a Poisson error of 8 %; touching ones count once.
    assert number / area_mm2 == pytest.approx(20, rel=0.2)


def test_vessels_crowd_in_the_plexus(person):
    below = []
    for seed in range(5):
        skin = draw_piece(person | {"vessels_per_mm2": 24.0}, [seed], 4.0)
        lumina, count = ndimage.label(skin.labels == Label.VESSEL)
        below += ndimage.mean(skin.below, lumina, range(1, count + 1)).tolist()
    plexus, deeper = (np.mean((np.array(below) // 160) == k) for k in (0, 2))
    assert plexus > 1.4 * deeper > 0


def test_vessels_are_as_wide_as_planted(person):
    widths = {}
    for um in (14.0, 28.0):
        skins = [
            draw_piece(person | {"vessels_per_mm2": 12.0, "vessel_um": um}, [s], 1.0)
            for s in range(2)
        ]
        widths[um] = np.concatenate([_widths_um(skin) for skin in skins])
    assert np.mean(widths[14.0]) == pytest.approx(14, rel=0.12)
    assert np.mean(widths[28.0]) == pytest.approx(28, rel=0.12)


def test_adnexa_are_as_many_as_planted_and_of_all_kinds(person):
    number, area_mm2, kinds = 0, 0.0, set()
    for seed in range(12):
        skin = draw_piece(person | {"adnexa_per_mm2": 2.0}, [seed], 4.0)
        kinds |= {label for label in ORGANS if (skin.labels == label).any()}
        near = ndimage.binary_closing(np.isin(skin.labels, ORGANS), np.ones((9, 9)))
        number += ndimage.label(near, np.ones((3, 3)))[1]
        area_mm2 += (np.isin(skin.labels, [*LAYERS, *ORGANS]) & (skin.below > 150)).sum() * 16e-6
    assert kinds == set(ORGANS) - {Label.VESSEL}
    # About 26 are planted, a Poisson error of 20 %; neighbours grow together, few fall apart.
    assert number / area_mm2 == pytest.approx(2, rel=0.4)


def test_organs_stay_in_the_dermis(person, bare):
    crowded = person | {"vessels_per_mm2": 60.0, "adnexa_per_mm2": 25.0}
    labels = draw_piece(crowded, [3], 1.0).labels
    organs = np.isin(labels, ORGANS)
    assert organs.mean() > 0.1
    assert np.isin(bare.labels[organs], [*LAYERS, Label.FAT]).all()
    for kept in (Label.GLASS, Label.VIABLE_EPIDERMIS, Label.STRATUM_CORNEUM):
        np.testing.assert_array_equal(labels == kept, bare.labels == kept)


def test_nothing_is_drawn_where_nothing_is_planted(bare):
    assert not np.isin(bare.labels, ORGANS).any()
    assert not bare.blood.any()


def test_the_same_organs_at_any_mpp(person):
    planted = person | {"vessels_per_mm2": 12.0, "adnexa_per_mm2": 4.0}
    coarse, fine = (draw_piece(planted, [3], mpp).labels for mpp in (2.0, 1.0))
    organs = np.isin(coarse, ORGANS)
    assert organs.sum() > 12_000
    assert (fine[1::2, 1::2] == coarse)[organs].mean() > 0.95


def test_red_cells_lie_in_vessels_and_do_not_fill_them(person):
    skin = draw_piece(person | {"vessels_per_mm2": 20.0}, [4], 1.0)
    bloody, vessel = skin.blood > 0.3, skin.labels == Label.VESSEL
    assert 0.1 < bloody.sum() / vessel.sum() < 0.6
    assert vessel[bloody].mean() > 0.99


def _widths_um(skin):
    """Minor axes of the vessels that were not cut by a border, by second moments."""
    lumina, count = ndimage.label(skin.labels == Label.VESSEL)
    widths = []
    for number, box in enumerate(ndimage.find_objects(lumina), 1):
        around = tuple(slice(max(0, side.start - 9), side.stop + 9) for side in box)
        spots = np.argwhere(lumina[box] == number)
        if np.isin(skin.labels[around], [*LAYERS, Label.LYMPHOCYTE, Label.VESSEL]).all():
            widths.append(4 * np.sqrt(np.linalg.eigvalsh(np.cov(spots.T))[0]))
    assert len(widths) > count / 2
    return widths
