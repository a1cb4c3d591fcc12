"""How files are read, facts made of them, and their numbers written."""

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from skinage.errors import StageError

Facts = dict[str, Any]


def read_part(path: Path) -> Any:
    """Read a table or a card; an empty one where there is none."""
    empty: Any = {} if path.suffix == ".json" else pd.DataFrame()
    if not path.is_file():
        return empty
    try:
        if path.suffix == ".json":
            return json.loads(path.read_text())
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        return pd.read_csv(path, dtype={"person_id": str, "slide_id": str})
    except pd.errors.EmptyDataError:
        return empty
    except (ValueError, OSError) as error:
        raise StageError(f"tripod: {path} cannot be read ({error}); make it again") from error


def known(facts: Mapping[str, Callable[[], Any]]) -> Facts:
    """Make the facts that can be made: none of a column that is not there, none that is empty."""
    found = {}
    for name, make in facts.items():
        try:
            value = make()
        except KeyError:
            continue
        if not (value is None or value == "" or (isinstance(value, float) and pd.isna(value))):
            found[name] = value
    return found


def listed(words: Iterable[object], end: str = " and ") -> str:
    """Write "a, b and c"."""
    *first, last = [str(word) for word in words] or [""]
    return f"{', '.join(first)}{end}{last}" if first else last


def counts(values: pd.Series) -> str:
    """Write how often each value is there: "A 62, B 58"."""
    return ", ".join(f"{value} {count:,}" for value, count in values.value_counts().items())


def between(values: pd.Series, form: str) -> str:
    """Write the span of numbers: "22 to 90", or the one that all of them are."""
    low, high = format(values.min(), form), format(values.max(), form)
    return low if low == high else f"{low} to {high}"


def estimate(row: Mapping[str, Any], form: str, name: str = "value", stem: str = "") -> str:
    """Write a number, with its 95 % interval in brackets where there is one."""
    lower, upper = (row.get(f"{stem}{end}", float("nan")) for end in ("lower", "upper"))
    interval = "" if pd.isna(lower) else f" ({lower:{form}} to {upper:{form}})"
    return f"{row[name]:{form}}{interval}"
