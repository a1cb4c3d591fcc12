import numpy as np
import pytest
import torch

from skinage import StageError
from skinage.contrastive.pairs.pairs import Pairs
from skinage.contrastive.training import stream as data
from skinage.contrastive.training.stream import TileStream
from skinage.slides.reading.batches import read_pixels


def _keys(batches):
    """Give every anchor of the batches as bytes, to count and compare."""
    return [tile.numpy().tobytes() for batch in batches for tile in batch.first]


def test_an_epoch_has_every_tile_at_most_once_and_only_real_ones(phantom_tiles):
    stream = TileStream(phantom_tiles, 16)
    batches = list(stream)
    assert len(batches) == len(stream) == len(phantom_tiles) // 16
    assert all(batch.first.shape == (16, 3, 48, 48) for batch in batches)
    assert all(batch.first.dtype == torch.uint8 and batch.second is None for batch in batches)
    real = {tile.transpose(2, 0, 1).tobytes() for tile in read_pixels(phantom_tiles)}
    seen = _keys(batches)
    assert len(set(seen)) == len(seen)
    assert set(seen) <= real


def test_order_is_fixed_by_seed_and_epoch(phantom_tiles):
    def order(seed, epoch):
        stream = TileStream(phantom_tiles, 16, seed=seed)
        stream.epoch = epoch
        return _keys(stream)

    assert order(0, 1) == order(0, 1)
    assert order(0, 1) != order(0, 2)
    assert order(0, 1) != order(1, 1)


def test_pixels_partners_and_ages_belong_to_each_other(phantom_tiles):
    ages = phantom_tiles["person_id"].str[1:].astype(int) * 10.0
    stream = TileStream(phantom_tiles.assign(age_years=ages), 4, pairs=Pairs("slide"))
    slide_of = {
        tile.transpose(2, 0, 1).tobytes(): (slide, age)
        for tile, slide, age in zip(
            read_pixels(phantom_tiles), phantom_tiles["slide_id"], ages, strict=True
        )
    }
    for batch in stream:
        for first, second, age in zip(*batch, strict=True):
            slide, its_age = slide_of[first.numpy().tobytes()]
            assert slide_of[second.numpy().tobytes()][0] == slide
            assert age.item() == its_age
            assert not torch.equal(first, second)


def test_a_small_pool_gives_as_many_batches_of_the_same_tiles_as_a_large_one(phantom_tiles):
    pool_of_70_tiles = 70 * 3 * 48**2 / 2**30
    stream = TileStream(phantom_tiles, 16, pool_gb=pool_of_70_tiles)
    small = _keys(stream)
    assert stream._whole is None  # it did not fit: the slides were read again
    assert len(small) == len(stream) * 16
    every = {tile.transpose(2, 0, 1).tobytes() for tile in read_pixels(phantom_tiles)}
    assert set(small) <= every
    assert len(set(small)) > 0.85 * len(small)  # a pool's last batch may take a tile again


def test_two_processes_deal_the_people_among_them(phantom_tiles, monkeypatch):
    seen = []
    for rank in (0, 1):
        monkeypatch.setattr(data.dist, "world_size", lambda: 2)
        monkeypatch.setattr(data.dist, "rank", lambda rank=rank: rank)
        stream = TileStream(phantom_tiles, 8)
        seen.append(list(stream))
        assert len(seen[-1]) == len(stream) == len(phantom_tiles) // 8 // 2
    assert not set(_keys(seen[0])) & set(_keys(seen[1]))


def test_fewer_tiles_than_a_batch_is_an_error(phantom_tiles):
    with pytest.raises(StageError, match=r"found 10 tiles, fewer than a batch of 16"):
        TileStream(phantom_tiles.head(10), 16)


def test_a_slide_that_fails_is_noted_and_the_others_are_trained_on(phantom_tiles, tmp_path):
    broken = tmp_path / "broken.svs"
    broken.write_text("no slide")
    first = phantom_tiles["slide_id"].iloc[0]
    is_first = phantom_tiles["slide_id"] == first
    real = read_pixels(phantom_tiles[~is_first])
    stream = TileStream(
        phantom_tiles.assign(path=phantom_tiles["path"].mask(is_first, str(broken))), 16
    )
    seen = _keys(stream)
    assert len(seen) == len(stream) * 16
    assert set(seen) <= {tile.transpose(2, 0, 1).tobytes() for tile in real}
    assert list(stream.failures) == [first]


def test_a_partner_that_cannot_be_read_is_replaced_by_the_tile_itself(phantom_tiles, tmp_path):
    tiles = phantom_tiles.assign(person_id=np.where(phantom_tiles["slide_id"] < "P00002", "X", "Y"))
    broken = tmp_path / "broken.svs"
    broken.write_text("no slide")
    is_first = tiles["slide_id"] == tiles["slide_id"].iloc[0]
    stream = TileStream(
        tiles.assign(path=tiles["path"].mask(is_first, str(broken))), 2, pairs=Pairs("person")
    )
    batches = list(stream)
    own = sum(torch.equal(a, b) for batch in batches for a, b in zip(*batch[:2], strict=True))
    assert 0 < own < len(batches) * 2
