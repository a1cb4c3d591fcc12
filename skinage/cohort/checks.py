"""What may be wrong in the rows of a cohort table: each check names row, column and value."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

KEYS = ("slide_id", "person_id", "path")
MAX_AGE_YEARS = 120
NUMBERS = {
    "age_years": (0, MAX_AGE_YEARS),
    "age_low": (0, MAX_AGE_YEARS),
    "age_high": (0, MAX_AGE_YEARS),
    "mpp": (0.01, 1000),
    "biopsy_year": (1850, 2100),
    "follow_up_years": (0, MAX_AGE_YEARS),
    "died": (0, 1),
}
SEXES = {"F": "F", "FEMALE": "F", "M": "M", "MALE": "M"}


def _rows(table: pd.DataFrame, wrong: ArrayLike, column: str, message: str) -> list[str]:
    """Describe rows that are marked as wrong; fields of the message are columns of the table."""
    rows = {position + 2: table.iloc[position] for position in np.flatnonzero(wrong)}
    return [
        f"row {number} (slide_id {row['slide_id']}), {column}: {message.format_map(row.to_dict())}"
        for number, row in rows.items()
    ]


def key_problems(table: pd.DataFrame, folder: Path) -> list[str]:
    """Strip the key columns; name blanks, repeated slides and paths that are no file."""
    problems = []
    for column in KEYS:
        table[column] = table[column].astype("string").str.strip().astype(object)
        problems += _rows(table, table[column].isna(), column, "blank; expected a value")
    ids = table["slide_id"]
    first = ids.map({name: row + 2 for row, name in reversed([*enumerate(ids)])})
    repeated = ids.duplicated() & ids.notna()
    message = "already in row {first:.0f}; expected each once"
    problems += _rows(table.assign(first=first), repeated, "slide_id", message)
    gone = [isinstance(name, str) and not (folder / name).is_file() for name in table["path"]]
    message = "found {path!r}, which is no file; expected a slide, absolute or relative to "
    return problems + _rows(table.assign(folder=folder), gone, "path", message + "{folder}")


def with_numbers(table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Turn number columns into numbers; name every value that is none or out of range."""
    problems = []
    ranges = NUMBERS | {name: (0, 1) for name in table if str(name).startswith("disease_")}
    for column, (low, high) in ranges.items():
        if column not in table:
            continue
        values = pd.to_numeric(table[column], errors="coerce")
        is_right = values.isin([0, 1]) if (low, high) == (0, 1) else values.between(low, high)
        only = " (0 or 1)" if (low, high) == (0, 1) else ""
        message = f"found {{found!r}}; expected a number from {low} to {high}{only}"
        found = table.assign(found=table[column])
        problems += _rows(found, ~is_right & table[column].notna(), column, message)
        table[column] = values.astype(float)
    return table, problems


def with_ages(table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Fill ages from brackets, and brackets from ages; name what contradicts itself."""
    found = [name for name in ("age_low", "age_high") if name in table]
    if len(found) < 2:
        alone = [
            f"{name}: a column alone; expected both ends, age_low and age_high" for name in found
        ]
        return table, alone
    if "age_years" not in table:
        table["age_years"] = np.nan
    low, high, age = table["age_low"], table["age_high"], table["age_years"]
    is_outside, has_one_end = (age < low) | (age > high), low.isna() != high.isna()
    above = "found {age_low:g}, above age_high {age_high:g}; expected low <= high"
    outside = "found {age_years:g}, outside of its bracket {age_low:g} to {age_high:g}; correct one"
    one_end = (
        "the bracket has one end only; expected both, such as 80 and 95 of people above 80, or"
    )
    problems = [
        *_rows(table, low > high, "age_low", above),
        *_rows(table, is_outside, "age_years", outside + " of them"),
        *_rows(table, age.isna() & has_one_end, "age_low", one_end + " none"),
    ]
    table["age_years"] = age.fillna((low + high) / 2)
    # From here on a bracket is where low is below high: an age that is given is exact.
    table["age_low"], table["age_high"] = age.fillna(low), age.fillna(high)
    return table, problems


def with_sex(table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Turn sex into F and M; name other words, and people who have both."""
    if "sex" not in table:
        return table, []
    sex = table["sex"].astype("string").str.strip().str.upper().map(SEXES)
    wrong = sex.isna() & table["sex"].notna()
    problems = _rows(table, wrong, "sex", "found {sex!r}; expected F or M")
    table["sex"] = sex.astype(object)
    for person, sexes in table.dropna(subset="sex").groupby("person_id")["sex"]:
        if len(set(sexes)) > 1:
            rows = ", ".join(f"{row + 2} ({found})" for row, found in sexes.items())
            problems.append(
                f"rows {rows}, sex: person_id {person} has two sexes; expected one per person"
            )
    return table, problems
