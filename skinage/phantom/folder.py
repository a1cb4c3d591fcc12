"""Write into the phantom folder: whole files or none, and errors that explain."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from skinage.errors import StageError
from skinage.storage import remove, unwritten

SLIDES, LABELS = "slides", "labels"


@contextmanager
def prepared(out: Path) -> Iterator[Path]:
    """Make the folder, and remove the half-written files of stopped runs and workers.

    Raises
    ------
    StageError
        If the folder cannot be made or written.
    """
    with explained(out):
        for folder in (out / SLIDES, out / LABELS):
            folder.mkdir(parents=True, exist_ok=True)
        (out / f".partial-{os.getpid()}-probe").touch()
        _clear(out)
    try:
        yield out
    finally:
        _clear(out)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Raise a StageError about `path` for an error of the disk."""
    try:
        yield
    except OSError as error:
        raise StageError(unwritten(path, error)) from error


def _clear(out: Path) -> None:
    for folder in (out, out / SLIDES, out / LABELS):
        for partial in (*folder.glob(".partial-*"), *folder.glob(".made/.partial-*")):
            remove(partial)
