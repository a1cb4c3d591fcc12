"""What may be wrong in the rows of a cohort table: each check names row, column and value."""

from pathlib import Path

import numpy as np
import pandas as pd

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


def _where(table: pd.DataFrame, position: int) -> str:
    return f"row {position + 2} (slide_id {table['slide_id'].iloc[position]})"


def key_problems(table: pd.DataFrame, folder: Path) -> list[str]:
    """Strip the key columns; name blanks, repeated slides and paths that are no file."""
    problems = []
    for column in KEYS:
        table[column] = table[column].astype("string").str.strip().astype(object)
        for position in table[column].isna().to_numpy().nonzero()[0]:
            problems.append(f"{_where(table, position)}, {column}: blank; expected a value")
    for position in (
        (table["slide_id"].duplicated() & table["slide_id"].notna()).to_numpy().nonzero()[0]
    ):
        first = table["slide_id"].eq(table["slide_id"].iloc[position]).to_numpy().nonzero()[0][0]
        problems.append(
            f"{_where(table, position)}, slide_id: already in row {first + 2}; expected each once"
        )
    for position, name in enumerate(table["path"]):
        if isinstance(name, str) and not (folder / name).is_file():
            problems.append(
                f"{_where(table, position)}, path: found {name!r}, which is no file; "
                f"expected a slide, absolute or relative to {folder}"
            )
    return problems


def with_numbers(table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Turn number columns into numbers; name every value that is none or out of range."""
    problems = []
    ranges = NUMBERS | {name: (0, 1) for name in table if str(name).startswith("disease_")}
    for column, (low, high) in ranges.items():
        if column not in table:
            continue
        values = pd.to_numeric(table[column], errors="coerce")
        only = " (0 or 1)" if (low, high) == (0, 1) else ""
        wrong = (values.isna() & table[column].notna()) | (values < low) | (values > high)
        if only:
            wrong |= ~values.isin([0, 1]) & values.notna()
        for position in wrong.to_numpy().nonzero()[0]:
            problems.append(
                f"{_where(table, position)}, {column}: found {table[column].iloc[position]!r}; "
                f"expected a number from {low} to {high}{only}"
            )
        table[column] = values.astype(float)
    return table, problems


def with_ages(table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Fill ages from brackets, and brackets from ages; name what contradicts itself."""
    problems: list[str] = []
    found = [name for name in ("age_low", "age_high") if name in table]
    if len(found) == 1:
        problems.append(f"{found[0]}: a column alone; expected both ends, age_low and age_high")
    if len(found) < 2:
        return table, problems
    low, high = table["age_low"], table["age_high"]
    age = table["age_years"] if "age_years" in table else pd.Series(np.nan, table.index)
    for position in (low > high).to_numpy().nonzero()[0]:
        problems.append(
            f"{_where(table, position)}, age_low: found {low.iloc[position]:g}, "
            f"above age_high {high.iloc[position]:g}; expected low <= high"
        )
    for position in ((age < low) | (age > high)).to_numpy().nonzero()[0]:
        problems.append(
            f"{_where(table, position)}, age_years: found {age.iloc[position]:g}, outside of its "
            f"bracket {low.iloc[position]:g} to {high.iloc[position]:g}; correct one of them"
        )
    for position in (age.isna() & (low.isna() != high.isna())).to_numpy().nonzero()[0]:
        problems.append(
            f"{_where(table, position)}, age_low: the bracket has one end only; expected both, "
            "such as 80 and 95 of people above 80, or none"
        )
    table["age_years"] = age.fillna((low + high) / 2)
    # From here on a bracket is where low is below high: an age that is given is exact.
    table["age_low"], table["age_high"] = age.fillna(low), age.fillna(high)
    return table, problems


def with_sex(table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Turn sex into F and M; name other words, and people who have both."""
    problems: list[str] = []
    if "sex" not in table:
        return table, problems
    sex = table["sex"].astype("string").str.strip().str.upper().map(SEXES)
    for position in (sex.isna() & table["sex"].notna()).to_numpy().nonzero()[0]:
        found = table["sex"].iloc[position]
        problems.append(f"{_where(table, position)}, sex: found {found!r}; expected F or M")
    table["sex"] = sex.astype(object)
    for person, sexes in table.dropna(subset="sex").groupby("person_id")["sex"]:
        if len(set(sexes)) > 1:
            rows = ", ".join(f"{row + 2} ({table['sex'].iloc[row]})" for row in sexes.index)
            problems.append(
                f"rows {rows}, sex: person_id {person} has two sexes; expected one per person"
            )
    return table, problems
