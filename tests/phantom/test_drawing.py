import numpy as np
import pytest

from skinage.phantom import make_people, render, render_labels
from skinage.phantom.anatomy import CORNEUM, DERMIS, ELASTOSIS, EPIDERMIS, GLASS
from skinage.phantom.fields import CellTexture, smooth_noise
from skinage.phantom.optics import draw, expose


@pytest.fixture(scope="module")
def drawn():
    people = make_people(60, seed=5)
    order = people["epidermis_um"].argsort().to_numpy()[[0, 12, 25, 38, 50, 59]]
    chosen = people.iloc[order].to_dict("records")
    return [(person, draw(person, k)) for k, person in enumerate(chosen)]


def test_same_seed_same_pixels_and_another_seed_another_piece():
    people = make_people(2, seed=1)
    first = render(people.iloc[0], 4)
    assert first.shape == (1280, 1664, 3)
    assert first.dtype == np.uint8
    np.testing.assert_array_equal(first, render(people.iloc[0].to_dict(), 4))
    assert (first != render(people.iloc[0], 5)).mean() > 0.5
    labels = render_labels(people.iloc[0], 4)
    assert (first[labels == GLASS].min(axis=1) > 215).mean() > 0.99


def test_epidermis_on_the_labels_is_as_thick_as_planted(drawn):
    planted = np.array([person["epidermis_um"] for person, _ in drawn])
    measured = np.array([_thickness_um(skin, EPIDERMIS) for _, skin in drawn])
    np.testing.assert_allclose(measured, planted, rtol=0.07)
    assert np.corrcoef(measured, planted)[0, 1] > 0.98


def test_horn_is_as_thick_as_planted(drawn):
    planted = [person["corneum_um"] for person, _ in drawn]
    np.testing.assert_allclose([_thickness_um(s, CORNEUM) for _, s in drawn], planted, rtol=0.1)


def test_elastosis_reaches_as_deep_as_planted(drawn):
    for person, skin in drawn:
        measured, planted = _thickness_um(skin, ELASTOSIS), person["elastosis_um"]
        assert measured == pytest.approx(planted, rel=0.1, abs=15)


def test_gaps_take_the_planted_share_of_the_dermis(drawn):
    planted = [person["collagen_fraction"] for person, _ in drawn]
    measured = [
        (skin.eosin[(skin.labels == DERMIS) & (skin.below > 150)] > 0.3).mean() for _, skin in drawn
    ]
    np.testing.assert_allclose(measured, planted, atol=0.05)


def test_fibres_turn_about_the_surface_as_planted(drawn):
    for person, skin in drawn:
        angle = skin.direction[(skin.labels == DERMIS) & (skin.below > 150)] - skin.tilt
        draws = np.random.default_rng(0).vonmises(0, person["fibre_concentration"], 100_000)
        assert np.cos(angle).mean() == pytest.approx(np.cos(draws).mean(), abs=0.12)


def test_light_follows_beer_and_lambert(drawn):
    person, skin = drawn[0]
    half = skin.eosin / 2, skin.haematoxylin / 2
    thick = expose(skin, person, 0).astype(float)
    skin.eosin, skin.haematoxylin = half
    thin = expose(skin, person, 0).astype(float)
    glass = np.array([person[f"background_{c}"] for c in "rgb"])
    plain = (skin.labels == EPIDERMIS) & (thick.min(axis=2) > 20)
    density = [-np.log(picture[plain] / glass).mean() for picture in (thick, thin)]
    assert density[0] == pytest.approx(2 * density[1], rel=0.05)


def test_smooth_noise_has_unit_variance_and_its_scale():
    noise = smooth_noise(np.random.default_rng(0), (600, 800), 6)
    assert noise.std() == pytest.approx(1, rel=0.06)
    near, far = (np.mean(noise[:, d:] * noise[:, :-d]) for d in (3, 30))
    assert near > 0.7
    assert abs(far) < 0.1


def test_cell_texture_agrees_with_a_nearest_neighbour_search():
    from scipy.spatial import cKDTree

    rng = np.random.default_rng(0)
    texture = CellTexture(np.random.default_rng(0), n_cells=10, texels=8)
    centres = rng.uniform(0.1, 0.9, (2, 10, 10)) + np.indices((10, 10))
    tree = cKDTree(centres.astype(np.float32).reshape(2, -1).T, boxsize=10)
    where = (np.indices((80, 80)).reshape(2, -1).T + 0.5) / 8
    distance, number = tree.query(where, k=2)
    assert (texture.cell.ravel() == number[:, 0]).mean() > 0.999
    edge = (distance[:, 1] - distance[:, 0]) / 2
    np.testing.assert_allclose(texture.edge.ravel(), edge, atol=0.1)
    looked_up, _ = texture.nearest(where[:, 0] - 10, where[:, 1] + 20)
    np.testing.assert_array_equal(looked_up, texture.cell.ravel())


def _thickness_um(skin, label):
    middle = np.abs(skin.along) < 550
    return (middle & (skin.labels == label)).sum() / 1100
