"""Tiles to training batches, from the slides, within a bound of memory.

tile table -> pools of people -> pixels, read ahead -> batches of pairs
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pandas as pd
import torch
from lightly.utils import dist
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import IterableDataset

from skinage.contrastive.pairs.batch import TileBatch
from skinage.contrastive.pairs.pairs import Pairs, PairSampler
from skinage.contrastive.pairs.partners import Rows
from skinage.errors import StageError
from skinage.slides.reading.batches import read_tiles

Pool = tuple[NDArray[np.uint8], Rows]  # pixels, and the place of each row in them or -1


class TileStream(IterableDataset[TileBatch]):
    """Random batches of pairs, epoch after epoch, read from slides through a bounded pool.

    A table that fits into the pool is read once. A larger one is read again in every epoch, people
    in random order, a pool full of people at a time, the next pool while training goes on. Several
    training processes share the people out anew in every epoch.

    Parameters
    ----------
    tiles
        The tile table, with ``age_years`` if the method sees ages.
    batch_size
        Pairs in a batch.
    seed
        The order depends on the seed and the epoch only, so that a resumed run repeats it.
    pairs
        The rule by which two tiles form a pair; each tile with itself if not given.
    pool_gb
        Largest size of the pixels in memory, in GiB.

    Attributes
    ----------
    epoch
        Number of the epoch whose order the next iteration takes.
    failures
        Slides that could not be read, with the reason; their tiles are not trained on.

    Raises
    ------
    StageError
        If there are fewer tiles than a batch, or no pairs.
    """

    def __init__(
        self,
        tiles: pd.DataFrame,
        batch_size: int,
        *,
        seed: int = 0,
        pairs: Pairs | None = None,
        pool_gb: float = 2.0,
    ) -> None:
        if len(tiles) < batch_size:
            raise StageError(
                f"training: found {len(tiles)} tiles, fewer than a batch of {batch_size}; "
                "take a smaller batch_size or more tiles per slide."
            )
        self.tiles = tiles.reset_index(drop=True)
        self.sampler = PairSampler(self.tiles, pairs or Pairs(), batch_size)
        self.batch_size, self.seed, self.epoch = batch_size, seed, 0
        self.failures: dict[str, str] = {}
        tile_bytes = 3 * int(tiles["tile_px"].iloc[0]) ** 2
        self._pool_tiles = max(4 * batch_size, int(pool_gb * 2**30 / tile_bytes))
        self._rows_of = list(self.tiles.groupby("person_id", sort=True).indices.values())
        ages = self.tiles.reindex(columns=["age_years"]).to_numpy(np.float32)[:, 0]
        self._ages_years = torch.from_numpy(ages)
        self._whole: Pool | None = None

    def __len__(self) -> int:
        """Return the number of batches of one process in an epoch."""
        return max(1, len(self.tiles) // self.batch_size // dist.world_size())

    def __iter__(self) -> Iterator[TileBatch]:
        """Yield the batches of one epoch."""
        mine = self._people_of_this_process()
        random = np.random.default_rng([self.seed, self.epoch, 1 + dist.rank()])
        n_tiles, done = sum(map(len, mine)), 0
        for asked, (pixels, place) in self._pools(mine):
            # Proportions of the epoch, so that every process yields as many batches as its length.
            n_before = len(self) * done // n_tiles
            done += len(asked)
            n_batches = len(self) * done // n_tiles - n_before
            rows = asked[place[asked] >= 0]
            for anchors, others in self.sampler.batches(rows, n_batches, random):
                # A partner on a slide that could not be read: the tile is its own.
                others = np.where(place[others] < 0, anchors, others)
                yield self._batch(pixels, place, anchors, others)

    def _people_of_this_process(self) -> list[Rows]:
        random = np.random.default_rng([self.seed, self.epoch])
        order = random.permutation(len(self._rows_of))
        return [self._rows_of[k] for k in order[dist.rank() :: dist.world_size()]]

    def _pools(self, people: list[Rows]) -> Iterator[tuple[Rows, Pool]]:
        """Yield rows and a pool that holds them, while the next pool is read."""
        if len(self.tiles) <= self._pool_tiles:
            if self._whole is None:
                self._whole = self._read(np.arange(len(self.tiles)))
            yield np.concatenate(people), self._whole
            return
        ends = np.cumsum([len(rows) for rows in people])
        n_pools = -(-2 * int(ends[-1]) // self._pool_tiles)  # two are in memory
        cuts = np.searchsorted(ends, ends[-1] * np.arange(1, n_pools) / n_pools)
        parts = pairwise([0, *cuts.tolist(), len(people)])
        asked = [np.concatenate(people[first:after]) for first, after in parts if first < after]
        with ThreadPoolExecutor(1) as reading:
            coming = reading.submit(self._read, asked[0])
            for rows, after in zip(asked, [*asked[1:], None], strict=True):
                pool = coming.result()
                if after is not None:
                    coming = reading.submit(self._read, after)
                yield rows, pool

    def _batch(
        self, pixels: NDArray[np.uint8], place: Rows, anchors: Rows, others: Rows
    ) -> TileBatch:
        def picked(rows: Rows) -> Tensor:
            return torch.from_numpy(pixels[place[rows]]).permute(0, 3, 1, 2)

        alone = np.array_equal(anchors, others)
        second = None if alone else picked(others)
        return TileBatch(picked(anchors), second, self._ages_years[torch.from_numpy(anchors)])

    def _read(self, rows: Rows) -> Pool:
        batches = list(read_tiles(self.tiles.iloc[rows], failures=self.failures))
        if not batches:
            raise StageError(f"training: no tile could be read: {self.failures}")
        held, pixels = (np.concatenate(parts) for parts in zip(*batches, strict=True))
        place = np.full(len(self.tiles), -1)
        place[rows[held]] = np.arange(len(held))
        return pixels, place
