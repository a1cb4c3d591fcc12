import numpy as np
import pytest

from skinage.phantom import make_people
from skinage.phantom.drawing.artefacts import mark
from skinage.phantom.drawing.labels import Label
from skinage.phantom.drawing.optics import draw_piece, draw_slide

CLEAN = {"n_pieces": 1, "n_dust": 0, "has_fold": False, "has_pen": False, "lesion": ""}


@pytest.fixture(scope="module")
def person():
    return make_people(3, seed=2).iloc[0].to_dict() | CLEAN


@pytest.fixture(scope="module")
def plain(person):
    return draw_piece(person | {"vessels_per_mm2": 0.0, "adnexa_per_mm2": 0.0}, [5], 1.0)


def _marked(slide, seed, mpp=2.0, size_um=(1500, 2000)):
    shape = round(size_um[0] / mpp), round(size_um[1] / mpp)
    picture, labels = np.full((*shape, 3), 240, np.uint8), np.zeros(shape, np.uint8)
    mark(picture, labels, CLEAN | slide, np.random.default_rng(seed), mpp)
    return picture, labels


def test_a_clean_slide_stays_as_it_is(plain):
    picture, labels = _marked({}, 0)
    assert (picture == 240).all()
    assert (labels == 0).all()
    assert not np.isin(plain.labels, [Label.LESION, Label.FOLD, Label.PEN, Label.DUST]).any()


@pytest.mark.parametrize("seed", range(6))
def test_pen_is_a_stroke_of_ink_and_only_where_it_is_labelled(seed):
    picture, labels = _marked({"has_pen": True}, seed)
    inked = labels == Label.PEN
    assert 0.05 < inked.mean() < 0.16
    assert inked.any(axis=1).all()
    assert (picture[inked].max(axis=1) < 225).all()
    assert picture[inked].max(axis=1).min() > 10, "ink lets some light through"
    assert (picture[~inked] == 240).all()
    coarse = _marked({"has_pen": True}, seed, mpp=4.0)[1]
    assert (labels[1::2, 1::2] == coarse).mean() > 0.99


def test_a_pen_stroke_on_many_pieces_takes_little_memory():
    import tracemalloc

    tracemalloc.start()
    _, labels = _marked({"has_pen": True}, 0, mpp=2.0, size_um=(3000, 6000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 15 * labels.size


@pytest.mark.parametrize("seed", range(6))
def test_dust_is_small_and_changes_only_what_is_labelled(seed):
    picture, labels = _marked({"n_dust": 5}, seed)
    dusty = labels == Label.DUST
    # 5 grains of 5 to 25 um, with the blur about them.
    assert 5 * np.pi * 2.5**2 / 2 < dusty.sum() * 4 < 5 * np.pi * 20**2
    assert (picture[~dusty] == 240).all()
    assert (picture[dusty] != 240).any(axis=1).mean() > 0.9
    assert picture[dusty].min() < 150


def test_dust_at_the_border_of_the_slide_is_cut_off():
    for seed in range(40):
        _marked({"n_dust": 3}, seed, size_um=(30, 40))


def test_a_fold_lies_double_in_one_piece_only(person):
    flat, folded = (draw_piece(person | {"has_fold": f}, [3], 2.0) for f in (False, True))
    band = folded.labels == Label.FOLD
    assert 0.01 < band.mean() < 0.08
    assert (flat.labels[band] != Label.GLASS).all()
    np.testing.assert_array_equal(folded.labels[~band], flat.labels[~band])
    for dye in ("eosin", "haematoxylin"):
        before, after = getattr(flat, dye), getattr(folded, dye)
        np.testing.assert_array_equal(after[~band], before[~band])
        assert after[band].mean() == pytest.approx(2 * before[band].mean(), rel=0.25)
    _, labels = draw_slide(person | {"has_fold": True, "n_pieces": 2}, seed=1, mpp=4.0)
    assert (labels[:, :500] == Label.FOLD).any()
    assert not (labels[:, 500:] == Label.FOLD).any()


@pytest.mark.parametrize("lesion", ["scar", "naevus"])
def test_a_lesion_is_a_patch_of_another_tissue(person, plain, lesion):
    crowded = {"vessels_per_mm2": 20.0, "adnexa_per_mm2": 10.0, "lesion": lesion}
    skin = draw_piece(person | crowded, [5], 1.0)
    patch = skin.labels == Label.LESION
    rows, cols = np.nonzero(patch)
    assert 250 < np.ptp(rows) < 480
    assert 300 < np.ptp(cols) < 620
    outside = [Label.GLASS, Label.STRATUM_CORNEUM, Label.VIABLE_EPIDERMIS, Label.FAT]
    assert not np.isin(plain.labels[patch], outside).any()
    gaps = [(s.eosin[patch] < 0.1).mean() for s in (skin, plain)]
    nuclei = [(s.haematoxylin[patch] > 0.8).mean() for s in (skin, plain)]
    if lesion == "scar":
        assert gaps[0] < 0.25 * gaps[1]
        assert nuclei[0] > 1.2 * nuclei[1]
        assert skin.eosin[patch].std() < plain.eosin[patch].std()
    else:
        assert nuclei[0] > 2 * nuclei[1]


def test_a_lesion_lies_in_the_dermis_at_any_mpp(person):
    for lesion in ("scar", "naevus"):
        coarse, fine = (
            draw_piece(person | {"lesion": lesion}, [6], mpp).labels == Label.LESION
            for mpp in (4.0, 2.0)
        )
        assert (fine[1::2, 1::2] == coarse)[coarse].mean() > 0.95
