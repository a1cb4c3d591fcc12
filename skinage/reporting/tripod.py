"""The TRIPOD+AI checklist, filled in with the numbers of a run.

``tripod.csv`` holds the sentences of each item as Jinja templates over the tables of
`tripod_facts.FILES` and the values of `tripod_facts.DERIVED`.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jinja2
import jinja2.meta
import pandas as pd

from skinage.cohort.people import first_visits
from skinage.errors import SettingError
from skinage.reporting.tripod_facts import DERIVED, FILES, Facts, gather, tables_of


def tripod(results: str | Path, cohort: pd.DataFrame) -> pd.DataFrame:
    """Fill in the TRIPOD+AI checklist for a paper's supplement, as far as a run can.

    Each sentence holds numbers of the results folder. What its files do not hold is marked in
    square brackets: ``[To write: ...]`` for the authors, ``[Missing: file]`` for the run.

    Parameters
    ----------
    results
        A results folder, finished or not.
    cohort
        The cohort table of this run, as `read_cohort` returns it.

    Returns
    -------
    pandas.DataFrame
        A row for each of the 52 items and sub-items: ``item`` ("12a"), ``section``, ``topic``,
        ``status``, ``answer``, ``source`` (files, joined by "; "). The status is "answered";
        "partly" if something is left to write or a file is missing; or "open".

    Raises
    ------
    SettingError
        If there is no such folder.
    StageError
        If a file cannot be read, or the cohort is not the cohort of this run.
    CohortError
        If the cohort has no ``person_id``, ``slide_id`` or ``age_years``.

    Notes
    -----
    Numbers and topics of the items are those of Collins et al. (2024), BMJ 385:e078378, in our own
    words; the full text of each item is there.
    """
    folder = Path(results)
    if not folder.is_dir():
        raise SettingError(f"tripod: {folder} is no folder; expected the results folder of a run")
    facts = gather(folder, cohort)
    checklist = read_checklist()
    keys = ["item", "section", "topic"]
    rows = [
        dict(zip(keys, key, strict=True)) | _answer(sentences, facts)
        for key, sentences in checklist.groupby(keys, sort=False)
    ]
    return pd.DataFrame(rows)


def read_checklist() -> pd.DataFrame:
    """Return the sentences: a row each, with ``item``, ``section``, ``topic``, ``role``, ``text``.

    The role is "state" (the answer needs it), "if known" (added if the files hold it), "use" (a
    hint for the authors) or "write" (what only the authors can write).
    """
    return pd.read_csv(Path(__file__).with_name("tripod.csv"), dtype=str).ffill()


def _answer(sentences: pd.DataFrame, facts: Facts) -> dict[str, str]:
    parts: dict[str, list[str]] = {"state": [], "write": [], "use": [], "missing": []}
    sources: list[str] = []
    for role, sentence in zip(sentences["role"], sentences["text"], strict=True):
        text, missing, files = render(sentence, facts)
        if text:
            parts["state" if role == "if known" else role].append(text)
            sources += files
        elif role == "state":
            parts["missing"].append(missing)
    brackets = {
        "To write": " ".join(parts["write"]),
        "To use": " ".join(parts["use"]),
        "Missing": "; ".join(dict.fromkeys(parts["missing"])),
    }
    left = [f"[{name}: {text}]" for name, text in brackets.items() if text]
    complete = not parts["write"] and not parts["missing"]
    return {
        "status": "open" if not parts["state"] else "answered" if complete else "partly",
        "answer": " ".join([*parts["state"], *left]),
        "source": "; ".join(dict.fromkeys(sources)),
    }


def render(sentence: str, facts: Facts) -> tuple[str, str, list[str]]:
    """Return the sentence with its numbers, or what is missing for it, and the files it uses."""
    used = jinja2.meta.find_undeclared_variables(JINJA.parse(sentence))
    needed = [[name] for name in FILES if name in used]
    needed += [tables_of(derive) for name, derive in DERIVED.items() if name in used]
    tables = dict.fromkeys(table for names in needed for table in names)
    files = [FILES[table] for table in tables]
    absent = [FILES[table] for table in tables if table not in facts]
    if absent:
        return "", "; ".join(absent), []
    try:
        return JINJA.from_string(sentence).render(facts), "", files
    except (jinja2.UndefinedError, LookupError) as error:
        column = re.findall(r"'(\w+)'", str(error))[-1:] or ["value"]
        return "", f"{', '.join(files)} (nothing there of: {column[0].replace('_', ' ')})", []


def listed(words: Iterable[object]) -> str:
    """Return "a, b and c"."""
    *first, last = _some([str(word) for word in words])
    return f"{', '.join(first)} and {last}" if first else last


def pairs(values: pd.Series, form: str = ",") -> str:
    """Return each label with its number: "A 62, B 58"."""
    return ", ".join(f"{label} {number:{form}}" for label, number in _some(values).items())


def span(values: pd.Series, digits: int = 0) -> str:
    """Return the range of numbers, "22 to 90", or the one number that all are."""
    low, high = fixed(values.min(), digits), fixed(values.max(), digits)
    return low if low == high else f"{low} to {high}"


def fixed(number: float, digits: int = 0) -> str:
    """Return a number with so many decimals; what is no number counts as missing."""
    return f"{_some([] if pd.isna(number) else [number])[0]:.{digits}f}"


def estimates(
    table: pd.DataFrame, digits: int = 1, unit: str = " years", *, label: str = "label",
    value: str = "mae_years", ends: str = "{}_years", between: str = "; ",
) -> str:  # fmt: skip
    """Return each row's label and number, with its 95 % interval if it has one."""
    low, high = (ends.format(end) for end in ("lower", "upper"))
    texts = [
        f"{row[label]} {row[value]:.{digits}f}"
        + ("" if pd.isna(row.get(low)) else f" ({row[low]:.{digits}f} to {row[high]:.{digits}f})")
        + unit
        for row in _some(table.dropna(subset=value)).to_dict("records")
    ]
    return between.join(texts)


def _some(values: Any) -> Any:
    if not len(values):
        raise jinja2.UndefinedError("'values'")
    return values


JINJA = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)
JINJA.filters |= {
    one.__name__: one for one in (listed, pairs, span, fixed, estimates, first_visits)
}
