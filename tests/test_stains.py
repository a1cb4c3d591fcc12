import numpy as np
import pytest
from skimage.color import separate_stains

from skinage.stains import EOSIN, HAEMATOXYLIN, optical_density, unmix


def test_optical_density_of_known_values():
    grey = np.array([[255, 26, 0]], dtype=np.uint8)
    assert optical_density(grey).ravel() == pytest.approx([0, 0.9916, 2.4065], abs=1e-4)
    assert optical_density(grey).shape == grey.shape


def test_an_offset_keeps_black_apart_from_nearly_black():
    values = np.array([255, 127, 1, 0], np.uint8)
    expected = np.log10([1, 2, 128, 256])
    np.testing.assert_allclose(optical_density(values, offset=1), expected, rtol=1e-6)
    assert np.diff(optical_density(values[2:])) == 0


def test_stains_are_unit_vectors_of_the_published_directions():
    assert np.linalg.norm([HAEMATOXYLIN, EOSIN], axis=1) == pytest.approx([1, 1])
    assert HAEMATOXYLIN / HAEMATOXYLIN[0] == pytest.approx([1, 0.704 / 0.65, 0.286 / 0.65])
    assert EOSIN / EOSIN[1] == pytest.approx([0.072 / 0.99, 1, 0.105 / 0.99])


def test_unmixing_agrees_with_scikit_image():
    pixels = np.random.default_rng(0).integers(1, 256, (5, 9, 11, 3), dtype=np.uint8)
    third = np.cross(HAEMATOXYLIN, EOSIN)
    stains = np.stack([HAEMATOXYLIN, EOSIN, third / np.linalg.norm(third)])
    theirs = separate_stains(pixels, np.linalg.inv(stains))
    ours = np.moveaxis(unmix(optical_density(np.moveaxis(pixels, -1, 1))), 1, -1)
    # scikit-image clips at 0 and counts optical density in sixths.
    np.testing.assert_allclose(np.maximum(ours, 0), 6 * theirs[..., :2], atol=1e-5)
