"""One reader process: how it is started, asked, awaited and ended."""

import os
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

START = (
    "import sys; sys.path[:] = {path!r}; "
    "from skinage.slides.reading.server import serve; serve{arguments}"
)
KEEP_MEMORY = {"MALLOC_TRIM_THRESHOLD_": str(1 << 30), "MALLOC_MMAP_THRESHOLD_": str(1 << 28)}
"""The C library of the reader process keeps its memory: fresh pages for each batch cost a third."""


class ReaderProcess:
    """A process that runs ``server.serve`` and dies with this one.

    Parameters
    ----------
    memory_fd
        A file in memory into which it writes pixels.
    n_threads
        Number of threads that decode.
    """

    def __init__(self, memory_fd: int, n_threads: int) -> None:
        ours, theirs = socket.socketpair()
        arguments = (theirs.fileno(), memory_fd, n_threads)
        # Not multiprocessing: it would run the user's __main__ again, and with it import torch.
        code = START.format(path=sys.path, arguments=arguments)
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 (closed by end)
        self.process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.DEVNULL,
            stdout=self._said,
            stderr=self._said,
            pass_fds=arguments[:2],
            env=os.environ | KEEP_MEMORY,
        )
        theirs.close()
        self._connection = Connection(ours.detach())

    def send(self, request: dict[str, Any]) -> None:
        """Send a request, without waiting."""
        with suppress(BrokenPipeError, ConnectionResetError):  # `receive` will report that
            self._connection.send(request)

    def receive(self, time_limit_s: float) -> tuple[dict[str, Any], str]:
        """Wait for the next answer; if none comes, the second value is the reason."""
        try:
            if self._connection.poll(time_limit_s):
                return self._connection.recv(), ""
        except (EOFError, ConnectionResetError):
            return {}, self._reason_of_end()
        return {}, f"no answer within {time_limit_s:g} s, the reader process was ended"

    def end(self) -> None:
        """End the process, even if it hangs."""
        self.process.kill()
        self.process.wait()
        self._connection.close()
        self._said.close()

    def _reason_of_end(self) -> str:
        try:
            code = str(self.process.wait(timeout=5))
        except subprocess.TimeoutExpired:
            code = "none yet"
        said = os.pread(self._said.fileno(), 10000, 0).decode(errors="replace").split("\n")
        last = next((line for line in reversed(said) if line.strip()), "it said nothing")
        return f"the reader process ended (code {code}): {last.strip()}"
