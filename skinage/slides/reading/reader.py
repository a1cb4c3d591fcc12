"""The parent's end of a reader process: ask, and get pixels or a reason.

A reader process that crashes or hangs is one failed slide: it is ended, another is started, and the
requests behind the failed one are asked again, unless they are for the same slide. One that is
killed from outside is asked again.
"""

import atexit
import os
import signal
import threading
from collections import deque
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skinage.errors import SlideError
from skinage.slides.reading.memory import SharedPixels
from skinage.slides.reading.process import ReaderProcess

TIME_LIMIT_S = 60.0
N_CORES = len(os.sched_getaffinity(0))


class Reader:
    """A reader process, started when first asked; requests are answered in their order.

    Parameters
    ----------
    time_limit_s
        Longest time for one request, in seconds; after it the process counts as hanging.
    n_threads
        Number of threads that decode.
    memory
        Shared memory for the pixels; a new one if not given.
    """

    def __init__(
        self,
        time_limit_s: float = TIME_LIMIT_S,
        n_threads: int = min(8, N_CORES),
        memory: SharedPixels | None = None,
    ) -> None:
        self.time_limit_s, self.n_threads = time_limit_s, n_threads
        self.pixels = memory or SharedPixels()
        self.waiting: deque[dict[str, Any]] = deque()
        self._lock = threading.Lock()
        self._process: ReaderProcess | None = None

    def header_of(self, path: str) -> dict[str, Any]:
        """Return a slide's ``header``, ``reader`` and ``reason``; threads take turns."""
        with self._lock:
            self.ask({"path": path})
            return self.wait_for_next()

    def read(self, request: dict[str, Any]) -> NDArray[np.uint8]:
        """Return the pixels of a request; threads take turns."""
        with self._lock:
            self.ask(request)
            self.wait_for_next()
            return self.pixels.array(request["offset"], _shape(request)).copy()

    def ask(self, request: dict[str, Any]) -> None:
        """Send a request, without waiting.

        Parameters
        ----------
        request
            ``path``; for pixels also ``corners`` (n, 2) and ``extent`` in level-0 px, ``size``
            (width, height) in px, and ``offset``, the first byte in the shared memory. Without
            ``corners`` the header is asked for.
        """
        if "corners" in request:
            self.pixels.reserve(request["offset"] + int(np.prod(_shape(request))))
        if not self.waiting and self._process and self._process.process.poll() is not None:
            self._end()  # it ended while no request was under way
        self.waiting.append(request)
        if self._process:
            self._process.send(request)
        else:
            self._start()

    def wait_for_next(self) -> dict[str, Any]:
        """Wait for the answer to the oldest request; its pixels lie in the shared memory then.

        Raises
        ------
        SlideError
            If they cannot be read or trusted, or the process crashed or hung over them.
        """
        request = self.waiting[0]
        while "problem" not in request:
            try:
                answer, problem = (self._process or self._start()).receive(self.time_limit_s)
            except BaseException:  # interrupted half-way: what comes next would be the wrong answer
                self.close()
                raise
            if not problem:
                break
            self._start_again(request, problem)
        self.waiting.popleft()
        if "problem" in request:
            place = f"{place_of(request)}: " if "corners" in request else ""
            raise SlideError(f"{request['path']}: {place}{request['problem']}")
        if "problem" in answer:
            raise SlideError(f"{request['path']}: {answer['problem']}")
        return answer

    def _start_again(self, culprit: dict[str, Any], problem: str) -> None:
        """Fail the other requests for a slide that ended the process; send the rest again."""
        code = self._process and self._process.process.poll()
        self._end()
        if code == -signal.SIGKILL and "killed" not in culprit:
            culprit["killed"] = True  # from outside (out of memory?): the slide gets another try
        else:
            for request in self.waiting:
                if request["path"] == culprit["path"]:
                    request["problem"] = problem
        if any("problem" not in request for request in self.waiting):
            self._start()

    def close(self) -> None:
        """End the process and forget what was asked."""
        self.waiting.clear()
        self._end()

    def _start(self) -> ReaderProcess:
        self._process = ReaderProcess(self.pixels.fd, self.n_threads)
        for request in self.waiting:
            if "problem" not in request:
                self._process.send(request)
        return self._process

    def _end(self) -> None:
        if self._process:
            self._process.end()
            self._process = None


def _shape(request: dict[str, Any]) -> tuple[int, int, int, int]:
    return len(request["corners"]), request["size"][1], request["size"][0], 3


def place_of(request: dict[str, Any]) -> str:
    """Return in words where the rectangles of a request lie, in level-0 px."""
    left, top = request["corners"].min(axis=0)
    right, bottom = request["corners"].max(axis=0) + request["extent"]
    return f"x {left:.0f} to {right:.0f}, y {top:.0f} to {bottom:.0f}"


@cache
def default_reader() -> Reader:
    """Return the reader process that single reads share; a forked process gets one of its own."""
    reader = Reader()
    atexit.register(reader.close)
    return reader


os.register_at_fork(after_in_child=default_reader.cache_clear)
