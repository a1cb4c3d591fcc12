"""The drawing keeps what was planted: measured on labels and dye, against the parameters."""

import itertools

import numpy as np
import pytest
from scipy.signal import find_peaks

from skinage.phantom import make_people
from skinage.phantom.drawing.anatomy import _junction
from skinage.phantom.drawing.labels import Label
from skinage.phantom.drawing.optics import (
    SCANNER_BLUR_UM,
    SCANNER_GAMMA,
    draw_piece,
    draw_slide,
    expose,
)
from skinage.phantom.population.hospitals import HOSPITAL_SHIFT
from skinage.phantom.randomness import stream

EPIDERMIS = [Label.VIABLE_EPIDERMIS, Label.KERATINOCYTE_NUCLEUS]
DERMIS = [Label.PAPILLARY_DERMIS, Label.ELASTOSIS, Label.COLLAGEN, Label.GAP]
DERMIS += [Label.FIBROBLAST_NUCLEUS, Label.LYMPHOCYTE, Label.VESSEL, Label.FOLLICLE]
HALF_UM = 600


@pytest.fixture(scope="module")
def people():
    people = make_people(60, seed=5)
    return people.assign(n_pieces=1, n_dust=0, has_fold=False, has_pen=False, lesion="")


@pytest.fixture(scope="module")
def drawn(people):
    """Ten pieces from the thinnest to the thickest epidermis, with their person."""
    order = people["epidermis_um"].argsort().to_numpy()[::6]
    return [(row, draw_piece(row, [k], 1.0)) for k, row in enumerate(_rows(people, order))]


@pytest.fixture(scope="module")
def planted(drawn):
    """The planted values, those of thickness as an oblique section shows them."""
    import pandas as pd

    table = pd.DataFrame([person for person, _ in drawn])
    oblique = 1 / np.cos(np.deg2rad(table["section_tilt_deg"]))
    thick = ["epidermis_um", "rete_um", "corneum_um", "dermis_um", "elastosis_um"]
    return table.assign(**{name: table[name] * oblique for name in thick})


def test_same_seed_same_pixels_and_another_seed_another_piece(people):
    first, labels = draw_slide(people.iloc[0], seed=4, mpp=2.0)
    assert first.shape == (750, 1000, 3)
    assert first.dtype == np.uint8
    again = draw_slide(people.iloc[0].to_dict(), seed=4, mpp=2.0)[0]
    np.testing.assert_array_equal(first, again)
    assert (first != draw_slide(people.iloc[0], seed=5, mpp=2.0)[0]).mean() > 0.4
    assert (first[labels == Label.GLASS].min(axis=1) > 215).mean() > 0.99


def test_the_same_piece_at_half_a_um_per_px(people):
    coarse, what = draw_slide(people.iloc[7], seed=1)
    fine, finer = draw_slide(people.iloc[7], seed=1, mpp=0.5)
    assert fine.shape == (3000, 4000, 3)
    averaged = fine.reshape(1500, 2, 2000, 2, 3).mean(axis=(1, 3))
    assert np.abs(averaged - coarse).mean() < 3
    tissue = what != Label.GLASS
    assert (finer[::2, ::2] == what)[tissue].mean() > 0.93
    for label in (Label.KERATINOCYTE_NUCLEUS, Label.FIBROBLAST_NUCLEUS):
        assert (finer == label).mean() == pytest.approx((what == label).mean(), rel=0.05)


def test_every_piece_has_a_window_of_its_own(people):
    picture, labels = draw_slide(people.iloc[0].to_dict() | {"n_pieces": 5}, seed=2, mpp=4.0)
    assert picture.shape == (2 * 375, 3 * 500, 3)
    pieces = [labels[r : r + 375, c : c + 500] for r in (0, 375) for c in (0, 500, 1000)]
    assert [bool((piece != Label.GLASS).mean() > 0.3) for piece in pieces] == [True] * 5 + [False]
    assert (pieces[0] != pieces[1]).mean() > 0.05
    bare, margin = picture[375:, 1000:], picture[:20, :]
    assert (bare.min(axis=2) > 215).mean() > 0.99
    np.testing.assert_allclose(bare.mean(axis=(0, 1)), margin.mean(axis=(0, 1)), atol=0.3)
    assert bare.std() == pytest.approx(margin.std(), rel=0.1)


def test_epidermis_is_as_thick_as_planted(drawn, planted):
    measured = [_thickness_um(skin, EPIDERMIS) for _, skin in drawn]
    np.testing.assert_allclose(measured, planted["epidermis_um"], rtol=0.09)
    assert np.corrcoef(measured, planted["epidermis_um"])[0, 1] > 0.98


def test_horn_is_as_thick_as_planted(drawn, planted):
    measured = [_thickness_um(skin, [Label.STRATUM_CORNEUM]) for _, skin in drawn]
    np.testing.assert_allclose(measured, planted["corneum_um"], rtol=0.1)


def test_the_junction_is_as_long_as_planted_ridges_make_it(drawn, planted):
    measured = [_junction_um(skin) / (2 * HALF_UM) for _, skin in drawn]
    assert np.corrcoef(measured, planted["rete_um"])[0, 1] > 0.98
    assert min(measured) > 1


def test_ridges_are_on_average_as_high_as_planted():
    for seed in range(5):
        flat, ridged = (
            _junction({"epidermis_um": 900.0, "rete_um": um}, np.random.default_rng(seed), 1500.0)
            for um in (0.0, 80.0)
        )
        ridges = (ridged - flat)[4 * 400 : -4 * 400]  # the piece, in steps of .25 um
        peaks, _ = find_peaks(ridges)
        assert len(peaks) in (13, 14)
        assert ridges[peaks].mean() - ridges.min() == pytest.approx(80, rel=0.01)


def test_an_oblique_cut_shows_every_layer_thicker(people):
    upright, oblique = (
        draw_piece(people.iloc[5].to_dict() | {"section_tilt_deg": tilt}, [3], 1.0)
        for tilt in (0.0, 40.0)
    )
    for layer in (EPIDERMIS, [Label.STRATUM_CORNEUM]):
        ratio = _thickness_um(oblique, layer) / _thickness_um(upright, layer)
        assert ratio == pytest.approx(1 / np.cos(np.deg2rad(40)), rel=0.02)


def test_collagen_takes_the_planted_share_of_the_reticular_dermis(drawn, planted):
    measured = [_collagen_share(skin) for _, skin in drawn]
    np.testing.assert_allclose(measured, planted["collagen_fraction"], atol=0.05)
    assert np.corrcoef(measured, planted["collagen_fraction"])[0, 1] > 0.98


def test_elastosis_reaches_as_deep_as_planted(drawn, planted):
    measured = np.array([_thickness_um(skin, [Label.ELASTOSIS]) for _, skin in drawn])
    np.testing.assert_allclose(measured, planted["elastosis_um"], rtol=0.1, atol=12)


def test_fat_begins_where_the_planted_dermis_ends(people):
    thin = people.iloc[3].to_dict() | {
        "dermis_um": 500.0,
        "section_tilt_deg": 0.0,
        "adnexa_per_mm2": 0.0,
    }
    skin = draw_piece(thin, [0], 1.0)
    middle = np.abs(skin.along) < HALF_UM
    fat = skin.labels == Label.FAT
    assert skin.below[fat].min() > 350
    starts = np.where(fat & middle, skin.below, np.inf).min(axis=0)
    assert np.median(starts[np.isfinite(starts)]) == pytest.approx(500, abs=40)


def test_fibres_turn_about_the_surface_as_planted(drawn):
    measured, planted = [], []
    for person, skin in drawn:
        deep = np.isin(skin.labels, [Label.COLLAGEN, Label.GAP]) & (skin.below > 150)
        measured.append(np.cos(skin.direction[deep] - skin.tilt).mean())
        draws = np.random.default_rng(0).vonmises(0, person["fibre_concentration"], 100_000)
        planted.append(np.cos(draws).mean())
    # A piece holds some hundred patches, so each has a sampling error of about .06.
    assert np.corrcoef(measured, planted)[0, 1] > 0.9
    assert np.mean(measured) == pytest.approx(np.mean(planted), abs=0.05)


def test_fibroblasts_are_as_dense_and_as_dark_as_planted(people):
    plain = {"vessels_per_mm2": 0.0, "adnexa_per_mm2": 0.0, "inflammation_per_mm2": 0.0}
    densities = []
    for k, row in enumerate(_rows(people, range(4))):
        skin = draw_piece(row | plain, [k], 1.0)
        spindles = skin.labels == Label.FIBROBLAST_NUCLEUS
        dermis_mm2 = (spindles | np.isin(skin.labels, DERMIS)).sum() / 1e6
        # A spindle of half axes 5.65 and 2.25 um covers about 40 um2; a few overlap.
        densities.append(spindles.sum() / 40 / dermis_mm2 / row["fibroblasts_per_mm2"])
    np.testing.assert_allclose(densities, 1, atol=0.15)


def test_light_follows_beer_and_lambert(drawn):
    person, skin = drawn[0]
    half = skin.eosin / 2, skin.haematoxylin / 2
    thick = expose(skin, person, 0).astype(float)
    skin.eosin, skin.haematoxylin = half
    thin = expose(skin, person, 0).astype(float)
    glass = np.array([person[f"background_{c}"] for c in "rgb"])
    plain = (skin.labels == Label.VIABLE_EPIDERMIS) & (thick.min(axis=2) > 20)
    density = [-np.log(picture[plain] / glass).mean() for picture in (thick, thin)]
    assert density[0] == pytest.approx(2 * density[1], rel=0.05)


def test_scanners_show_the_same_piece_in_their_own_way(people):
    person = people.iloc[11].to_dict()
    skin = draw_piece(person, 3, 1.0)
    pictures = {name: expose(skin, person | {"scanner": name}, 0).astype(float) for name in "ABCDE"}
    for one, other in itertools.combinations("ABCDE", 2):
        assert np.abs(pictures[one] - pictures[other]).mean() > 1, (one, other)
    sharpness = {
        name: np.abs(np.diff(picture[..., 1], axis=1)).mean() for name, picture in pictures.items()
    }
    assert sharpness["B"] < 0.9 * sharpness["A"]
    assert sharpness["D"] == min(sharpness.values())
    assert {*SCANNER_GAMMA} == {*SCANNER_BLUR_UM} == {*HOSPITAL_SHIFT} == {*"ABCDE"}


def test_structures_have_streams_of_their_own():
    first, second = (stream([3, 1], name).random(4) for name in ("nuclei", "organs"))
    assert (first != second).all()
    np.testing.assert_array_equal(first, stream((3, 1), "nuclei").random(4))


def _rows(people, order):
    return people.iloc[list(order)].to_dict("records")


def _thickness_um(skin, labels):
    middle = np.abs(skin.along) < HALF_UM
    return (middle & np.isin(skin.labels, labels)).sum() / (2 * HALF_UM)


def _junction_um(skin):
    """Length of the border of epidermis and dermis, by Crofton's formula in four directions."""
    middle = np.abs(skin.along) < HALF_UM
    above = np.isin(skin.labels, EPIDERMIS) & middle
    under = np.isin(skin.labels, DERMIS) & middle
    crossings = []
    for down, across in ((0, 1), (1, 0), (1, 1), (1, -1)):
        a, b = (
            np.s_[1:-1, 1:-1],
            np.s_[1 + down : -1 + down or None, 1 + across : -1 + across or None],
        )
        crossings.append(((above[a] & under[b]) | (under[a] & above[b])).sum())
    return np.pi / 8 * (crossings[0] + crossings[1] + (crossings[2] + crossings[3]) / np.sqrt(2))


def _collagen_share(skin):
    reticular = skin.below > 150
    bundles, gaps = (
        ((skin.labels == label) & reticular).sum() for label in (Label.COLLAGEN, Label.GAP)
    )
    return bundles / (bundles + gaps)
