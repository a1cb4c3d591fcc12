"""Pixels of a tile table, batch by batch, decoded while the caller works on the batch before."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skinage.errors import SlideError
from skinage.slides.reader import Reader

MOST_ASKED = 32
Batch = tuple[NDArray[np.intp], NDArray[np.uint8]]


@dataclass(frozen=True)
class _Piece:
    """The part of a batch that lies on one slide."""

    batch: int
    rows: NDArray[np.intp]
    slide_id: str
    request: dict[str, object]


def read_tiles(
    tiles: pd.DataFrame, batch_size: int = 256, failures: dict[str, str] | None = None
) -> Iterator[Batch]:
    """Read the pixels of a tile table slide by slide; the next batch is decoded meanwhile.

    Parameters
    ----------
    tiles
        Needs the columns slide_id, path, x, y, extent_px, and one tile_px for all.
    batch_size
        Tiles per batch; the last may be smaller.
    failures
        If given, takes the reason by slide_id, and tiles of slides that fail are left out.

    Yields
    ------
    rows
        (n,) positions in the table: slides as they first appear, rows of a slide in their order.
    pixels
        (n, tile_px, tile_px, 3) uint8 RGB; the caller's to keep.

    Raises
    ------
    SlideError
        If a slide cannot be read and ``failures`` is not given.
    """
    todo, asked = deque(_pieces(tiles, batch_size)), deque[_Piece]()
    failed: dict[str, str] = {} if failures is None else failures
    with Reader() as reader:
        for batch in range(todo[-1].batch + 1 if todo else 0):
            rows, pixels = [], []
            while (asked or todo) and (asked or todo)[0].batch == batch:
                _ask_ahead(reader, todo, asked, batch, failed)
                if not asked:
                    continue  # what was left of this batch lies on slides that failed before
                piece = asked.popleft()
                try:
                    pixels.append(reader.pixels_of_next())
                    rows.append(piece.rows)
                except SlideError as error:
                    if failures is None:
                        raise
                    failed.setdefault(piece.slide_id, str(error))
            _ask_ahead(reader, todo, asked, batch, failed)
            if rows:
                yield (
                    np.concatenate(rows),
                    pixels[0] if len(pixels) == 1 else np.concatenate(pixels),
                )


def read_pixels(tiles: pd.DataFrame) -> NDArray[np.uint8]:
    """Read some tiles at once, to look at them: ``(n, tile_px, tile_px, 3)`` in table order.

    Parameters
    ----------
    tiles
        As for :func:`read_tiles`; all pixels lie in memory.

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


def _ask_ahead(
    reader: Reader, todo: deque[_Piece], asked: deque[_Piece], batch: int, failed: dict[str, str]
) -> None:
    """Ask for what is left of this batch and for the next one; the shared memory holds both."""
    while todo and todo[0].batch <= batch + 1 and len(asked) < MOST_ASKED:
        piece = todo.popleft()
        if piece.slide_id not in failed:
            reader.ask(piece.request)
            asked.append(piece)


def _pieces(tiles: pd.DataFrame, batch_size: int) -> Iterator[_Piece]:
    if tiles.empty:
        return
    sizes = sorted(set(tiles["tile_px"]))
    if len(sizes) > 1:
        raise SlideError(f"tiles of one batch must have one size; found tile_px {sizes}")
    size = (int(sizes[0]), int(sizes[0]))
    bytes_per_tile = size[0] * size[1] * 3
    paths, ids = tiles["path"].to_numpy(), tiles["slide_id"].to_numpy()
    corners, extents = tiles[["x", "y"]].to_numpy(np.float64), tiles["extent_px"].to_numpy(float)
    slides = pd.factorize(tiles["path"])[0]
    order = np.lexsort((np.arange(len(tiles)), extents, slides))
    for batch, start in enumerate(range(0, len(order), batch_size)):
        rows = order[start : start + batch_size]
        cuts = np.flatnonzero(np.diff(slides[rows]) | (np.diff(extents[rows]) != 0)) + 1
        place = (batch % 2) * batch_size  # the two halves of the shared memory take turns
        for part in np.split(rows, cuts):
            request = {
                "path": paths[part[0]],
                "corners": corners[part],
                "extent": (extents[part[0]], extents[part[0]]),
                "size": size,
                "offset": place * bytes_per_tile,
            }
            place += len(part)
            yield _Piece(batch, part, ids[part[0]], request)
