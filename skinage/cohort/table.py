"""The cohort table: people and slides, read and checked before all other work."""

from pathlib import Path

import pandas as pd

from skinage.cohort.checks import KEYS, key_problems, with_ages, with_numbers, with_sex
from skinage.cohort.people import first_visits
from skinage.errors import CohortError


def read_cohort(path: str | Path) -> pd.DataFrame:
    """Read a cohort table (a row per slide) and check every row before work begins.

    Parameters
    ----------
    path
        CSV or Parquet with ``slide_id``, ``person_id``, ``path`` and ``age_years`` (or ``age_low``
        and ``age_high``); ``data/README.md`` lists the optional columns. Relative slide paths
        start at the table's folder. An age may be blank; the clock does not use such a slide.

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
    problems = key_problems(table, path.parent)
    for check in (with_numbers, with_ages, with_sex):
        table, found = check(table)
        problems += found
    table["path"] = [
        str((path.parent / name).resolve()) if isinstance(name, str) else name
        for name in table["path"]
    ]
    return table, problems


def describe_cohort(cohort: pd.DataFrame) -> pd.DataFrame:
    """Return the first table of a paper: who is in a cohort.

    Parameters
    ----------
    cohort
        The table of :func:`read_cohort`. Of a person with several visits the first one counts.

    Returns
    -------
    pandas.DataFrame
        A row per quantity: ``quantity`` and ``value``, both text.
    """
    people = first_visits(cohort).groupby("person_id", observed=True).first()
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
