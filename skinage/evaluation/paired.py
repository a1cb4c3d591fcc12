"""Feature sets compared as clocks of the same people, over deals into folds and tables."""

from typing import Any

import numpy as np
import pandas as pd

from skinage.clock.data import ClockData
from skinage.clock.prediction import predict_out_of_fold
from skinage.evaluation import metrics


def clock_rows(
    gathered: dict[str, list[ClockData]], deals: list[pd.DataFrame], seed: int
) -> list[dict[str, Any]]:
    """Compare clocks with the first and with the mean age, paired by person.

    Parameters
    ----------
    gathered
        For each feature set its tables, of the same people.
    deals
        The people with ``age_years``, ``fold`` and ``group``, once for each deal into folds.
    seed
        Seed of the bootstrap and, plus the number of the deal, of the clocks.

    Returns
    -------
    list of dict
        A row per feature set, and one for "predict the mean": ``features``, ``r2`` and the columns
        of MAE and differences of `skinage.compare_clocks`.
    """
    weights = metrics.person_weights(len(deals[0]), metrics.N_BOOTSTRAP, seed)

    def score(known: pd.DataFrame, predicted: np.ndarray) -> np.ndarray:
        found = metrics.accuracy(known, predicted, weights)
        return np.stack([found["mae_years"], found["r2"]])

    # Each (n_tables, n_deals, MAE and R2, 1 + n_bootstrap); the first sample is everybody.
    scores = {
        name: np.array([
            [score(known, _predicted(data, known, seed + k)) for k, known in enumerate(deals)]
            for data in own
        ])
        for name, own in gathered.items()
    }  # fmt: skip
    means = [
        metrics.mean_out_of_fold(known["age_years"].to_numpy(), known["fold"].to_numpy())
        for known in deals
    ]
    of_means = [score(known, mean) for known, mean in zip(deals, means, strict=True)]
    scores["predict the mean"] = np.array([of_means])
    reference = next(iter(scores.values()))[:, :, 0]
    return [
        {"features": name, "r2": found[:, :, 1, 0].mean(), **_compared(found[:, :, 0], reference)}
        for name, found in scores.items()
    ]


def _predicted(data: ClockData, known: pd.DataFrame, seed: int) -> np.ndarray:
    found = predict_out_of_fold(data.learner, data.inputs, known, None, seed)
    return found["predicted_years"].to_numpy()


def _compared(mae: np.ndarray, reference: np.ndarray) -> dict[str, float]:
    """Compare MAE ``(n_tables, n_deals, samples)`` with that of the first feature set."""
    row = metrics.with_difference(mae.mean(axis=(0, 1)), reference.mean(axis=(0, 1)))
    if np.array_equal(mae, reference):
        return row
    everybody, others = mae[:, :, 0], reference[:, :, 0]
    by_deal = everybody.mean(axis=0) - others.mean(axis=0)
    row["difference_sd_over_deals"] = pd.Series(by_deal).std()
    # A table of one set beside a table of the other: their variances add up.
    variances = pd.Series([pd.Series(one.mean(axis=1)).var() for one in (everybody, others)])
    row["difference_sd_over_seeds"] = np.sqrt(variances.sum(min_count=1))
    return row
