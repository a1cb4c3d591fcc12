"""The parent's side of `reading_loops.py`: a reader to ask, its memory, the machine it runs on."""

import json
import os
import platform
import select
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil
from numpy.typing import NDArray

LOOPS = Path(__file__).with_name("reading_loops.py")
PACKAGES = ("cucim-cu13", "openslide-python", "openslide-bin", "tifffile", "numpy", "pandas")
LOOK_EVERY_S = 0.1


class Child:
    """A reader in a process of its own, under the Python of its environment."""

    def __init__(self, name: str, python: str | None = None) -> None:
        self.name = name
        command = [python or sys.executable, str(LOOPS), name]
        self.said = tempfile.TemporaryFile()  # noqa: SIM115 (closed by __exit__)
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.said, text=True
        )
        self.folder = tempfile.TemporaryDirectory()

    def ask(self, tiles: pd.DataFrame, n_workers: int = 0) -> dict[str, float]:
        """Let it read tiles; tiles, seconds, first_s (until the first batch)."""
        self.send(tiles, n_workers=n_workers)
        return self.answer()

    def pixels(self, tiles: pd.DataFrame) -> NDArray[np.uint8]:
        """Get what it reads, (n, height, width, 3)."""
        path = f"{self.folder.name}/pixels.npy"
        self.send(tiles, n_workers=0, save=path)
        self.answer()
        return np.load(path)

    def peak_mb(self, tiles: pd.DataFrame) -> float:
        """Measure the largest memory of it and its processes, shared pages counted once."""
        self.send(tiles, n_workers=0)
        assert self.process.stdout
        answers, peak = self.process.stdout.fileno(), 0.0
        while not select.select([answers], [], [], LOOK_EVERY_S)[0]:
            peak = max(peak, family_mb(self.process.pid))
        self.answer()
        return peak

    def send(self, tiles: pd.DataFrame, **request: Any) -> None:
        """Send a request, without waiting."""
        path = f"{self.folder.name}/tiles.csv"
        tiles.to_csv(path, index=False)
        assert self.process.stdin
        self.process.stdin.write(json.dumps({"tiles": path, **request}) + "\n")
        self.process.stdin.flush()

    def answer(self) -> dict[str, float]:
        """Wait for the answer; what a reader that ended has said ends this process too."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            said = os.pread(self.said.fileno(), 100_000, 0).decode(errors="replace")[-2000:]
            raise SystemExit(f"{self.name} ended with {self.process.wait()}:\n{said}")
        return json.loads(line)

    def __enter__(self) -> "Child":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate()  # its standard input ends, and so does it
        self.said.close()
        self.folder.cleanup()


def family_mb(pid: int) -> float:
    """Sum the proportional set size over a process and its descendants."""
    process, total = psutil.Process(pid), 0.0
    for member in [process, *process.children(recursive=True)]:
        try:
            total += member.memory_full_info().pss / 1e6
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            continue  # it ended between listing and asking
    return total


def machine() -> str:
    """Return cores, memory and versions in a line."""
    cores, gb = len(os.sched_getaffinity(0)), psutil.virtual_memory().total / 1e9
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return f"{cores} cores, {gb:.0f} GB, Python {platform.python_version()}; {versions}"
