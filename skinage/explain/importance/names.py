"""Names for groups of features, given only where a measure survives age, sex, site and chance."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skinage.errors import SettingError, StageError
from skinage.explain.importance.evidence import (
    NOT_WITHIN,
    gather_tiles,
    over_people,
    within_people,
)
from skinage.explain.importance.groups import sum_groups
from skinage.explain.importance.shapley import SEX
from skinage.explain.importance.tile_years import tile_years
from skinage.explain.people_groups import ages_and_groups
from skinage.skip_log import add_skipped

if TYPE_CHECKING:
    import shap
    from anndata import AnnData

P_VALUE = 0.05
MIN_PEOPLE = 20
"""Fewer people than this leave nothing to correlate after age, sex and site."""
LEAST_KNOWN = 0.5
"""A measure that fewer people have than this names nothing."""
UNNAMED = "unnamed"


def name_groups(
    explanation: "shap.Explanation",
    groups: pd.Series,
    measures: pd.DataFrame,
    *,
    cohort: pd.DataFrame,
    atlas: "AnnData | None" = None,
    tile_measures: pd.DataFrame | None = None,
    n_shuffles: int = 999,
    seed: int = 0,
) -> pd.DataFrame:
    """Name each group of features after the measure that its years go with.

    Over people, the years of a group are correlated with each measure (partial rank correlation
    given age, its square and cube, sex and body site). Within each person, the years that each
    tile adds to the group are correlated with the measures of tiles by rank, and people are asked
    whether they agree; tiles are no witnesses, since neighbours are alike. A measure gives its name
    where p is at most 0.05 over people and, if tiles were measured by it, within people too, with
    the same sign. Each p holds for all measures of one group together: of groups that see none of
    them, one in twenty is named nevertheless. Where a clock weighs two groups against each other,
    one of them may be named with the sign turned round.

    Parameters
    ----------
    explanation
        What `shap_values` returned.
    groups
        ``group`` by ``feature``, as `group_features` returns it.
    measures
        A row per person, index ``person_id``, a column per measure. Who lacks a measure counts
        with its middle rank.
    cohort
        A row per slide: ``age_years`` and, if known, ``sex`` and ``body_site``.
    atlas
        The tiles that were pooled: ``X`` and ``obs`` with ``person_id``.
    tile_measures
        A row per tile of the atlas, indexed like it (``tile_id``). Their means over each person's
        tiles join ``measures`` where it has no column of that name.
    n_shuffles
        Number of shuffles within sex and site, and of draws of the signs of people.
    seed
        Seed of both.

    Returns
    -------
    pandas.DataFrame
        A row per group, strongest first: ``group``, ``n_features``, ``mean_abs_years``,
        ``measure`` (the name; where no measure passes, the nearest one), ``r_within`` (mean over
        people; NaN where tiles were not measured by it), ``r_partial`` (above 0: the more of it,
        the older the clock), ``p`` (the larger of both) and ``label``, such as "less is older:
        epidermis_um"; "unnamed" where no measure passes.
        `skipped` lists the people and measures that had no part.

    Raises
    ------
    SettingError
        If only one of ``atlas`` and ``tile_measures`` is given.
    StageError
        If the explanation names no people, fewer than twenty are in all tables, tiles are not in
        the tables, a measure holds no numbers, or none is known for half of the people.
    """
    if (atlas is None) != (tile_measures is None):
        raise SettingError("name_groups: atlas and tile_measures are needed both, or neither")
    if explanation.instance_names is None:
        raise StageError(
            "name_groups: the explanation does not say whose rows it has (instance_names); give "
            "what shap_values returned"
        )
    summed = sum_groups(explanation, groups)
    years = pd.DataFrame(summed.values, list(summed.instance_names), summed.feature_names)
    reasons: dict[str, str] = {}
    within = NOT_WITHIN
    if atlas is not None and tile_measures is not None:
        of_tiles, means = gather_tiles(atlas, tile_measures, years.index, reasons)
        within = within_people(tile_years(explanation, groups, atlas), of_tiles, n_shuffles, seed)
        measures = measures.join(means[means.columns.difference(measures.columns)])
    known = _known(years, measures, cohort, reasons)
    found = measures.loc[known.index]
    for name in found.columns[found.notna().mean() < LEAST_KNOWN]:
        reasons[f"measure {name}"] = f"known for fewer than {LEAST_KNOWN:.0%} of the people"
        found = found.drop(columns=name)
    words = [str(name) for name in found if not pd.api.types.is_numeric_dtype(found[name])]
    if words:
        raise StageError(f"name_groups: the measure {words[0]!r} holds no numbers; leave it out")
    if found.empty:
        raise StageError(
            f"name_groups: no measure is known for half of the {len(known)} people; expected one "
            "at least, as measure_people returns them"
        )
    over = over_people(years.loc[known.index], found, known, n_shuffles, seed)
    pairs = over.merge(within, on=["group", "measure"], how="left")
    table = pd.DataFrame([_named(own) for _, own in pairs.groupby("group")])
    size = groups.reindex(explanation.feature_names).value_counts()
    table.insert(1, "n_features", table["group"].map(size).fillna(1).astype(int))
    table.insert(2, "mean_abs_years", table["group"].map(years.abs().mean()))
    table = table.sort_values("mean_abs_years", ascending=False, ignore_index=True)
    add_skipped(table, "name_groups", reasons)
    return table


def _known(
    years: pd.DataFrame, measures: pd.DataFrame, cohort: pd.DataFrame, reasons: dict[str, str]
) -> pd.DataFrame:
    """Return age, sex and site of those who are in all tables, and count the others."""
    groups = [name for name in ("sex", "body_site") if name in cohort]
    known = ages_and_groups(cohort, groups).dropna(subset="age_years")
    shared = years.index.intersection(measures.index).intersection(known.index)
    if len(shared) < MIN_PEOPLE:
        raise StageError(
            f"name_groups: {len(shared)} people are in all tables ({len(years)} are explained, "
            f"{len(measures)} measured, {len(known)} of known age); expected {MIN_PEOPLE} or more. "
            "Are the measures indexed by person_id?"
        )
    if left := len(years) - len(shared):
        reasons[f"{left} of {len(years)} people"] = "not measured, or of unknown age"
    return known.loc[shared]


def _named(pairs: pd.DataFrame) -> dict[str, Any]:
    """Return the row of one group: the nearest measure that passes, or else the nearest."""
    group = pairs["group"].iloc[0]
    p = pairs[["p_partial", "p_within"]].max(axis=1)
    passes = (p <= P_VALUE) & ~(pairs["r_partial"] * pairs["r_within"].fillna(0) < 0)
    strength = pairs["r_partial"].abs().fillna(-1.0)
    best = (strength + 2 * passes).idxmax()
    row = {"group": group, **pairs.loc[best, ["measure", "r_within", "r_partial"]], "p": p[best]}
    if np.isnan(row["r_partial"]):  # sex itself, or years that are the same in everybody
        row["measure"] = None
    if not passes[best]:
        return row | {"label": "sex" if group == SEX else UNNAMED}
    way = "more" if row["r_partial"] > 0 else "less"
    return row | {"label": f"{way} is older: {row['measure']}"}
