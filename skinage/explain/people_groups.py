"""The groups that people are compared within, such as body site and scanner."""

from collections.abc import Sequence

import pandas as pd

from skinage.cohort.people import by_person, first_visits


def ages_and_groups(cohort: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Return each person's age and groups at the first visit.

    Parameters
    ----------
    cohort
        A row per slide: ``person_id``, ``age_years`` and the columns.
    columns
        Columns of groups. They may differ between slides, as when one slide was scanned twice.

    Returns
    -------
    pandas.DataFrame
        Index ``person_id``; ``age_years`` and the columns: all values that the person's slides
        have, such as "A and B"; missing where none is known.
    """
    return by_person(cohort, ["age_years"]).join(groups_of_people(cohort, columns))


def groups_of_people(cohort: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Return each person's groups at the first visit, as `ages_and_groups` states them."""
    grouped = first_visits(cohort).groupby("person_id", observed=True)
    ids = pd.Index([*grouped.groups], name="person_id")
    return pd.DataFrame({name: grouped[name].agg(_joined) for name in columns}, ids)


def _joined(values: pd.Series) -> str | None:
    return " and ".join(sorted(map(str, values.dropna().unique()))) or None
