"""From parts to slides, and from slides to people: means weighed by how much tissue each shows."""

import json
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from skinage.cohort.people import first_visits
from skinage.errors import StageError
from skinage.explain.morphology.measures import TOTALS, WEIGHTS
from skinage.people.visits import SLIDE_IDS
from skinage.skip_log import add_skipped

Values = Mapping[str, float]
Reasons = Mapping[str, str]


def combined(
    parts: Sequence[Values], reasons: Sequence[Reasons]
) -> tuple[dict[str, float], dict[str, str]]:
    """Combine the measures of parts of one section or of sections of one slide.

    Parameters
    ----------
    parts
        The measures of each part, names as in `WEIGHTS` and `TOTALS`.
    reasons
        Why a measure is missing, for each part.

    Returns
    -------
    values : dict
        Totals are added; each measure is the mean over the parts that show it, weighed by the total
        that `WEIGHTS` names for it.
    reasons : dict
        The first reason of each measure that no part has.
    """
    if len(parts) == 1:
        return dict(parts[0]), dict(reasons[0])
    table = pd.DataFrame(parts)
    values = _means(table, np.zeros(len(table))).iloc[0].to_dict()
    why = {name: text for one in reversed(reasons) for name, text in one.items()}
    return values, {
        name: why[name] for name, value in values.items() if name in why and value != value
    }


def measure_people(slides: pd.DataFrame, cohort: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the measures of each person: means over slides, weighed by how much tissue they show.

    Parameters
    ----------
    slides
        A row per slide, as `measure_slides` returns it.
    cohort
        A row per slide. With it the slides of the first visit count; without it all slides do.

    Returns
    -------
    pandas.DataFrame
        A row per person, index ``person_id``, sorted: ``n_slides``, totals and measures (NaN
        where no slide of the person shows the structure), and ``slide_ids`` as JSON.
        `skinage.skipped` counts the slides that do not count.

    Raises
    ------
    StageError
        If no slide is left.
    """
    kept = slides
    if cohort is not None:
        kept = slides[slides["slide_id"].isin(first_visits(cohort)["slide_id"])]
    if kept.empty:
        raise StageError(
            f"measure_people: none of the {len(slides)} slides is of a first visit in the cohort; "
            "expected slide_id as in the cohort"
        )
    people = _means(kept, kept["person_id"].to_numpy()).rename_axis("person_id")
    own = kept.groupby("person_id")["slide_id"]
    people.insert(0, "n_slides", own.size())
    people[SLIDE_IDS] = own.agg(lambda ids: json.dumps(sorted(map(str, ids))))
    people.attrs.update(slides.attrs)
    if len(kept) < len(slides):
        left = {f"{len(slides) - len(kept)} of {len(slides)} slides": "not of a first visit"}
        add_skipped(people, "measure_people", left)
    return people


def _means(table: pd.DataFrame, group: np.ndarray) -> pd.DataFrame:
    """Return totals and weighed means of each group, in the order of the table's columns."""
    by_group = {}
    for name in table:
        if name in TOTALS:
            by_group[name] = table[name].groupby(group).sum()
        elif name in WEIGHTS:
            shown = table[name].notna()
            weight = table[WEIGHTS[name]].where(shown)
            total = weight.groupby(group).sum()
            summed = (table[name] * weight).groupby(group).sum()
            by_group[name] = (summed / total).where(total > 0, table[name].groupby(group).mean())
    return pd.DataFrame(by_group)
