import numpy as np
import pytest

from skinage.explain.faithfulness.blocks import block_means, block_numbers, similarity


def test_blocks_cover_the_tile_in_equal_parts():
    numbers = block_numbers((24, 96))
    assert numbers.shape == (24, 96)
    np.testing.assert_array_equal(np.bincount(numbers.ravel()), np.full(144, 2 * 8))
    assert len(np.unique(block_numbers((5, 100)))) == 5 * 12


def test_means_of_blocks():
    heat = np.arange(24.0)[:, None] + np.zeros(24)
    means = block_means(heat).reshape(12, 12)
    np.testing.assert_allclose(means[:, 0], np.arange(12) * 2 + 0.5)
    np.testing.assert_allclose(means, means[:, :1] + np.zeros(12))


def test_similarity_is_of_ranks_with_their_sign():
    heat = np.random.default_rng(0).normal(size=(96, 96))
    means = block_means(heat)
    assert similarity(heat, heat) == pytest.approx(1)
    assert similarity(heat, -3 * heat + 7) == pytest.approx(-1)
    assert abs(similarity(heat, np.random.default_rng(1).normal(size=(96, 96)))) < 0.3
    assert similarity(heat, np.zeros((96, 96))) == 0
    assert len(means) == 144
