"""Batches of tiles as tensors on the device of a model.

Tiles are decoded by the CPU and copied to a GPU from page-locked memory, while the caller works on
the batch before. They are not decoded on the GPU: a decoder there was never measured to be faster
with this package, nor to refuse damaged tiles as the reader processes do.
"""

from collections.abc import Callable, Generator
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skinage.errors import SettingError
from skinage.slides.reading.batches import Batches, read_tiles

if TYPE_CHECKING:
    import torch

N_BUFFERS = 3
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
    """Send each batch on its way before the one before it is worked on."""
    import torch

    with closing(batches):
        if not on_gpu:
            yield from ((rows, torch.from_numpy(pixels)) for rows, pixels in batches)
            return
        send = _PinnedCopy(torch.device("cuda"))
        before = None
        for rows, pixels in batches:
            after = rows, send(pixels)
            if before is not None:
                yield before[0], before[1]()
            before = after
        if before is not None:
            yield before[0], before[1]()


class _PinnedCopy:
    """Copies batches to a GPU beside the work that goes on there."""

    def __init__(self, device: "torch.device") -> None:
        import torch

        self.device, self.stream, self.turn = device, torch.cuda.Stream(device), 0
        self.buffers = [torch.empty(0, dtype=torch.uint8, pin_memory=True)] * N_BUFFERS
        self.copied = [torch.cuda.Event() for _ in range(N_BUFFERS)]

    def __call__(self, pixels: NDArray[np.uint8]) -> Callable[[], "torch.Tensor"]:
        """Begin to copy; the result waits for the tensor, in the stream that uses it."""
        import torch

        self.turn = turn = (self.turn + 1) % N_BUFFERS
        self.copied[turn].synchronize()  # what this buffer held before has left it
        if self.buffers[turn].numel() < pixels.size:
            self.buffers[turn] = torch.empty(pixels.size, dtype=torch.uint8, pin_memory=True)
        buffer = self.buffers[turn][: pixels.size].view(pixels.shape)
        buffer.copy_(torch.from_numpy(pixels))
        with torch.cuda.stream(self.stream):
            tensor = buffer.to(self.device, non_blocking=True)
            self.copied[turn].record(self.stream)

        def arrived() -> torch.Tensor:
            here = torch.cuda.current_stream(self.device)
            here.wait_event(self.copied[turn])
            tensor.record_stream(here)  # its memory is not used again before work here is done
            return tensor

        return arrived
