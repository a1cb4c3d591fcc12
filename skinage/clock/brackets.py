"""Ages that are only known as brackets: the ages that a learner is fitted on instead."""

from collections.abc import Callable

import numpy as np


def expected_ages(
    predicted: np.ndarray, low: np.ndarray, high: np.ndarray, spread: float
) -> tuple[np.ndarray, np.ndarray]:
    """Compute the expected age of people whose bracket and prediction are known.

    The age has a normal distribution around the prediction, truncated to the bracket.

    Parameters
    ----------
    predicted, low, high
        Years, ``(n_people,)``; where low equals high the age is known.
    spread
        SD of the age around the prediction, in years.

    Returns
    -------
    mean, variance : numpy.ndarray
        ``(n_people,)``, mean and variance of the age, in years and years squared.
    """
    mean, variance = low.astype(np.float64), np.zeros(len(low))
    open_ = high > low
    centre = predicted[open_]
    ends = (low[open_] - centre) / spread, (high[open_] - centre) / spread
    of_ends = _truncated_normal(*ends)
    mean[open_] = (centre + spread * of_ends[0]).clip(low[open_], high[open_])
    variance[open_] = spread**2 * of_ends[1]
    return mean, variance


def _truncated_normal(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and variance of a standard normal distribution truncated to low to high.

    In logarithms, so that brackets far out are right too; `scipy.stats.truncnorm` loops over
    people, which takes most of the time of a fit on brackets.
    """
    from scipy.special import log_ndtr

    # Mirrored where it lies above 0: the lower tail has the more exact logarithm.
    above = low + high > 0
    low, high = np.where(above, -high, low), np.where(above, -low, high)
    inside = log_ndtr(high) + np.log1p(-np.exp(log_ndtr(low) - log_ndtr(high)))
    at_low, at_high = (
        np.exp(-(end**2) / 2 - np.log(2 * np.pi) / 2 - inside) for end in (low, high)
    )
    mean = at_low - at_high
    variance = 1 + low * at_low - high * at_high - mean**2
    return np.where(above, -mean, mean), variance.clip(min=0)


def target_of(
    low: np.ndarray,
    high: np.ndarray,
    predict_out_of_fold: Callable[[np.ndarray], np.ndarray],
    *,
    settled_years: float = 0.05,
    most_rounds: int = 10,
) -> np.ndarray:
    """Compute the ages that a learner is fitted on: known ones, and expected ones in brackets.

    It starts in the middle of the brackets and alternates between predicting each person by a
    model of others and computing the expected age within the bracket: the EM algorithm (Dempster,
    Laird and Rubin 1977) for regression with interval-censored ages. Predictions come from inner
    folds, because a flexible learner would otherwise return the ages it was fitted on.

    Parameters
    ----------
    low, high
        Bounds of the ages of the training people, in years.
    predict_out_of_fold
        A function that takes a target and predicts each training person by a model of others.
    settled_years, most_rounds
        It stops when the targets change by less than this on average, or after so many rounds.
    """
    target = (low + high) / 2
    if (low == high).all():
        return target
    spread = float(target.std())
    for _ in range(most_rounds):
        predicted, before = predict_out_of_fold(target), target
        target, variance = expected_ages(predicted, low, high, spread)
        spread = float(np.sqrt(((target - predicted) ** 2 + variance).mean()))
        if np.abs(target - before).mean() < settled_years:
            break
    return target
