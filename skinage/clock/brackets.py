"""Ages that are only known as brackets: what a learner is given in place of the age."""

from collections.abc import Callable

import numpy as np


def expected_ages(
    predicted: np.ndarray, low: np.ndarray, high: np.ndarray, spread: float
) -> tuple[np.ndarray, np.ndarray]:
    """Tell what age to expect of people whose bracket and prediction are known.

    A normal distribution about the prediction, cut off at the bracket.

    Parameters
    ----------
    predicted, low, high
        Years, ``(n_people,)``; where low equals high the age is known.
    spread
        SD of age about the prediction, years.

    Returns
    -------
    mean, variance : numpy.ndarray
        Of the age, ``(n_people,)``, years and years squared.
    """
    from scipy.stats import truncnorm

    mean, variance = low.astype(np.float64), np.zeros(len(low))
    open_ = high > low
    centre = predicted[open_]
    ends = (low[open_] - centre) / spread, (high[open_] - centre) / spread
    mean[open_] = truncnorm.mean(*ends, loc=centre, scale=spread)
    variance[open_] = truncnorm.var(*ends, scale=spread)
    return mean, variance


def target_of(
    low: np.ndarray,
    high: np.ndarray,
    predict_out_of_fold: Callable[[np.ndarray], np.ndarray],
    *,
    settled_years: float = 0.05,
    most_rounds: int = 10,
) -> np.ndarray:
    """Give the ages that a learner is fitted on: the known ones, and what brackets let expect.

    Starts in the middle of the brackets and alternates: predict each person from others, then
    expect their age within their bracket; the EM algorithm (Dempster, Laird and Rubin 1977) of
    regression with interval-censored ages. Predictions come from inner folds, because a flexible
    learner would else give back the ages it was just given.

    Parameters
    ----------
    low, high
        Bounds of age in years of the training people.
    predict_out_of_fold
        Given a target, predicts each training person by a model of others.
    settled_years, most_rounds
        Where to stop: the targets move less than this on average, or so often at most.
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
