"""The parent's end of a reader process: ask, and get pixels or a reason.

A reader process that crashes or hangs is one failed request: it is ended, the next request starts
another, and the requests behind the failed one are asked again.
"""

import atexit
import mmap
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections import deque
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skinage.errors import SlideError

TIME_LIMIT_S = 60.0
START = "import sys; sys.path[:] = {path!r}; from skinage.slides.server import serve; serve{fds}"


class SharedPixels:
    """A nameless file in memory, seen by both processes; nothing is left when they are gone."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.memory: mmap.mmap | None = None

    def array(self, offset: int, shape: tuple[int, ...]) -> NDArray[np.uint8]:
        """Give the bytes from ``offset`` on as an array; the file grows as needed."""
        end = offset + int(np.prod(shape))
        if os.fstat(self.fd).st_size < end:
            os.ftruncate(self.fd, end)
        if self.memory is None or len(self.memory) < end:
            self.memory = mmap.mmap(self.fd, 0)
        return np.frombuffer(self.memory, np.uint8, end - offset, offset).reshape(shape)


class Reader:
    """A reader process, started when first asked; requests are answered in their order.

    Parameters
    ----------
    time_limit_s
        How long one request may take before the process is taken to hang.
    """

    def __init__(self, time_limit_s: float = TIME_LIMIT_S) -> None:
        self.time_limit_s = time_limit_s
        self.pixels = SharedPixels(os.memfd_create("skinage-pixels"))
        self._lock = threading.Lock()
        self._waiting: deque[dict[str, Any]] = deque()
        self._process: subprocess.Popen[bytes] | None = None

    def header_of(self, path: str) -> dict[str, Any]:
        """Open a slide: ``header`` (a `Header`), ``reader`` and ``reason``; threads take turns."""
        with self._lock:
            self.ask({"path": path})
            return self._next()[1]

    def read(self, request: dict[str, Any]) -> NDArray[np.uint8]:
        """Ask for pixels and wait for them; threads take turns."""
        with self._lock:
            self.ask(request)
            return self.pixels_of_next()

    def ask(self, request: dict[str, Any]) -> None:
        """Send a request, without waiting.

        Parameters
        ----------
        request
            ``path``; for pixels also ``corners`` (n, 2) and ``extent`` in level-0 px, ``size``
            (width, height) in px, and ``offset``: where in the shared memory they shall lie.
            Without ``corners``, the header is asked for.
        """
        self._waiting.append(request)
        if self._process is None or (self._process.poll() is not None and len(self._waiting) == 1):
            self._start()
        else:
            self._send(request)

    def pixels_of_next(self) -> NDArray[np.uint8]:
        """Wait for the pixels of the oldest request: a copy (n, height, width, 3).

        Raises
        ------
        SlideError
            If they cannot be read or trusted, or the process crashed or hung over them.
        """
        request, _ = self._next()
        shape = (len(request["corners"]), request["size"][1], request["size"][0], 3)
        return self.pixels.array(request["offset"], shape).copy()

    def _next(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Wait for the answer to the oldest request, and give both."""
        try:
            answer, problem = self._receive()
        except BaseException:  # interrupted half-way: what comes next would be the wrong answer
            self.close()
            raise
        request = self._waiting.popleft()
        if problem:
            self._stop()
            if self._waiting:
                self._start()
        problem = problem or answer.get("problem", "")
        if problem:
            raise SlideError(f"{_place(request)}: {problem}")
        return request, answer

    def close(self) -> None:
        """End the process and forget what was asked."""
        self._waiting.clear()
        self._stop()

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        os.close(self.pixels.fd)

    def _start(self) -> None:
        self._stop()
        ours, theirs = socket.socketpair()
        fds = (theirs.fileno(), self.pixels.fd)
        # Not multiprocessing: it would run the user's __main__ again, and with it import torch.
        code = START.format(path=sys.path, fds=fds)
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 (closed by _stop)
        self._process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.DEVNULL,
            stdout=self._said,
            stderr=self._said,
            pass_fds=fds,
        )
        theirs.close()
        self._connection = Connection(ours.detach())
        for request in self._waiting:
            self._send(request)

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._connection.close()
            self._said.close()
            self._process = None

    def _send(self, request: dict[str, Any]) -> None:
        try:
            self._connection.send(request)
        except (BrokenPipeError, ConnectionResetError):
            return  # the process is gone: `answer` will find out, and say so

    def _receive(self) -> tuple[dict[str, Any], str]:
        try:
            if self._connection.poll(self.time_limit_s):
                return self._connection.recv(), ""
        except (EOFError, ConnectionResetError):
            return {}, self._last_words()
        return {}, f"no answer within {self.time_limit_s:g} s, the reader process was ended"

    def _last_words(self) -> str:
        code = self._process.wait(timeout=5) if self._process else None
        said = os.pread(self._said.fileno(), 10000, 0).decode(errors="replace").split("\n")
        last = next((line for line in reversed(said) if line.strip()), "it said nothing")
        return f"the reader process ended (code {code}): {last.strip()}"


def _place(request: dict[str, Any]) -> str:
    if "corners" not in request:
        return str(request["path"])
    (left, top), (right, bottom) = request["corners"].min(axis=0), request["corners"].max(axis=0)
    right, bottom = right + request["extent"][0], bottom + request["extent"][1]
    return f"{request['path']}, x {left:.0f} to {right:.0f}, y {top:.0f} to {bottom:.0f}"


_default: tuple[int, Reader] | None = None


def default_reader() -> Reader:
    """Give the reader process that single reads share; a forked process gets one of its own."""
    global _default
    if _default is None or _default[0] != os.getpid():
        reader = Reader()
        atexit.register(reader.close)
        _default = (os.getpid(), reader)
    return _default[1]
