import pytest
import torch

from skinage import StageError
from skinage.contrastive.data import TileStream
from skinage.slides.batches import read_pixels


def _keys(batches):
    """Give every tile of the batches as bytes, to count and compare."""
    return [tile.numpy().tobytes() for batch in batches for tile in batch]


def test_an_epoch_has_every_tile_at_most_once_and_only_real_ones(phantom_tiles):
    stream = TileStream(phantom_tiles, 20)
    batches = list(stream)
    assert len(batches) == len(stream) == len(phantom_tiles) // 20
    assert all(batch.shape == (20, 3, 48, 48) and batch.dtype == torch.uint8 for batch in batches)
    real = {tile.transpose(2, 0, 1).tobytes() for tile in read_pixels(phantom_tiles)}
    seen = _keys(batches)
    assert len(set(seen)) == len(seen)
    assert set(seen) <= real


def test_order_is_fixed_by_seed_and_epoch(phantom_tiles):
    def order(seed, epoch):
        stream = TileStream(phantom_tiles, 16, seed)
        stream.epoch = epoch
        return _keys(stream)

    assert order(0, 1) == order(0, 1)
    assert order(0, 1) != order(0, 2)
    assert order(0, 1) != order(1, 1)


def test_a_small_pool_gives_the_same_tiles_as_a_large_one(phantom_tiles):
    pool_of_30_tiles = 30 * 3 * 48**2 / 2**30
    stream = TileStream(phantom_tiles, 16, pool_gb=pool_of_30_tiles)
    small = _keys(stream)
    assert stream._whole is None  # it did not fit: the slides were read again
    assert len(small) == len(phantom_tiles) // 16 * 16
    assert set(small) == set(_keys(TileStream(phantom_tiles, 16)))


def test_fewer_tiles_than_a_batch_is_an_error(phantom_tiles):
    with pytest.raises(StageError, match=r"found 10 tiles, fewer than a batch of 16"):
        TileStream(phantom_tiles.head(10), 16)


def test_a_slide_that_fails_is_noted_and_the_others_are_trained_on(phantom_tiles, tmp_path):
    broken = tmp_path / "broken.svs"
    broken.write_text("no slide")
    first = phantom_tiles["slide_id"].iloc[0]
    is_first = phantom_tiles["slide_id"] == first
    stream = TileStream(
        phantom_tiles.assign(path=phantom_tiles["path"].mask(is_first, str(broken))), 16
    )
    assert len(_keys(stream)) == (~is_first).sum() // 16 * 16
    assert list(stream.failures) == [first]
