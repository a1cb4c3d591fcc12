"""Stage outputs on disk: written whole or not at all, beside a record of what made them.

``stored(path, recipe)`` asks whether ``path`` was made by exactly this recipe;
``storing(path, recipe)`` makes it. A recipe is a JSON-able dict of settings and input hashes.
"""

import errno
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pandas as pd

from skinage.errors import StageError

EDGE_BYTES = 1 << 20
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
NO_RIGHT = {errno.EACCES, errno.EPERM, errno.EROFS, errno.EEXIST, errno.ENOTDIR}


def stored(path: str | Path, recipe: Mapping[str, Any]) -> bool:
    """Return whether ``path`` is there and was made by exactly this recipe.

    Parameters
    ----------
    path
        The file or folder of the stage output.
    recipe
        Settings and input hashes that determine the content.
    """
    path, record = Path(path), _record_path(path)
    if not path.exists() or not record.exists():
        return False
    return json.loads(record.read_text())["hash"] == recipe_hash(recipe)


@contextmanager
def storing(path: str | Path, recipe: Mapping[str, Any]) -> Iterator[Path]:
    """Yield a temporary path to write to, and move it to ``path`` once the block has succeeded.

    A killed process leaves at most a hidden partial file, never a half-written ``path``, and never
    an old record beside new content.

    Parameters
    ----------
    path
        The final place of the file or folder.
    recipe
        Settings and input hashes that determine the content.

    Yields
    ------
    pathlib.Path
        A path in the same folder with the same suffix; the block creates a file or a folder there.

    Raises
    ------
    StageError
        If there is no room, or no right to write.
    """
    path, record, start = Path(path), _record_path(path), time.monotonic()
    with _in_one_step(path) as partial:
        yield partial
        record.unlink(missing_ok=True)
    entry = {"hash": recipe_hash(recipe), "recipe": recipe, "seconds": time.monotonic() - start}
    write_json(record, entry)


def recipe_hash(recipe: Mapping[str, Any]) -> str:
    """Return the hash of a recipe, which does not depend on the order of its keys."""
    text = json.dumps(recipe, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def table_hash(table: pd.DataFrame) -> str:
    """Return a hash of a table's column names and values, row by row."""
    rows = pd.util.hash_pandas_object(table.astype(object).where(table.notna(), None).astype(str))
    return hashlib.sha256(rows.to_numpy().tobytes() + repr(list(table)).encode()).hexdigest()


def file_hash(path: str | Path) -> str:
    """Return a hash of a file's size, time of change, first and last MiB: fast for large slides."""
    status = os.stat(path)
    digest = hashlib.sha256(f"{status.st_size} {status.st_mtime_ns}".encode())
    with open(path, "rb") as file:
        digest.update(file.read(EDGE_BYTES))
        file.seek(max(0, status.st_size - EDGE_BYTES))
        digest.update(file.read(EDGE_BYTES))
    return digest.hexdigest()


def content_hash(path: str | Path) -> str:
    """Return the SHA-256 of a whole file, as ``sha256sum`` prints it."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_json(path: str | Path, content: object) -> None:
    """Write JSON in one step, so that a reader never meets half a file."""
    with _in_one_step(Path(path)) as partial:
        partial.write_text(json.dumps(content, indent=2, default=str) + "\n")


def write_csv(path: str | Path, table: pd.DataFrame) -> Path:
    """Write a table in one step, so that a reader never meets half of it; return its path."""
    with _in_one_step(Path(path)) as partial:
        table.to_csv(partial, index=False, lineterminator="\n")
    return Path(path)


@contextmanager
def _in_one_step(path: Path) -> Iterator[Path]:
    partial = path.with_name(f".partial-{os.getpid()}-{path.name}")
    with in_words(path):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            remove(partial)
            yield partial
            if path.is_dir():  # a file is replaced by the system, in one step
                remove(path)
            partial.replace(path)
        finally:
            with suppress(OSError):
                remove(partial)


@contextmanager
def in_words(path: Path) -> Iterator[None]:
    """Turn an error of the disk into a StageError that names the file and says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno not in NO_ROOM | NO_RIGHT:
            raise
        raise StageError(unwritten(path, error)) from error


def unwritten(path: Path, error: OSError) -> str:
    """Return the message: which file could not be written, why, and what to do."""
    remedy = "Free some space" if error.errno in NO_ROOM else "Choose a folder that can be written"
    reason = os.strerror(error.errno) if error.errno else error
    return (
        f"{path}: cannot be written ({reason}). {remedy} and start again: what is done is kept, "
        "and no half-written file stands under a final name."
    )


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _record_path(path: str | Path) -> Path:
    return Path(path).parent / ".made" / f"{Path(path).name}.json"
