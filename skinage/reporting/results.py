"""What a notebook leaves in the results folder: figures, tables, numbers, and what was left out."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from skinage.storage import write_csv, write_json

FORMATS = ("png", "pdf", "svg")


def save_figure(drawing: Axes | Figure, results: str | Path, name: str) -> None:
    """Save a figure as PNG at 300 dpi, PDF and SVG with text as text.

    Parameters
    ----------
    drawing
        Axes (their whole figure is saved) or a figure.
    results
        The results folder; files go to its ``figures/``.
    name
        File name without ending.
    """
    import matplotlib.pyplot as plt

    from skinage.figures.style import PAPER

    figure = drawing if isinstance(drawing, Figure) else drawing.get_figure(root=True)
    if figure is None:
        raise ValueError(f"{name}: the axes belong to no figure")
    folder = Path(results) / "figures"
    folder.mkdir(parents=True, exist_ok=True)
    with plt.rc_context(PAPER):
        for ending in FORMATS:
            figure.savefig(folder / f"{name}.{ending}", dpi=300, bbox_inches="tight")


def save_table(table: pd.DataFrame, path: str | Path) -> None:
    """Write a table as CSV in one step, so that a reader never meets half of it."""
    write_csv(path, table)


def save_metrics(results: str | Path, room: str, metrics: dict[str, Any]) -> None:
    """Put numbers into ``metrics.json`` under ``<room>.<name>``; the room's old ones go.

    Parameters
    ----------
    results
        The results folder.
    room
        First part of the key, such as ``age``.
    metrics
        Names (with units) and numbers.
    """
    path = Path(results) / "metrics.json"
    kept = {key: value for key, value in _read(path).items() if not key.startswith(f"{room}.")}
    added = {f"{room}.{name}": _plain(value) for name, value in metrics.items()}
    write_json(path, kept | added)


def leave_out(results: str | Path, what: str, reason: str) -> None:
    """Record and print that a part of the job was left out, so that report and terminal say it.

    Parameters
    ----------
    results
        The results folder.
    what
        The part, in plain words.
    reason
        Why, and what would make it possible.
    """
    record_left_out(results, what, reason)
    print(f"left out: {what} ({reason})")


def record_left_out(results: str | Path, what: str, reason: str) -> None:
    """Record it without a word; parameters as of :func:`leave_out`."""
    path = Path(results) / ".made" / "left_out.json"
    write_json(path, _read(path) | {what: reason})


def left_out(results: str | Path) -> dict[str, str]:
    """Read what was left out so far, with the reasons."""
    return _read(Path(results) / ".made" / "left_out.json")


def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text()) if path.is_file() else {}


def _plain(value: Any) -> Any:
    """Turn numpy numbers into plain ones, and what is no number into null."""
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value
