"""The reader process: opens slides, reads pixels into shared memory, never imports torch.

It answers one request after the other until its parent hangs up. Whatever goes wrong with one slide
is an answer; only a crash of native code ends it, and the parent starts another.
"""

import ctypes
import os
import signal
import sys
import warnings
from collections import OrderedDict
from multiprocessing.connection import Connection
from typing import Any

from skinage.errors import SlideError
from skinage.slides.backends import Backend, open_backend
from skinage.slides.reader import SharedPixels
from skinage.slides.resample import read_resampled
from skinage.slides.screen import which_reader

OPEN_SLIDES = 4

Request = dict[str, Any]
Opened = tuple[Backend, str, str]


def serve(connection_fd: int, memory_fd: int) -> None:
    """Answer requests until the parent process closes the connection or dies.

    Parameters
    ----------
    connection_fd
        An end of a socket pair; dicts travel over it.
    memory_fd
        A file in memory, where pixels are laid down.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, who hangs up
    warnings.simplefilter("ignore")  # standard error shall hold what the decoders say
    connection, memory = Connection(connection_fd), SharedPixels(memory_fd)
    slides: OrderedDict[str, Opened] = OrderedDict()
    while True:
        try:
            request = connection.recv()
        except (EOFError, ConnectionResetError):
            return
        try:
            answer = _answer(request, slides, memory)
        except Exception as error:  # every slide fails in its own way; the parent hears about it
            answer = {"problem": str(error) or type(error).__name__}
        connection.send(answer)


def _answer(request: Request, slides: OrderedDict[str, Opened], memory: SharedPixels) -> Request:
    slide, reader, reason = _open(request["path"], slides)
    if "corners" not in request:
        return {"header": slide.header, "reader": reader, "reason": reason}
    corners, size = request["corners"], request["size"]
    pixels = memory.array(request["offset"], (len(corners), size[1], size[0], 3))
    _complaint()
    read_resampled(slide, corners, request["extent"], size, pixels)
    complaint = _complaint()
    # cuCIM raises nothing when a tile cannot be decoded: it prints a line and gives zeros or old
    # bytes. What was printed while it read is therefore an error.
    return {"problem": complaint} if reader == "cuCIM" and complaint else {}


def _open(path: str, slides: OrderedDict[str, Opened]) -> Opened:
    if not os.path.isfile(path):
        raise SlideError("no such file")
    key = f"{path} {os.stat(path).st_mtime_ns}"  # a file that was replaced is opened again
    if key not in slides:
        reader, reason = which_reader(path)
        slides[key] = (open_backend(path, reader), reader, reason)
        while len(slides) > OPEN_SLIDES:
            slides.popitem(last=False)
    slides.move_to_end(key)
    return slides[key]


def _complaint() -> str:
    """Take what has been printed since the last call (the parent made stdout and stderr a file)."""
    sys.stdout.flush()
    ctypes.CDLL(None).fflush(None)  # what C libraries have printed but not yet written
    size = os.fstat(2).st_size
    if not size:
        return ""
    text = os.pread(2, size, 0).decode(errors="replace")
    os.ftruncate(2, 0)
    os.lseek(2, 0, os.SEEK_SET)
    return " ".join(text.split())
