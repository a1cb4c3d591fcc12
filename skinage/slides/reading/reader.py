"""The parent's end of a reader process: ask, and get pixels or a reason.

A reader process that crashes or hangs is one failed slide: it is ended, another is started, and the
requests behind the failed one are asked again, unless they are for the same slide. One that is
killed from outside is asked again.
"""

import atexit
import os
import threading
from collections import deque
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
        self.pixels, self._owns_memory = memory or SharedPixels(), memory is None
        self._lock = threading.Lock()
        self._waiting: deque[dict[str, Any]] = deque()
        self._process: ReaderProcess | None = None

    def header_of(self, path: str) -> dict[str, Any]:
        """Return a slide's ``header``, ``reader`` and ``reason``; threads take turns."""
        with self._lock:
            self.ask({"path": path})
            return self._next()

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
        if self._process is not None and not (self._waiting or self._process.is_running):
            self._end()  # it ended while no request was under way
        self._waiting.append(request)
        if self._process is None:
            self._start()
        else:
            self._process.send(request)

    @property
    def is_asked(self) -> bool:
        """Whether requests wait for an answer."""
        return bool(self._waiting)

    def wait_for_next(self) -> None:
        """Wait until the pixels of the oldest request lie in the shared memory.

        Raises
        ------
        SlideError
            If they cannot be read or trusted, or the process crashed or hung over them.
        """
        self._next()

    def _next(self) -> dict[str, Any]:
        """Wait for the answer to the oldest request."""
        request = self._waiting[0]
        while "problem" not in request:
            try:
                process = self._process or self._start()
                answer, problem = process.receive(self.time_limit_s)
            except BaseException:  # interrupted half-way: what comes next would be the wrong answer
                self.close_process()
                raise
            if not problem:
                break
            self._start_again(request, problem)
        self._waiting.popleft()
        if "problem" in request:
            raise SlideError(f"{request['path']}: {_place(request)}{request['problem']}")
        if "problem" in answer:
            raise SlideError(f"{request['path']}: {answer['problem']}")
        return answer

    def _start_again(self, culprit: dict[str, Any], problem: str) -> None:
        """Fail the other requests for a slide that ended the process; send the rest again."""
        was_killed = self._process is not None and self._process.was_killed
        self._end()
        if was_killed and "killed" not in culprit:
            culprit["killed"] = True  # from outside (out of memory?): the slide gets another try
        else:
            for request in self._waiting:
                if request["path"] == culprit["path"]:
                    request["problem"] = problem
        if any("problem" not in request for request in self._waiting):
            self._start()

    def close_process(self) -> None:
        """End the process and forget what was asked."""
        self._waiting.clear()
        self._end()

    def close(self) -> None:
        """End the process, and give back the memory if it is the reader's own."""
        self.close_process()
        if self._owns_memory:
            self.pixels.close()

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self) -> ReaderProcess:
        self._process = ReaderProcess(self.pixels.fd, self.n_threads)
        for request in self._waiting:
            if "problem" not in request:
                self._process.send(request)
        return self._process

    def _end(self) -> None:
        if self._process is not None:
            self._process.end()
            self._process = None


def _shape(request: dict[str, Any]) -> tuple[int, int, int, int]:
    return len(request["corners"]), request["size"][1], request["size"][0], 3


def _place(request: dict[str, Any]) -> str:
    if "corners" not in request:
        return ""
    (left, top), (right, bottom) = request["corners"].min(axis=0), request["corners"].max(axis=0)
    right, bottom = right + request["extent"][0], bottom + request["extent"][1]
    return f"x {left:.0f} to {right:.0f}, y {top:.0f} to {bottom:.0f}: "


_default: tuple[int, Reader] | None = None


def default_reader() -> Reader:
    """Return the reader process that single reads share; a forked process gets one of its own."""
    global _default
    if _default is None or _default[0] != os.getpid():
        reader = Reader()
        atexit.register(reader.close)
        _default = (os.getpid(), reader)
    return _default[1]
