"""How much of a clock the measures of the tissue explain, and what they leave unnamed."""

import numpy as np
import pandas as pd

from skinage.clock.learners.ridge import Ridge
from skinage.errors import StageError
from skinage.evaluation.metrics import N_BOOTSTRAP, person_weights
from skinage.explain.morphology.clock import measure_features
from skinage.explain.morphology.measures import MEASURES
from skinage.explain.tissue import joined, known_terms
from skinage.people.clock_inputs import ClockInputs
from skinage.people.pool import feature_names
from skinage.skip_log import add_skipped, skipped

LEAST_SPREAD = 0.01
"""Of the SD over everybody: a measure that varies less in training people has no part."""
TARGETS = {"predicted age": "predicted_years", "acceleration": "acceleration_years"}


def explained_by_measures(
    acceleration: pd.DataFrame,
    measures: pd.DataFrame,
    cohort: pd.DataFrame,
    *,
    seed: int = 0,
) -> pd.DataFrame:
    """Compute how much of a clock's predictions the measures of the tissue explain.

    Ridge regression of the predicted age, and of the acceleration, on the measures, out of fold in
    the folds of the clock. For acceleration, whatever a spline of age, sex, body site and scanner
    explain of the measures is taken out first, in the training people of each fold. What is left
    may be features that no measure names, or noise: an acceleration has no more that can be
    explained than its reliability.

    Parameters
    ----------
    acceleration
        A row per person, as `acceleration` returns it, with ``predicted_years`` and ``fold``.
    measures, cohort
        As for `tissue_by_acceleration`.
    seed
        Seed of the bootstrap of people.

    Returns
    -------
    pandas.DataFrame
        Two rows, ``explained`` "predicted age" and "acceleration": ``r2`` with ``lower`` and
        ``upper`` (95 %), ``unnamed`` (1 - r2, at most 1), ``r``, ``n_people``.

    Raises
    ------
    StageError
        If fewer than 20 people are in all tables, or they have no folds.
    """
    if "fold" not in acceleration:
        raise StageError(
            "explained_by_measures: acceleration has no column fold; expected that of people "
            "predicted out of fold, acceleration(predict_age(...))"
        )
    people = joined(acceleration, measures, "explained_by_measures")
    if people["fold"].nunique() < 2:
        raise StageError(
            f"explained_by_measures: all {len(people)} people are in one fold; expected two or more"
        )
    features = measure_features(people, [*MEASURES])
    names, known = feature_names(features), known_terms(people, cohort, None).to_numpy()
    whole = features[names].to_numpy()
    fold = people["fold"].to_numpy()
    found = {name: np.empty(len(people)) for name in TARGETS}
    for one in np.unique(fold):
        train = fold != one
        slopes = np.linalg.lstsq(known[train], whole[train], rcond=None)[0]
        for (name, column), x in zip(TARGETS.items(), (whole, whole - known @ slopes), strict=True):
            target = people[column].to_numpy(float)[train]
            # What varies in nobody but the tested would be multiplied by a rounding error.
            kept = x[:, x[train].std(axis=0) > LEAST_SPREAD * whole.std(axis=0)]
            model = Ridge().fit(_inputs(kept[train]), target, seed=seed)
            found[name][~train] = model.predict(_inputs(kept[~train]))
    weights = person_weights(len(people), N_BOOTSTRAP, seed)
    rows = [
        {"explained": name, **_r2(people[column].to_numpy(float), found[name], weights)}
        for name, column in TARGETS.items()
    ]
    table = pd.DataFrame(rows).assign(n_people=len(people))
    n_left = len(acceleration) - len(people)
    left = {f"{n_left} of {len(acceleration)} people": "no slide was measured"}
    add_skipped(table, "explained_by_measures", {**(left if n_left else {}), **_reasons(features)})
    return table


def _inputs(features: np.ndarray) -> ClockInputs:
    return ClockInputs(features, np.full(len(features), np.nan))


def _r2(target: np.ndarray, found: np.ndarray, weights: np.ndarray) -> dict[str, float]:
    """Return R2 with its interval by a bootstrap of people (the first weights are everybody's)."""
    mean = weights @ target / weights.sum(axis=1)
    squares = weights @ target**2 - weights.sum(axis=1) * mean**2
    r2 = 1 - weights @ (target - found) ** 2 / squares
    lower, upper = np.quantile(r2[1:], (0.025, 0.975))
    return {
        "r2": r2[0], "lower": lower, "upper": upper, "unnamed": min(1.0, 1 - r2[0]),
        "r": float(np.corrcoef(target, found)[0, 1]),
    }  # fmt: skip


def _reasons(table: pd.DataFrame) -> dict[str, str]:
    return dict(skipped(table)[["item", "reason"]].itertuples(index=False))
