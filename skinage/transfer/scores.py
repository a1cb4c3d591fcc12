"""Scores of out-of-fold predictions by scikit-learn and lifelines, averaged within folds."""

from collections.abc import Callable

import numpy as np
from lifelines.utils import concordance_index
from sklearn.metrics import roc_auc_score


def within_folds(fold: np.ndarray, score: Callable[..., float], *columns: np.ndarray) -> float:
    """Average a score over folds, weighted by people; folds in which it is undefined do not count.

    Predictions of different folds have different intercepts, which lean away from what was held
    out: across folds a useless model seems worse than chance.
    """
    masks = [fold == one for one in np.unique(fold)]
    found = [score(*(column[mask] for column in columns)) for mask in masks]
    weights = np.isfinite(found) * [mask.sum() for mask in masks]
    return float(np.average(np.nan_to_num(found), weights=weights)) if weights.any() else np.nan


def auc(actual: np.ndarray, probability: np.ndarray) -> float:
    """Return the AUC, the mean of each class against the rest; NaN where a class is missing."""
    return roc_auc_score(actual, probability) if actual.any(axis=0).all() else np.nan


def concordance(time: np.ndarray, event: np.ndarray, log_hazard: np.ndarray) -> float:
    """Return Harrell's C-index; NaN where nobody can be compared."""
    try:
        return concordance_index(time, -log_hazard, event)
    except ZeroDivisionError:  # of no two people it is known who had the event first
        return np.nan


def brier(actual: np.ndarray, probability: np.ndarray) -> float:
    """Return the Brier score: summed over classes (Brier 1950), for two classes half of that."""
    return float(((actual - probability) ** 2).sum(axis=1).mean() / (1 + (actual.shape[1] == 2)))
