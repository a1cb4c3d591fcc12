"""The cohort table: people and slides, read and checked before anything is computed."""

from pathlib import Path

import pandas as pd

from skinage.errors import CohortError

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


def read_cohort(path: str | Path) -> pd.DataFrame:
    """Read a cohort table (a row per slide) and check every row before work begins.

    Parameters
    ----------
    path
        CSV or Parquet with ``slide_id``, ``person_id``, ``path`` and ``age_years`` (or ``age_low``
        and ``age_high``); ``data/README.md`` lists the optional columns. Relative slide paths
        start at the table's folder. An age may be blank: the slide then has no part in the clock.

    Returns
    -------
    pandas.DataFrame
        A row per slide with absolute paths; brackets become their midpoint in ``age_years``.

    Raises
    ------
    CohortError
        With every problem found: row, column, what was found, what was expected.
    """
    table, problems = inspect_cohort(path)
    if problems:
        raise CohortError(f"{path}: {len(problems)} problem(s)\n  " + "\n  ".join(problems))
    return table


def inspect_cohort(path: str | Path) -> tuple[pd.DataFrame, list[str]]:
    """Read a cohort table together with everything that is wrong in its rows.

    Parameters
    ----------
    path
        As for :func:`read_cohort`.

    Returns
    -------
    table : pandas.DataFrame
        A row per slide, with absolute paths.
    problems : list of str
        One sentence each: row, column, found, expected; empty for a sound table.

    Raises
    ------
    CohortError
        If there is nothing to inspect: no table, a key column missing, no rows.
    """
    path = Path(path)
    table = _read_table(path)
    missing = [column for column in KEYS if column not in table]
    if "age_years" not in table and not {"age_low", "age_high"} <= set(table):
        missing.append("age_years (or age_low and age_high)")
    if missing:
        raise CohortError(
            f"{path}: missing column(s) {', '.join(missing)}; found {', '.join(table.columns)}. "
            "See data/README.md for the format."
        )
    if table.empty:
        raise CohortError(f"{path}: the table has no rows; expected a row per slide.")
    problems = _key_problems(table, path.parent)
    for check in (_with_numbers, _with_ages, _with_sex):
        table, found = check(table)
        problems += found
    table["path"] = [
        str((path.parent / name).resolve()) if isinstance(name, str) else name
        for name in table["path"]
    ]
    return table, problems


def describe_cohort(cohort: pd.DataFrame) -> pd.DataFrame:
    """Summarise who is in a cohort, the first table of a paper: a row per quantity.

    Parameters
    ----------
    cohort
        As :func:`read_cohort` gives it.
    """
    people = cohort.drop_duplicates("person_id")
    ages = people["age_years"].dropna()
    rows: dict[str, object] = {
        "slides": len(cohort),
        "people": len(people),
        "people with an age": len(ages),
    }
    if len(ages):
        rows["age, mean (SD), years"] = f"{ages.mean():.1f} ({ages.std():.1f})"
        rows["age, range, years"] = f"{ages.min():.0f} to {ages.max():.0f}"
    if "sex" in people:
        rows["women / men"] = f"{(people['sex'] == 'F').sum()} / {(people['sex'] == 'M').sum()}"
    if "died" in people:
        rows["deaths in follow-up"] = int(people["died"].sum())
    for column in [name for name in people if str(name).startswith("disease_")]:
        label = str(column).removeprefix("disease_").replace("_", " ")
        rows[f"with {label}"] = int(people[column].sum())
    for column in ("body_site", "scanner"):
        if column in people:
            counts = people[column].value_counts()
            label = str(column).replace("_", " ")
            rows[label] = ", ".join(f"{name} {count}" for name, count in counts.items())
    return pd.DataFrame({"quantity": list(rows), "value": [str(value) for value in rows.values()]})


def _read_table(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise CohortError(f"{path}: no such file; expected a CSV or Parquet table.")
    try:
        if path.suffix.lower() == ".parquet":
            return pd.read_parquet(path)
        # Everything as text first: pandas would turn a slide called 007 into the number 7.
        return pd.read_csv(path, dtype=str, skipinitialspace=True, encoding="utf-8-sig")
    except pd.errors.EmptyDataError:
        raise CohortError(
            f"{path}: the file is empty; expected a header and a row per slide."
        ) from None
    except (ValueError, OSError) as error:
        raise CohortError(f"{path}: not a readable CSV or Parquet table: {error}") from error


def _where(table: pd.DataFrame, position: int) -> str:
    return f"row {position + 2} (slide_id {table['slide_id'].iloc[position]})"


def _key_problems(table: pd.DataFrame, folder: Path) -> list[str]:
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


def _with_numbers(table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
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


def _with_ages(table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Fill ages from brackets, and name people whose rows contradict each other."""
    problems = []
    if {"age_low", "age_high"} <= set(table):
        for position in (table["age_low"] > table["age_high"]).to_numpy().nonzero()[0]:
            problems.append(
                f"{_where(table, position)}, age_low: found {table['age_low'].iloc[position]:g}, "
                f"above age_high {table['age_high'].iloc[position]:g}; expected low <= high"
            )
        middle = (table["age_low"] + table["age_high"]) / 2
        table["age_years"] = table["age_years"].fillna(middle) if "age_years" in table else middle
    return table, problems


def _with_sex(table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
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
