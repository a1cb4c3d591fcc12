"""Which features drive the age clock, and which readable measures they go with."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from skinage.errors import StageError
from skinage.people.pool import feature_names

if TYPE_CHECKING:
    import shap

MIN_PEOPLE = 5
"""Fewer people than this make no rank correlation worth a name."""


def name_features(people: pd.DataFrame, morphology: pd.DataFrame) -> pd.DataFrame:
    """Name each feature after the readable measure it goes with most closely over people.

    The name is the best of several correlations: a hint where to look, not a finding.

    Parameters
    ----------
    people
        A row per person, as `pool` returns them.
    morphology
        A row per person, with readable measures as columns, as `measure_people` returns them.

    Returns
    -------
    pandas.DataFrame
        A row per feature: ``feature``, ``measure``, ``spearman_r``; None and NaN for a feature
        that is the same in everybody.

    Raises
    ------
    StageError
        If fewer than five people are in both tables.
    """
    shared = people.index.intersection(morphology.index)
    if len(shared) < MIN_PEOPLE:
        raise StageError(
            f"name_features: {len(shared)} people are in both tables ({len(people)} with features,"
            f" {len(morphology)} with morphology); expected {MIN_PEOPLE} or more. Are both indexed"
            " by person_id?"
        )
    names = feature_names(people)
    # People without a measure count with its median rank, so that one blank tile drops nobody.
    ranks = people.loc[shared, names].join(morphology).rank()
    ranks = ranks.fillna(ranks.median())
    # What is constant has no correlation.
    with np.errstate(invalid="ignore", divide="ignore"):
        r = morphology.apply(lambda measure: ranks[names].corrwith(ranks[measure.name]))
    best = r.abs().dropna(how="all").idxmax(axis=1)
    rows = [
        (name, best[name], r.loc[name, best[name]]) if name in best else (name, None, np.nan)
        for name in names
    ]
    return pd.DataFrame(rows, columns=["feature", "measure", "spearman_r"])


def feature_importance(
    explanation: "shap.Explanation",
    people: pd.DataFrame,
    morphology: pd.DataFrame,
    *,
    n: int = 15,
) -> pd.DataFrame:
    """List the features that move the predicted age most, named after readable measures.

    Parameters
    ----------
    explanation
        What `shap_values` returned.
    people, morphology
        As in `name_features`.
    n
        How many features to list.

    Returns
    -------
    pandas.DataFrame
        A row per feature, strongest first: ``feature``, ``mean_abs_years`` (mean absolute SHAP
        value), ``years_per_sd`` (signed: how many years older per standard deviation of the
        feature over the explained people, by least squares), ``measure``, ``spearman_r`` and
        ``label``, the three in words.
    """
    names = list(explanation.feature_names)
    values = pd.DataFrame(explanation.values, columns=names)
    data = pd.DataFrame(explanation.data, columns=names)
    spread = data.std(ddof=0)
    slopes = (values * (data - data.mean())).mean() / spread.where(spread > 0)
    table = pd.DataFrame({"mean_abs_years": values.abs().mean(), "years_per_sd": slopes.fillna(0)})
    table = table.rename_axis("feature").reset_index()
    named = name_features(people[[name for name in names if name in people]], morphology)
    top = table.nlargest(n, "mean_abs_years").merge(named, on="feature", how="left")
    return top.assign(label=[_label(row) for row in top.to_dict("records")])


def _label(row: dict) -> str:
    if pd.isna(row["measure"]):
        return str(row["feature"])
    return f"{row['feature']}: {row['measure'].replace('_', ' ')} (r = {row['spearman_r']:.2f})"
