"""The baselines of a clock: other features, the mean age, and ages shuffled between people."""

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from skinage.clock.data import clock_data
from skinage.clock.prediction import Folds, assign_folds, check_folds, predict_out_of_fold
from skinage.errors import SettingError
from skinage.evaluation import metrics
from skinage.people.clock_inputs import ClockInputs
from skinage.skip_log import add_skipped

COLUMNS = [
    "features", "mae_years", "lower_years", "upper_years", "r2",
    "difference_years", "difference_lower_years", "difference_upper_years",
]  # fmt: skip


def compare_clocks(
    feature_sets: Mapping[str, pd.DataFrame],
    cohort: pd.DataFrame,
    model: Any = "ridge",
    *,
    folds: Folds = 5,
    n_shuffles: int = 10,
    seed: int = 0,
) -> pd.DataFrame:
    """Compare feature sets as clocks, with the same people, folds and model.

    Parameters
    ----------
    feature_sets
        Tables of people by name, as `pool` returns them, such as trained, untrained and colour
        features. All are compared with the first. People whom one of the tables lacks are
        excluded; a warning and `skinage.skipped` count them.
    cohort
        A row per slide, as for `predict_age`.
    model
        The clock that is fitted on each feature set, as for `predict_age`.
    folds
        The folds of people, as for `predict_age`.
    n_shuffles
        Number of times that ages are shuffled; 0 omits the row "shuffled ages".
    seed
        Seed of the folds, the shuffles, the bootstrap, and models that draw random numbers.

    Returns
    -------
    pandas.DataFrame
        ``features``; ``mae_years`` with ``lower_years`` and ``upper_years``; ``r2``;
        ``difference_years`` of the MAE from that of the first feature set, with
        ``difference_lower_years`` and ``difference_upper_years`` (95 % bootstrap of people, the
        same resamples for both); ``n_people``. A row per feature set, and two baselines: "predict
        the mean" of the other folds, and "shuffled ages": the first feature set, fitted to and
        measured by ages that were shuffled between people, the mean over all shuffles with their
        2.5 and 97.5 percentiles.

    Raises
    ------
    SettingError
        If there is no feature set.
    StageError, LeakageError
        If a person has several rows in a feature set; also as `predict_age`.
    """
    if not feature_sets:
        raise SettingError("compare_clocks: no feature sets; pass a dict of tables by name")
    shared, excluded = _shared_people(feature_sets)
    gathered = {
        name: clock_data(people.loc[shared], cohort, model) for name, people in feature_sets.items()
    }
    first = next(iter(gathered))
    known, learner = gathered[first].known, gathered[first].learner
    known["fold"], known["group"] = assign_folds(known, cohort, folds, seed)
    for data in gathered.values():
        check_folds(known["fold"], cohort, data.inputs)

    def score(inputs: ClockInputs, known: pd.DataFrame, weights: np.ndarray) -> pd.DataFrame:
        found = predict_out_of_fold(learner, inputs, known, None, seed)
        return pd.DataFrame(metrics.accuracy(known, found["predicted_years"].to_numpy(), weights))

    weights = metrics.person_weights(len(known), metrics.N_BOOTSTRAP, seed)
    scores = {name: score(data.inputs, known, weights) for name, data in gathered.items()}
    mean = metrics.mean_out_of_fold(known["age_years"].to_numpy(), known["fold"].to_numpy())
    scores["predict the mean"] = pd.DataFrame(metrics.accuracy(known, mean, weights))
    reference = scores[first]["mae_years"].to_numpy()
    rows = [_row(name, one, reference) for name, one in scores.items()]
    if n_shuffles:
        shuffles = pd.concat([
            score(gathered[first].inputs, _shuffled(known, [seed, one]), weights[:1])
            for one in range(n_shuffles)
        ])  # fmt: skip
        mean_and_each = pd.concat([shuffles.mean().to_frame().T, shuffles])
        rows.append(_row("shuffled ages", mean_and_each, reference[0]))
    table = pd.DataFrame(rows, columns=COLUMNS).assign(n_people=len(known))
    add_skipped(table, "compare_clocks", gathered[first].skipped | excluded)
    return table


def _shared_people(feature_sets: Mapping[str, pd.DataFrame]) -> tuple[pd.Index, dict[str, str]]:
    """Return the people of all tables, in the order of the first, and how many are excluded."""
    ids = [people.index for people in feature_sets.values()]
    shared = ids[0][np.all([ids[0].isin(others) for others in ids], axis=0)]
    n_all = len(set[object]().union(*ids))
    if n_all <= len(shared):
        return shared, {}
    excluded = f"{n_all - len(shared)} of {n_all} people"
    warnings.warn(f"{excluded} are not in every table and are excluded", stacklevel=3)
    return shared, {excluded: "not in every feature set"}


def _shuffled(known: pd.DataFrame, seed: list[int]) -> pd.DataFrame:
    """Assign the age of every person to another one; people, sex and folds stay."""
    ages = ["age_years", "age_low", "age_high"]
    shuffled = known[ages].to_numpy()[np.random.default_rng(seed).permutation(len(known))]
    return known.assign(**dict(zip(ages, shuffled.T, strict=True)))


def _row(name: str, scores: pd.DataFrame, reference: np.ndarray | float) -> list[object]:
    """Return ``COLUMNS`` from scores of all people (first) and of samples (others)."""
    mae = scores["mae_years"].to_numpy()
    difference = metrics.with_interval(mae - reference)
    return [name, *metrics.with_interval(mae), scores["r2"].iloc[0], *difference]
