"""The reader process: opens slides, reads pixels into shared memory, never imports torch.

It answers one request after the other until its parent closes the connection. An error of one slide
is an answer; only a crash of native code ends it, and the parent starts another.
"""

import ctypes
import os
import signal
import sys
import warnings
from collections import OrderedDict
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skinage.errors import SlideError
from skinage.slides.integrity.screen import which_reader
from skinage.slides.reading.backends import Backend, open_backend
from skinage.slides.reading.memory import SharedPixels
from skinage.slides.reading.resample import read_resampled
from skinage.slides.scale import finest_needed

OPEN_SLIDES = 4

Request = dict[str, Any]
Identity = tuple[int, int, int]


@dataclass(frozen=True)
class _Opened:
    """An open slide, its reader with the reason, and what identified the file when opened."""

    backend: Backend
    reader: str
    reason: str
    identity: Identity


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
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C is for the parent, which closes the connection
    warnings.simplefilter("ignore")  # standard error is only for what the decoders print
    connection, memory = Connection(connection_fd), SharedPixels(memory_fd)
    slides: OrderedDict[str, _Opened] = OrderedDict()
    while True:
        try:
            request = connection.recv()
        except (EOFError, ConnectionResetError):
            return
        try:
            answer = _answer(request, slides, memory, n_threads)
        except Exception as error:  # slides fail in many ways; the answer carries the reason
            # OpenSlide refuses everything after one error: the next request opens the file again.
            slides.pop(request["path"], None)
            answer = {"problem": str(error) or type(error).__name__}
        connection.send(answer)


def _answer(
    request: Request, slides: OrderedDict[str, _Opened], memory: SharedPixels, n_threads: int
) -> Request:
    slide = _open(request["path"], slides, n_threads)
    if "corners" not in request:
        header = slide.backend.header
        return {"header": header, "reader": slide.reader, "reason": slide.reason}
    corners, size = request["corners"], request["size"]
    pixels = memory.array(request["offset"], (len(corners), size[1], size[0], 3))
    try:
        _read(slide, request, corners, pixels)
    except Exception:
        # Only now, when it matters, is every tile read by itself, so that the bad one is named.
        slides.pop(request["path"])
        for corner, part in zip(corners, pixels, strict=True):
            _read(_open(request["path"], slides, n_threads), request, corner[None], part[None])
        raise
    return {}


def _read(
    slide: _Opened, request: Request, corners: NDArray[np.float64], pixels: NDArray[np.uint8]
) -> None:
    """Read some rectangles of a slide; raise for anything that makes their pixels doubtful."""
    extent, size = request["extent"], request["size"]
    level = finest_needed(slide.backend.header.downsamples, extent[0] / size[0])
    _complaint()
    try:
        read_resampled(slide.backend, level, corners, extent, pixels)
        problem = _complaint() if slide.reader == "cuCIM" else ""
    except Exception as error:
        problem = str(error) or type(error).__name__
    # cuCIM raises nothing when a tile cannot be decoded: it prints a line and gives zeros or old
    # bytes. What was printed while it read is therefore an error.
    if not problem and _identity(request["path"]) != slide.identity:
        problem = "the file was changed while it was read; wait until it is complete"
    if problem:
        left, top = corners.min(axis=0)
        right, bottom = corners.max(axis=0) + extent
        place = f"level {level}, x {left:.0f} to {right:.0f}, y {top:.0f} to {bottom:.0f}"
        raise SlideError(f"{place}: {problem}")


def _open(path: str, slides: OrderedDict[str, _Opened], n_threads: int) -> _Opened:
    identity = _identity(path)
    if path not in slides or slides[path].identity != identity:  # a replaced file is opened again
        slides.pop(path, None)
        reader, reason = which_reader(path)
        slides[path] = _Opened(open_backend(path, reader, n_threads), reader, reason, identity)
        while len(slides) > OPEN_SLIDES:
            slides.popitem(last=False)
    slides.move_to_end(path)
    return slides[path]


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
