import numpy as np
import pytest

from skinage.phantom import make_people
from skinage.phantom.artefacts import mark
from skinage.phantom.labels import Label
from skinage.phantom.optics import draw_piece, draw_slide

CLEAN = {"n_pieces": 1, "n_dust": 0, "has_fold": False, "has_pen": False, "lesion": ""}


@pytest.fixture(scope="module")
def person():
    return make_people(3, seed=2).iloc[0].to_dict() | CLEAN


def test_a_clean_slide_stays_as_it_is():
    picture, labels = np.full((300, 400, 3), 240, np.uint8), np.zeros((300, 400), np.uint8)
    mark(picture, labels, CLEAN, np.random.default_rng(0), 4.0)
    assert (picture == 240).all()
    assert (labels == 0).all()


@pytest.mark.parametrize("mpp", [2.0, 4.0])
def test_pen_is_a_stroke_of_ink_and_only_where_it_is_labelled(mpp):
    shape = round(1500 / mpp), round(2000 / mpp)
    picture, labels = np.full((*shape, 3), 240, np.uint8), np.zeros(shape, np.uint8)
    mark(picture, labels, CLEAN | {"has_pen": True}, np.random.default_rng(0), mpp)
    inked = labels == Label.PEN
    assert inked.mean() == pytest.approx(180 / 2000, rel=0.05)
    assert (picture[inked].max(axis=1) < 200).all()
    assert (picture[~inked] == 240).all()


def test_dust_is_dark_and_labelled():
    picture, labels = np.full((600, 800, 3), 240, np.uint8), np.zeros((600, 800), np.uint8)
    mark(picture, labels, CLEAN | {"n_dust": 5}, np.random.default_rng(1), 2.0)
    dusty = labels == Label.DUST
    assert 5 * 10 < dusty.sum() * 4 < 5 * 2000
    assert picture[dusty].mean() < 180
    assert (picture[labels == 0] == 240).all(axis=1).mean() > 0.98


def test_a_fold_lies_double_in_one_piece_only(person):
    flat, folded = (draw_piece(person | {"has_fold": f}, [3], 2.0) for f in (False, True))
    band = folded.labels == Label.FOLD
    assert 0.01 < band.mean() < 0.08
    assert (flat.labels[band] != Label.GLASS).all()
    np.testing.assert_array_equal(folded.eosin[~band], flat.eosin[~band])
    assert folded.eosin[band].mean() == pytest.approx(2 * flat.eosin[band].mean(), rel=0.25)
    _, labels = draw_slide(person | {"has_fold": True, "n_pieces": 2}, 1, 4.0)
    assert (labels[:, :500] == Label.FOLD).any()
    assert not (labels[:, 500:] == Label.FOLD).any()


@pytest.mark.parametrize("lesion", ["scar", "naevus"])
def test_a_lesion_is_a_patch_of_another_tissue(person, lesion):
    plain = {"vessels_per_mm2": 5.0, "adnexa_per_mm2": 0.0}
    skin = draw_piece(person | plain | {"lesion": lesion}, [5], 2.0)
    before = draw_piece(person | plain, [5], 2.0)
    patch = skin.labels == Label.LESION
    assert 0.01 < patch.mean() < 0.06
    assert (before.labels[patch] != Label.VIABLE_EPIDERMIS).all()
    assert (before.labels[patch] != Label.GLASS).all()
    gaps = [(s.eosin[patch] < 0.1).mean() for s in (skin, before)]
    nuclei = [(s.haematoxylin[patch] > 0.8).mean() for s in (skin, before)]
    if lesion == "scar":
        assert gaps[0] < 0.02 < gaps[1]
    else:
        assert nuclei[0] > 1.5 * nuclei[1]
