"""Batches of tiles as tensors on the device of a model.

Tiles are decoded by the CPU and copied to a GPU from page-locked memory, while the caller works on
the batch before. They are not decoded on the GPU: a decoder there was never measured to be faster
with this package, nor to refuse damaged tiles as the reader processes do.
"""

from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from skinage.errors import StageError

if TYPE_CHECKING:
    import torch

N_BUFFERS = 3
Batches = Generator[tuple[NDArray[np.intp], NDArray[np.uint8]], None, None]
Arrival = Callable[[], "torch.Tensor"]
Send = Callable[[NDArray[np.uint8]], Arrival]


class DeviceBatches:
    """Batches on a device: iterate over ``(rows, pixels)``, pixels (n, h, w, 3) uint8 tensors.

    Attributes
    ----------
    device
        Where the tensors lie.
    decoder, reason
        What decodes the tiles, and why.

    Raises
    ------
    StageError
        If the device is not there.
    """

    def __init__(self, batches: Batches, device: str) -> None:
        import torch

        self.device = torch.device(device)
        if self.device.type == "cuda" and not torch.cuda.is_available():
            raise StageError(f"read_tiles: device {device!r} is asked for, but no GPU is there")
        self.decoder = "CPU"
        self.reason = "decoding on the GPU is neither measured to be faster nor known to be safe"
        if self.device.type == "cuda":
            self.reason += "; batches are copied from page-locked memory"
        self._batches = batches
        self._iterator = self._ahead()

    def __iter__(self) -> Iterator[tuple[NDArray[np.intp], "torch.Tensor"]]:
        return self._iterator

    def __next__(self) -> tuple[NDArray[np.intp], "torch.Tensor"]:
        return next(self._iterator)

    def close(self) -> None:
        """End the reading half-way; nothing is left running."""
        self._iterator.close()
        self._batches.close()

    def _ahead(self) -> Generator[tuple[NDArray[np.intp], "torch.Tensor"], None, None]:
        """Send a batch on its way before the one before it is worked on."""
        on_gpu = self.device.type == "cuda"
        send = _PinnedCopy(self.device) if on_gpu else _plain_copy(self.device)
        before = None
        for rows, pixels in self._batches:
            after = rows, send(pixels)
            if before is not None:
                yield before[0], before[1]()
            before = after
        if before is not None:
            yield before[0], before[1]()


def _plain_copy(device: "torch.device") -> "Send":
    import torch

    def send(pixels: NDArray[np.uint8]) -> "Arrival":
        tensor = torch.from_numpy(pixels).to(device)
        return lambda: tensor

    return send


class _PinnedCopy:
    """Copies batches to a GPU beside the work that goes on there."""

    def __init__(self, device: "torch.device") -> None:
        import torch

        self.device, self.stream, self.turn = device, torch.cuda.Stream(device), 0
        self.buffers = [torch.empty(0, dtype=torch.uint8, pin_memory=True)] * N_BUFFERS
        self.copied = [torch.cuda.Event() for _ in range(N_BUFFERS)]

    def __call__(self, pixels: NDArray[np.uint8]) -> "Arrival":
        """Begin to copy; what is given waits for it, in the stream that uses the tensor."""
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
