import numpy as np
import pytest

from skinage.phantom.drawing.fields import CellTexture, Window, smooth_line, smooth_noise


def test_smooth_noise_has_unit_variance_and_its_scale():
    noise = smooth_noise(np.random.default_rng(0), Window(600, 800, 1.0), 6)
    assert noise.shape == (600, 800)
    assert noise.std() == pytest.approx(1, rel=0.06)
    near, far = (np.mean(noise[:, d:] * noise[:, :-d]) for d in (3, 30))
    assert near > 0.7
    assert abs(far) < 0.1


def test_noise_is_the_same_field_at_any_mpp():
    coarse, fine = (
        smooth_noise(np.random.default_rng(1), Window(100, 120, mpp), 8) for mpp in (1.0, 0.5)
    )
    averaged = fine.reshape(100, 2, 120, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(averaged, coarse, atol=0.02)


def test_a_line_of_noise_varies_over_its_scale():
    line = smooth_line(np.random.default_rng(2), np.arange(0, 4000, 0.5), 20)
    assert line.std() == pytest.approx(1, rel=0.15)
    assert np.mean(line[200:] * line[:-200]) < 0.2


def test_window_turns_um_into_pixels():
    window = Window(100, 200, 0.5)
    assert window.shape == (200, 400)
    rows, cols = window.pixels(np.array([[0.2, 0.6], [10.0, 199.9], [-5.0, 900.0]]))
    assert rows.tolist() == [0, 20, 0]
    assert cols.tolist() == [1, 399, 399]


def test_cell_texture_agrees_with_a_nearest_neighbour_search():
    from scipy.spatial import cKDTree

    texture = CellTexture(np.random.default_rng(0), n_cells=10, texels=8)
    centres = texture.centres + np.indices((10, 10))
    tree = cKDTree(centres.reshape(2, -1).T, boxsize=10)
    where = (np.indices((80, 80)).reshape(2, -1).T + 0.5) / 8
    distance, number = tree.query(where, k=2)
    assert (texture.cell.ravel() == number[:, 0]).mean() > 0.999
    edge = (distance[:, 1] - distance[:, 0]) / 2
    np.testing.assert_allclose(texture.edge.ravel(), edge, atol=0.1)
    looked_up, _ = texture.nearest(where[:, 0] - 10, where[:, 1] + 20)
    np.testing.assert_array_equal(looked_up, texture.cell.ravel())
