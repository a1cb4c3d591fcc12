"""The reader process: opens slides, reads pixels into shared memory, never imports torch.

It answers one request after the other until its parent closes the connection. An error of one slide
is an answer; only a crash of native code ends it, and the parent starts another.
"""

import ctypes
import os
import signal
import sys
import warnings
from functools import lru_cache
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skinage.errors import SlideError
from skinage.slides.integrity.screen import which_reader
from skinage.slides.reading.backends import Backend, open_backend
from skinage.slides.reading.memory import SharedPixels
from skinage.slides.reading.reader import place_of
from skinage.slides.reading.resample import read_resampled
from skinage.slides.scale import finest_needed

OPEN_SLIDES = 4

Request = dict[str, Any]
Identity = tuple[int, int, int]


class _Opened(NamedTuple):
    backend: Backend
    reader: str
    reason: str


def serve(connection_fd: int, memory_fd: int, n_threads: int) -> None:
    """Answer requests until the parent process closes the connection or dies.

    Parameters
    ----------
    connection_fd
        An end of a socket pair; dicts travel over it.
    memory_fd
        A file in memory into which pixels are written.
    n_threads
        Number of threads that decode.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends this one
    warnings.simplefilter("ignore")  # standard error is only for what the decoders print
    connection, memory = Connection(connection_fd), SharedPixels(memory_fd)
    while True:
        try:
            request = connection.recv()
        except (EOFError, ConnectionResetError):
            return
        try:
            answer = _answer(request, memory, n_threads)
        except Exception as error:  # slides fail in many ways; the answer carries the reason
            # OpenSlide refuses everything after one error: the next request opens the file again.
            _opened.cache_clear()
            answer = {"problem": str(error) or type(error).__name__}
        connection.send(answer)


def _answer(request: Request, memory: SharedPixels, n_threads: int) -> Request:
    slide = _opened(request["path"], _identity(request["path"]), n_threads)
    if "corners" not in request:
        return {"header": slide.backend.header, "reader": slide.reader, "reason": slide.reason}
    corners, size = request["corners"], request["size"]
    pixels = memory.array(request["offset"], (len(corners), size[1], size[0], 3))
    try:
        _read(request, pixels, n_threads)
    except Exception:
        # Only now, when it matters, is every tile read by itself, so that the bad one is named.
        _opened.cache_clear()
        for index in range(len(corners)):
            one = np.s_[index : index + 1]
            _read(request | {"corners": corners[one]}, pixels[one], n_threads)
        raise
    return {}


def _read(request: Request, pixels: NDArray[np.uint8], n_threads: int) -> None:
    """Read some rectangles of a slide; raise for anything that makes their pixels doubtful."""
    path, extent, identity = request["path"], request["extent"], _identity(request["path"])
    slide = _opened(path, identity, n_threads)
    level = finest_needed(slide.backend.header.downsamples, extent[0] / request["size"][0])
    _complaint()
    try:
        read_resampled(slide.backend, level, request["corners"], extent, pixels)
        # cuCIM raises nothing when a tile cannot be decoded: it prints a line and gives zeros or
        # old bytes. What was printed while it read is therefore an error.
        problem = _complaint() if slide.reader == "cuCIM" else ""
    except Exception as error:
        problem = str(error) or type(error).__name__
    if not problem and _identity(path) != identity:
        problem = "the file was changed while it was read; wait until it is complete"
    if problem:
        raise SlideError(f"level {level}, {place_of(request)}: {problem}")


@lru_cache(OPEN_SLIDES)
def _opened(path: str, identity: Identity, n_threads: int) -> _Opened:
    """Open a slide; a file that was replaced has another identity, and is opened again."""
    reader, reason = which_reader(path)
    return _Opened(open_backend(path, reader, n_threads), reader, reason)


def _identity(path: str) -> Identity:
    if not os.path.isfile(path):
        raise SlideError("no such file")
    status = os.stat(path)
    return status.st_ino, status.st_size, status.st_mtime_ns


def _complaint() -> str:
    """Return what was printed since the last call (the parent made stdout and stderr a file)."""
    sys.stdout.flush()
    ctypes.CDLL(None).fflush(None)  # what C libraries have printed but not yet written
    size = os.fstat(2).st_size
    if not size:
        return ""
    text = os.pread(2, size, 0).decode(errors="replace")
    os.ftruncate(2, 0)
    os.lseek(2, 0, os.SEEK_SET)
    return " ".join(text.split())
