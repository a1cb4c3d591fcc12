"""What a stage skipped, and why: one small table, kept with the result of the stage.

A stage that goes on without a slide, a person, a disease or a column says so here, so that nobody
disappears from a table without a trace.
"""

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

COLUMNS = ["stage", "item", "reason"]
KEY = "skipped"


def add_skipped(result: Any, stage: str, reasons: Mapping[str, str]) -> None:
    """Keep what a stage skipped with its result, behind what is kept there already.

    Parameters
    ----------
    result
        A table (kept in ``attrs``), an AnnData (in ``uns``) or an encoder or clock (in
        ``metadata``); changed in place.
    stage
        The name of the function, such as ``"tile"``.
    reasons
        The reason for each item, such as ``{"slide S001": "no scale"}``.
    """
    rows = [{"stage": stage, "item": str(item), "reason": why} for item, why in reasons.items()]
    if rows:
        place = _place(result)
        place[KEY] = json.dumps([*json.loads(place.get(KEY, "[]")), *rows])


def skipped(*results: Any) -> pd.DataFrame:
    """Return what the stages skipped that made these results.

    Parameters
    ----------
    *results
        Tables, AnnData, encoders or clocks, as the stages return them.

    Returns
    -------
    pandas.DataFrame
        A row per skipped item: ``stage``, ``item``, ``reason``; empty if nothing was skipped.
    """
    rows = [row for result in results for row in json.loads(_place(result).get(KEY, "[]"))]
    return pd.DataFrame(rows, columns=COLUMNS).drop_duplicates(ignore_index=True)


def _place(result: Any) -> dict[str, Any]:
    if isinstance(result, pd.DataFrame):
        return result.attrs
    return result.uns if hasattr(result, "uns") else result.metadata
