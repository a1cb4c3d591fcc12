"""Which features drive the age clock, and what they look like in the tissue."""

import warnings
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from skinage.clock.clock import Clock
from skinage.errors import StageError
from skinage.people.pool import feature_names

if TYPE_CHECKING:
    import shap

MIN_PEOPLE = 5
"""Fewer people than this make no rank correlation worth a name."""


def shap_values(clock: Clock, people: pd.DataFrame) -> "shap.Explanation":
    """Split each person's predicted age into years per feature (Lundberg and Lee 2017).

    The features count as independent and the average person of the clock's fit as the baseline;
    for a linear clock the value is exactly ``coefficient * (feature - mean) / scale``.

    Parameters
    ----------
    clock
        A linear clock.
    people
        A row per person with the clock's features.

    Returns
    -------
    shap.Explanation
        ``values`` (n_people, n_features) in years, ``data`` the features, ``base_values`` the
        predicted age of the average person; each row adds up to the person's predicted age.

    Raises
    ------
    skinage.StageError
        If a feature of the clock is missing in ``people``.
    """
    with warnings.catch_warnings():
        # shap's own colour maps use a setter that matplotlib is about to retire.
        warnings.filterwarnings("ignore", "The set_", PendingDeprecationWarning)
        import shap

    features = _features(clock, people)
    terms = clock.linear
    slopes = terms.coefficients / terms.scale
    model = (slopes, float(terms.intercept - slopes @ terms.mean))
    average = shap.maskers.Independent(terms.mean[None])
    explanation = shap.LinearExplainer(model, average)(features.to_numpy())
    explanation.feature_names = list(clock.feature_names)
    return explanation


def name_features(people: pd.DataFrame, morphology: pd.DataFrame) -> pd.DataFrame:
    """Name each feature after the readable measure it goes with most closely over people.

    The name is the best of several correlations: a hint where to look, not a finding.

    Parameters
    ----------
    people
        As `pool` gives them.
    morphology
        A row per person, readable measures as columns; see `measure_tiles`.

    Returns
    -------
    pandas.DataFrame
        A row per feature: ``feature``, ``measure``, ``spearman_r``; None and NaN for a feature
        that is the same in everybody.

    Raises
    ------
    skinage.StageError
        If fewer than five people are in both tables.
    """
    shared = people.index.intersection(morphology.index)
    if len(shared) < MIN_PEOPLE:
        raise StageError(
            f"name_features: {len(shared)} people are in both tables ({len(people)} with features,"
            f" {len(morphology)} with morphology); expected {MIN_PEOPLE} or more. Are both indexed"
            " by person_id?"
        )
    features = people.loc[shared, feature_names(people)]
    correlation = _rank_correlation(features, morphology.loc[shared])
    strength = np.nan_to_num(np.abs(correlation), nan=-1.0)
    best = strength.argmax(axis=1)
    rows = np.arange(len(best))
    known = strength[rows, best] >= 0
    measures = morphology.columns.to_numpy(dtype=object)[best]
    return pd.DataFrame(
        {
            "feature": features.columns,
            "measure": np.where(known, measures, None),
            "spearman_r": np.where(known, correlation[rows, best], np.nan),
        }
    )


def feature_importance(
    clock: Clock, people: pd.DataFrame, morphology: pd.DataFrame, *, n: int = 15
) -> pd.DataFrame:
    """List the features that move the predicted age most, named after readable measures.

    Parameters
    ----------
    clock
        A linear clock.
    people, morphology
        As in `shap_values` and `name_features`.
    n
        How many features to list.

    Returns
    -------
    pandas.DataFrame
        A row per feature, strongest first: ``feature``, ``mean_abs_years`` (mean absolute SHAP
        value), ``years_per_sd`` (signed: years older per standard deviation more of the feature),
        ``measure``, ``spearman_r`` and ``label``, the three in words.
    """
    explanation = shap_values(clock, people)
    table = pd.DataFrame(
        {
            "feature": clock.feature_names,
            "mean_abs_years": np.abs(explanation.values).mean(axis=0),
            "years_per_sd": clock.linear.coefficients,
        }
    )
    names = name_features(people[list(clock.feature_names)], morphology)
    top = table.nlargest(n, "mean_abs_years").merge(names, on="feature", how="left")
    return top.assign(label=[_label(row) for row in top.to_dict("records")])


def _features(clock: Clock, people: pd.DataFrame) -> pd.DataFrame:
    missing = [name for name in clock.feature_names if name not in people.columns]
    if missing:
        raise StageError(
            f"shap_values: {len(missing)} of the clock's {len(clock.feature_names)} features are "
            f"missing in people, the first is {missing[0]!r}. Pool the embeddings as for the clock."
        )
    return people[list(clock.feature_names)]


def _rank_correlation(left: pd.DataFrame, right: pd.DataFrame) -> np.ndarray:
    """Spearman's r of each column with each, (n_left, n_right); NaN where a column is constant.

    People without a measure count with its median rank, so that one blank tile drops nobody.
    """
    units = []
    for table in (left, right):
        ranks = table.rank().to_numpy(dtype=float)
        ranks = np.where(np.isnan(ranks), np.nanmedian(ranks, axis=0), ranks)
        centred = ranks - ranks.mean(axis=0)
        length = np.linalg.norm(centred, axis=0)
        units.append(
            np.divide(centred, length, out=np.full_like(centred, np.nan), where=length > 0)
        )
    return units[0].T @ units[1]


def _label(row: dict) -> str:
    if row["measure"] is None:
        return str(row["feature"])
    return f"{row['feature']}: {row['measure'].replace('_', ' ')} (r = {row['spearman_r']:.2f})"
