import numpy as np
import pytest

from skinage import SettingError
from skinage.explain.morphology.section.section import Section
from skinage.stains import EOSIN, HAEMATOXYLIN

TRUE = np.array([(0.48, 0.80, 0.36), (0.09, 0.85, 0.52)])


def degrees(one, other):
    return np.rad2deg(np.arccos(one @ other / np.linalg.norm(one) / np.linalg.norm(other)))


def test_the_stains_of_a_section_are_its_own(flat_skin):
    stain = Section.of(flat_skin, 1.0).stain
    assert stain.estimated
    assert degrees(stain.vectors[0], TRUE[0]) < 5
    assert degrees(stain.vectors[1], TRUE[1]) < 2


@pytest.mark.parametrize(
    "light",
    [{"strength": 0.65}, {"strength": 1.2}, {"gamma": 0.88}, {"glass": (230, 235, 226)}],
)
def test_fading_scanner_and_glass_do_not_change_amounts_of_stain(draw, flat_skin, light):
    plain, changed = Section.of(flat_skin, 1.0), Section.of(draw(light), 1.0)
    inside = plain.tissue & changed.tissue
    assert inside.sum() > 0.98 * max(plain.tissue.sum(), changed.tissue.sum())
    for stain in ("haematoxylin", "eosin"):
        one, other = (getattr(section, stain)[inside] for section in (plain, changed))
        assert np.abs(one - other).mean() < 0.05
        assert np.corrcoef(one, other)[0, 1] > 0.98


def test_one_is_a_dense_nucleus_and_dense_collagen(flat_skin):
    section = Section.of(flat_skin, 1.0)
    dermis = np.s_[220:420, 120:840]
    assert np.quantile(section.eosin[dermis], 0.5) == pytest.approx(1, abs=0.1)
    assert np.quantile(section.haematoxylin, 0.998) == pytest.approx(1, abs=0.3)


def test_tissue_ends_at_its_outermost_stained_pixel(flat_skin):
    tissue = Section.of(flat_skin, 1.0).tissue
    assert not tissue[:95].any()
    assert tissue[105:435, 85:875].all()  # gaps of the dermis and of the horn as well
    assert not tissue[446:].any()


def test_a_finer_picture_is_reduced_to_one_um(flat_skin):
    fine = flat_skin.repeat(2, axis=0).repeat(2, axis=1)
    section, plain = Section.of(fine, 0.5), Section.of(flat_skin, 1.0)
    assert (section.mpp, section.tissue.shape) == (1.0, plain.tissue.shape)
    np.testing.assert_allclose(section.eosin, plain.eosin, atol=0.01)


def test_white_painted_about_a_piece_is_not_its_glass(flat_skin):
    painted = flat_skin.copy()
    painted[:, :60] = painted[:, 900:] = painted[:80] = painted[450:] = 255
    plain, cut = Section.of(flat_skin, 1.0), Section.of(painted, 1.0)
    inside = plain.tissue
    assert np.abs(plain.eosin[inside] - cut.eosin[inside]).mean() < 0.03


@pytest.mark.parametrize("value", [0, 255])
def test_nothing_but_black_or_white_is_no_tissue(value):
    section = Section.of(np.full((200, 240, 3), value, np.uint8), 1.0)
    assert not section.tissue.any()
    assert not section.stain.estimated
    np.testing.assert_array_equal(section.stain.vectors, [HAEMATOXYLIN, EOSIN])


def test_errors_name_what_was_found():
    with pytest.raises(SettingError, match=r"mpp is 5.*up to 4"):
        Section.of(np.zeros((4, 4, 3), np.uint8), 5)
    with pytest.raises(SettingError, match=r"float64 of shape \(4, 4\); expected uint8"):
        Section.of(np.zeros((4, 4)), 1)
