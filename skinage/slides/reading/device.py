"""Batches of tiles as tensors on the device of a model.

Tiles are decoded by the CPU and copied to a GPU from page-locked memory, while the caller works on
the batch before. They are not decoded on the GPU: a decoder there was never measured to be faster
with this package, nor to refuse damaged tiles as the reader processes do.
"""

import itertools
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skinage.errors import SettingError
from skinage.slides.reading.batches import Batches, read_tiles

if TYPE_CHECKING:
    import torch

TensorBatches = Generator[tuple[NDArray[np.intp], "torch.Tensor"], None, None]


def read_tensors(
    tiles: pd.DataFrame,
    *,
    batch_size: int = 256,
    failures: dict[str, str] | None = None,
    device: str = "auto",
) -> TensorBatches:
    """Read the pixels of a tile table as tensors on a device; the next batches are read meanwhile.

    Parameters
    ----------
    tiles, batch_size, failures
        As in :func:`skinage.read_tiles`.
    device
        ``"cpu"``, ``"cuda"``, or ``"auto"``, which is a GPU if there is one.

    Yields
    ------
    rows
        (n,) positions in the table, in the order of :func:`skinage.read_tiles`.
    pixels
        (n, tile_px, tile_px, 3) uint8 RGB tensor on the device.

    Raises
    ------
    SettingError
        If the device is unknown or not there.
    SlideError
        If a slide cannot be read and ``failures`` is not given.
    """
    import torch

    if device not in ("auto", "cpu", "cuda"):
        raise SettingError(f"read_tensors: device is {device!r}; expected 'auto', 'cpu' or 'cuda'")
    has_gpu = torch.cuda.is_available()
    if device == "cuda" and not has_gpu:
        raise SettingError(
            "read_tensors: device is 'cuda', but torch finds no GPU; use 'auto' or 'cpu'"
        )
    on_gpu = has_gpu and device != "cpu"
    return _sent(read_tiles(tiles, batch_size=batch_size, failures=failures), on_gpu)


def _sent(batches: Batches, on_gpu: bool) -> TensorBatches:
    import torch

    with closing(batches):
        if not on_gpu:
            yield from ((rows, torch.from_numpy(pixels)) for rows, pixels in batches)
            return
        beside = torch.cuda.Stream()
        sent: Iterator[Any] = ((rows, *_copied(pixels, beside)) for rows, pixels in batches)
        # Each batch is on its way before the one before it is worked on.
        for (rows, tensor, arrival), _ in itertools.pairwise(itertools.chain(sent, [None])):
            here = torch.cuda.current_stream()
            here.wait_event(arrival)
            tensor.record_stream(here)  # its memory is not used again before work here is done
            yield rows, tensor


def _copied(
    pixels: NDArray[np.uint8], beside: "torch.cuda.Stream"
) -> tuple["torch.Tensor", "torch.cuda.Event"]:
    """Begin to copy pixels to the GPU beside the work that goes on there."""
    import torch

    with torch.cuda.stream(beside):
        tensor = torch.from_numpy(pixels).pin_memory().to("cuda", non_blocking=True)
    return tensor, beside.record_event()
