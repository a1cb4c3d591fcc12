"""Pixels of a tile table, batch by batch, decoded while the caller works on the batches before.

tile table -> pieces (tiles of one slide within one batch) -> reader processes, in turn -> shared
memory, a slot per batch -> batches in order. Pieces of several slides are under way at once, so
that no reader waits while another opens a slide.
"""

import itertools
import os
from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skinage.errors import SettingError, SlideError
from skinage.slides.reading.pool import Pool, borrowed
from skinage.slides.reading.reader import Reader

PIECE_TILES = 128
MOST_ASKED = 32
OPEN_SLIDES = 4
SLOTS = 3
"""Batches in shared memory: the caller's and two that are being decoded."""
Batches = Generator[tuple[NDArray[np.intp], NDArray[np.uint8]], None, None]


@dataclass(frozen=True)
class _Piece:
    """The part of a batch that lies on one slide: its place in the batch, and the request."""

    batch: int
    places: slice
    slide_id: str
    request: dict[str, object]


def read_tiles(
    tiles: pd.DataFrame,
    *,
    batch_size: int = 256,
    failures: dict[str, str] | None = None,
) -> Batches:
    """Read the pixels of a tile table slide by slide; the next batches are decoded meanwhile.

    Parameters
    ----------
    tiles
        The tile table; it needs the columns slide_id, path, x, y, extent_px, and one tile_px for
        all.
    batch_size
        Tiles per batch; the last batch may be smaller.
    failures
        A dict to fill: slides that cannot be read are skipped, and the dict takes the reason by
        slide_id. Without it, such a slide is an error.

    Yields
    ------
    rows
        (n,) positions in the table: slides as they first appear, rows of a slide by extent, then in
        their order.
    pixels
        (n, tile_px, tile_px, 3) uint8 RGB; the array belongs to the caller.

    Raises
    ------
    SettingError
        If ``batch_size`` is below 1.
    SlideError
        If a slide cannot be read and ``failures`` is not given.
    """
    if batch_size < 1:
        raise SettingError(f"read_tiles: batch_size is {batch_size}; expected 1 at least")
    if tiles.empty:
        return
    sizes = sorted(set(tiles["tile_px"]))
    if len(sizes) > 1:
        raise SlideError(f"tiles of one batch must have one size; found tile_px {sizes}")
    shape = (int(sizes[0]), int(sizes[0]), 3)
    order = np.lexsort((tiles["extent_px"], pd.factorize(tiles["path"])[0]))
    with borrowed() as pool:
        readers = _Readers(pool, _pieces(tiles, order, shape[0], batch_size))
        for batch, start in enumerate(range(0, len(order), batch_size)):
            rows = order[start : start + batch_size]
            kept = np.ones(len(rows), bool)
            readers.wait_for(batch, kept, strict=failures is None)
            if failures is not None:
                failures.update(readers.failures)
            if kept.any():
                slot = (batch % SLOTS) * batch_size * int(np.prod(shape))
                pixels = pool.memory.array(slot, (len(rows), *shape))
                yield rows[kept], pixels.copy() if kept.all() else pixels[kept]


def read_pixels(tiles: pd.DataFrame) -> NDArray[np.uint8]:
    """Read some tiles at once, to look at them.

    Parameters
    ----------
    tiles
        The tile table, as in :func:`read_tiles`; all its pixels lie in memory.

    Returns
    -------
    numpy.ndarray
        (n, tile_px, tile_px, 3) uint8 RGB, in the order of the table.

    Raises
    ------
    SlideError
        If a slide cannot be read, or there are no tiles.
    """
    if tiles.empty:
        raise SlideError("read_pixels: the tile table is empty; expected at least one tile")
    batches = list(read_tiles(tiles))
    order = np.argsort(np.concatenate([rows for rows, _ in batches]))
    return np.concatenate([pixels for _, pixels in batches])[order]


class _Readers:
    """Send pieces to reader processes in turn, and wait for the batch that is due."""

    def __init__(self, pool: Pool, todo: Iterator[_Piece]) -> None:
        self.failures: dict[str, str] = {}
        self._readers = pool.readers
        self._todo = todo
        self._next = next(todo, None)
        self._asked: deque[tuple[_Piece, Reader | None]] = deque()
        self._opened = [deque[str](maxlen=OPEN_SLIDES) for _ in pool.readers]

    def wait_for(self, batch: int, kept: NDArray[np.bool_], strict: bool) -> None:
        """Wait until a batch is complete; mark as not kept where a slide failed (or raise)."""
        self._ask_ahead(batch)
        while self._asked and self._asked[0][0].batch == batch:
            piece, reader = self._asked.popleft()
            try:
                if reader is None:
                    raise SlideError(self.failures[piece.slide_id])
                reader.wait_for_next()
            except SlideError as error:
                if strict:
                    raise
                self.failures.setdefault(piece.slide_id, str(error))
                kept[piece.places] = False
            self._ask_ahead(batch)

    def _ask_ahead(self, batch: int) -> None:
        """Ask for pieces of the next batches, as far as slots and the limit of requests allow."""
        while self._next and self._next.batch < batch + SLOTS and len(self._asked) < MOST_ASKED:
            reader = None  # nothing more is asked of a slide that has failed
            if self._next.slide_id not in self.failures:
                reader = self._reader_for(str(self._next.request["path"]))
                reader.ask(self._next.request)
            self._asked.append((self._next, reader))
            self._next = next(self._todo, None)

    def _reader_for(self, path: str) -> Reader:
        """Choose the reader with least to do; to open a slide counts as two pieces."""
        busy = [
            sum(other is reader for _, other in self._asked) + 2 * (path not in opened)
            for reader, opened in zip(self._readers, self._opened, strict=True)
        ]
        number = busy.index(min(busy))
        if path not in self._opened[number]:
            self._opened[number].append(path)
        return self._readers[number]


def _pieces(
    tiles: pd.DataFrame, order: NDArray[np.intp], tile_px: int, batch_size: int
) -> Iterator[_Piece]:
    table = tiles.iloc[order]
    paths, ids = table["path"].to_numpy(), table["slide_id"].to_numpy()
    corners, extents = table[["x", "y"]].to_numpy(np.float64), table["extent_px"].to_numpy(float)
    starts = _starts(paths, extents, batch_size).tolist()
    for first, end in itertools.pairwise([*starts, len(order)]):
        batch, place = divmod(first, batch_size)
        request = {
            "path": os.path.abspath(paths[first]),
            "corners": corners[first:end],
            "extent": (extents[first], extents[first]),
            "size": (tile_px, tile_px),
            "offset": ((batch % SLOTS) * batch_size + place) * tile_px**2 * 3,
        }
        yield _Piece(batch, slice(place, place + end - first), ids[first], request)


def _starts(
    paths: NDArray[np.object_], extents: NDArray[np.float64], batch_size: int
) -> NDArray[np.intp]:
    """Return where pieces begin: at each batch, slide and extent, and after ``PIECE_TILES``."""
    place = np.arange(len(paths))
    is_first = place % batch_size == 0
    is_first[1:] |= (paths[1:] != paths[:-1]) | (extents[1:] != extents[:-1])
    since_first = place - np.maximum.accumulate(np.where(is_first, place, 0))
    return np.flatnonzero(since_first % PIECE_TILES == 0)
