"""Reader processes that one task after the other uses, so that only the first waits for them."""

import atexit
import os
from collections.abc import Iterator
from contextlib import contextmanager

from skinage.slides.reading.memory import SharedPixels
from skinage.slides.reading.reader import N_CORES, TIME_LIMIT_S, Reader

N_READERS = min(4, N_CORES)


class Pool:
    """Some reader processes that write pixels into one shared memory; each starts when first asked.

    Attributes
    ----------
    readers
        Each with its share of the cores.
    memory
        The memory into which they write pixels.
    """

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.memory = SharedPixels()
        n_threads = max(1, N_CORES // N_READERS)
        self.readers = [Reader(TIME_LIMIT_S, n_threads, self.memory) for _ in range(N_READERS)]
        atexit.register(self.close)

    def rest(self) -> None:
        """End what is still being read, and give the memory back; idle processes stay."""
        for reader in self.readers:
            if reader.is_asked:
                reader.close_process()
        self.memory.empty()

    def close(self) -> None:
        """End the processes; those of a parent process are the parent's."""
        atexit.unregister(self.close)
        if self.pid == os.getpid():
            for reader in self.readers:
                reader.close_process()
            self.memory.close()


_idle: list[Pool] = []


@contextmanager
def borrowed() -> Iterator[Pool]:
    """Lend reader processes: those of the task before, if they are free."""
    pool = _idle.pop() if _idle else None
    if pool is None or pool.pid != os.getpid():
        pool = Pool()
    try:
        yield pool
    finally:
        pool.rest()
        _idle.append(pool)
        while len(_idle) > 1:  # two tasks at once had two pools
            _idle.pop(0).close()


def close_idle() -> None:
    """End the reader processes that wait for a task; the next task starts others."""
    while _idle:
        _idle.pop().close()
