"""Memory that two processes share, into which pixels are decoded."""

import mmap
import os
import weakref

import numpy as np
from numpy.typing import NDArray


class SharedPixels:
    """A nameless file in memory, seen by both processes; nothing is left when they are gone.

    Parameters
    ----------
    fd
        The file descriptor of an existing memory; a new one is made if not given.
    """

    def __init__(self, fd: int | None = None) -> None:
        self.fd = os.memfd_create("skinage-pixels") if fd is None else fd
        self.memory: mmap.mmap | None = None
        weakref.finalize(self, os.close, self.fd)  # arrays that were returned stay valid

    def reserve(self, size: int) -> None:
        """Make room for ``size`` bytes; for one process only, or another's growth is undone."""
        if os.fstat(self.fd).st_size < size:
            os.ftruncate(self.fd, size)

    def array(self, offset: int, shape: tuple[int, ...]) -> NDArray[np.uint8]:
        """Return the bytes from ``offset`` on as an array; there must be room for it."""
        end = offset + int(np.prod(shape))
        if self.memory is None or len(self.memory) < end:
            self.memory = mmap.mmap(self.fd, 0)
        return np.frombuffer(self.memory, np.uint8, end - offset, offset).reshape(shape)

    def empty(self) -> None:
        """Free the memory, while no process writes into it; it grows again when reserved."""
        self.memory = None
        os.ftruncate(self.fd, 0)
