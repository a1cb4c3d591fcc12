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
        self.memory = SharedPixels()
        n_threads = max(1, N_CORES // N_READERS)
        self.readers = [Reader(TIME_LIMIT_S, n_threads, self.memory) for _ in range(N_READERS)]


_idle: list[Pool] = []
os.register_at_fork(after_in_child=_idle.clear)  # those of the parent process are the parent's


@contextmanager
def borrowed() -> Iterator[Pool]:
    """Lend reader processes: those of the task before, if they are free."""
    pool = _idle.pop() if _idle else Pool()
    try:
        yield pool
    finally:
        for reader in pool.readers:
            if reader.waiting:  # the task ended early
                reader.close()
        pool.memory.empty()
        close_idle()  # two tasks at once had two pools
        _idle.append(pool)


@atexit.register
def close_idle() -> None:
    """End the reader processes that wait for a task; the next task starts others."""
    while _idle:
        for reader in _idle.pop().readers:
            reader.close()
