"""Tiles to training batches, from the slides, within a bound of memory."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.utils.data import IterableDataset

from skinage.errors import StageError
from skinage.slides.batches import read_tiles


class TileStream(IterableDataset[Tensor]):
    """Random batches of tiles, epoch after epoch, read from slides through a bounded pool.

    A table that fits into the pool is read once and shuffled whole. A larger one is read again
    in every epoch, slides in random order, shuffled within a pool full of slides at a time.

    Parameters
    ----------
    tiles
        The tile table.
    batch_size
        Tiles in a batch; what is left at the end of an epoch waits for another epoch.
    seed
        The order depends on the seed and the epoch only, so that a resumed run repeats it.
    pool_gb
        Largest size of the pool in memory.

    Attributes
    ----------
    epoch
        Which order the next iteration takes.
    failures
        Slides that could not be read, with the reason; their tiles are not trained on.

    Raises
    ------
    StageError
        If there are fewer tiles than a batch.
    """

    def __init__(
        self, tiles: pd.DataFrame, batch_size: int, seed: int = 0, pool_gb: float = 2.0
    ) -> None:
        if len(tiles) < batch_size:
            raise StageError(
                f"training: found {len(tiles)} tiles, fewer than a batch of {batch_size}; "
                "take a smaller batch_size or more tiles per slide."
            )
        self.tiles = tiles.reset_index(drop=True)
        self.batch_size, self.seed, self.epoch = batch_size, seed, 0
        self.failures: dict[str, str] = {}
        tile_bytes = 3 * int(tiles["tile_px"].iloc[0]) ** 2
        self._pool_tiles = max(batch_size, int(pool_gb * 2**30 / tile_bytes))
        self._whole: np.ndarray | None = None

    def __len__(self) -> int:
        """Batches in an epoch."""
        return len(self.tiles) // self.batch_size

    def __iter__(self) -> Iterator[Tensor]:
        """Give the batches of one epoch, each ``(batch_size, 3, h, w)`` uint8."""
        random = np.random.default_rng([self.seed, self.epoch])
        left_over = None
        for pool in self._pools(random):
            if left_over is not None:
                pool = np.concatenate([left_over, pool])
            order = random.permutation(len(pool))
            full = len(pool) // self.batch_size * self.batch_size
            for start in range(0, full, self.batch_size):
                batch = pool[order[start : start + self.batch_size]]
                yield torch.from_numpy(batch).permute(0, 3, 1, 2)
            left_over = pool[order[full:]]

    def _pools(self, random: np.random.Generator) -> Iterator[np.ndarray]:
        if len(self.tiles) <= self._pool_tiles:
            if self._whole is None:
                self._whole = self._read(self.tiles)
            yield self._whole
            return
        slides = self.tiles["slide_id"].unique()
        rows_of = self.tiles.groupby("slide_id").indices
        chosen: list[np.ndarray] = []
        for slide in random.permutation(slides):
            chosen.append(rows_of[slide])
            if sum(map(len, chosen)) >= self._pool_tiles:
                yield self._read(self.tiles.iloc[np.concatenate(chosen)])
                chosen = []
        if chosen:
            yield self._read(self.tiles.iloc[np.concatenate(chosen)])

    def _read(self, tiles: pd.DataFrame) -> np.ndarray:
        batches = [pixels for _, pixels in read_tiles(tiles, failures=self.failures)]
        if not batches:
            raise StageError(f"training: no tile could be read. {self.failures}")
        return np.concatenate(batches)
