"""What a notebook saves in the results folder: figures, tables, numbers and what was skipped."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skinage.errors import SettingError, SlideError, StageError
from skinage.skip_log import COLUMNS, skipped
from skinage.storage import write_csv, write_json

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = ("png", "pdf", "svg")
SHOWN = 3
"""Skipped items of one reason that are named; skipped.csv has all."""


def save_figure(drawing: "Axes | Figure", results: str | Path, name: str) -> None:
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
    from matplotlib.figure import Figure

    from skinage.figures.style import PAPER

    figure = drawing if isinstance(drawing, Figure) else drawing.get_figure(root=True)
    if figure is None:
        raise SettingError(f"{name}: the axes belong to no figure")
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


def save_skipped(results: str | Path, *stage_results: Any) -> None:
    """Add what stages skipped to ``skipped.csv`` and print what is new.

    Parameters
    ----------
    results
        The results folder.
    *stage_results
        Tables, AnnData, encoders or clocks, as the stages return them.
    """
    for line in summarise(append_skipped(results, skipped(*stage_results))):
        print("skipped: {} ({})".format(*line))


def record_skipped(results: str | Path, stage: str, item: str, reason: str) -> None:
    """Add one skipped item to ``skipped.csv`` and print it.

    Parameters
    ----------
    results
        The results folder.
    stage
        The name of the function or notebook that skipped it.
    item
        What was skipped, such as ``"slide S001"``.
    reason
        Why, and what would make it possible.
    """
    row = pd.DataFrame([{"stage": stage, "item": item, "reason": reason}])
    for line in summarise(append_skipped(results, row)):
        print("skipped: {} ({})".format(*line))


@contextmanager
def recording(results: str | Path, stage: str, item: str) -> Iterator[None]:
    """Go on behind a block whose data are too few, and record what was skipped and why.

    Parameters
    ----------
    results
        The results folder.
    stage, item
        As for `record_skipped`.

    Yields
    ------
    None
        A `StageError` or a `SlideError` ends the block and is recorded; other errors are raised.
    """
    try:
        yield
    except (StageError, SlideError) as error:
        record_skipped(results, stage, item, str(error))


def read_skipped(results: str | Path) -> pd.DataFrame:
    """Return ``skipped.csv`` of a results folder; empty if nothing was skipped."""
    path = Path(results) / "skipped.csv"
    if not path.is_file():
        return pd.DataFrame(columns=COLUMNS)
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def summarise(rows: pd.DataFrame) -> list[tuple[str, str]]:
    """Return items and reason for each reason of a stage; many items are counted, not listed."""
    lines = []
    for (_, reason), items in rows.groupby(["stage", "reason"], sort=False)["item"]:
        more = f" and {len(items) - SHOWN} more" if len(items) > SHOWN else ""
        lines.append((", ".join(items[:SHOWN]) + more, str(reason)))
    return lines


def append_skipped(results: str | Path, rows: pd.DataFrame) -> pd.DataFrame:
    """Add rows without printing; return those that are new. A new reason replaces the old one."""
    old = read_skipped(results)
    known = pd.concat([old, rows[COLUMNS]], ignore_index=True)
    if len(rows):
        kept = known.drop_duplicates(["stage", "item"], keep="last")
        save_table(kept, Path(results) / "skipped.csv")
    return known[~known.duplicated()].iloc[len(old) :]


def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text()) if path.is_file() else {}


def _plain(value: Any) -> Any:
    """Turn numpy numbers into plain ones, and what is no number into null."""
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value
