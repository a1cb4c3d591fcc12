import numpy as np
import pytest

from skinage.embedding.colour import COLOUR_FEATURES, colour_features
from skinage.stains import EOSIN, HAEMATOXYLIN


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(1, 256, (200, 9, 11, 3), dtype=np.uint8)


def test_planted_stain_comes_back():
    haematoxylin, eosin = 0.4, 0.25
    density = haematoxylin * HAEMATOXYLIN + eosin * EOSIN
    flat = np.round(255 * 10**-density).astype(np.uint8) * np.ones((1, 8, 8, 1), np.uint8)
    row = dict(zip(COLOUR_FEATURES, colour_features(flat)[0], strict=True))
    for name in ("mean", "q10", "q50", "q90"):
        assert row[f"haematoxylin_{name}"] == pytest.approx(haematoxylin, abs=0.005)
        assert row[f"eosin_{name}"] == pytest.approx(eosin, abs=0.005)
    assert row["haematoxylin_sd"] == pytest.approx(0, abs=1e-6)


def test_statistics_agree_with_numpy(pixels):
    features = colour_features(pixels)
    assert features.dtype == np.float32
    density = -np.log10(pixels.reshape(200, -1, 3) / 255)
    # A least-squares fit of the two stains leaves what is perpendicular to both.
    stains = density @ np.linalg.pinv(np.stack([HAEMATOXYLIN, EOSIN]))
    values = np.concatenate([density, stains], axis=-1)
    quantiles = np.quantile(values, [0.1, 0.5, 0.9], axis=1, method="nearest")
    expected = np.concatenate([values.mean(axis=1), values.std(axis=1), *quantiles], axis=1)
    np.testing.assert_allclose(features, expected, atol=2e-5)
    assert COLOUR_FEATURES[features.shape[1] - 1] == "eosin_q90"


def test_a_tile_is_described_by_itself_alone(pixels):
    together = colour_features(pixels)
    np.testing.assert_allclose(together[150], colour_features(pixels[150:151])[0], atol=1e-6)


def test_no_tiles_give_no_rows():
    assert colour_features(np.empty((0, 8, 8, 3), np.uint8)).shape == (0, len(COLOUR_FEATURES))
