"""The accuracy of a clock, with intervals from resampled people."""

import numpy as np
import pandas as pd

from skinage.evaluation import metrics
from skinage.evaluation.corrected import refuse_corrected


def report_card(
    ages: pd.DataFrame, *, n_bootstrap: int = metrics.N_BOOTSTRAP, seed: int = 0
) -> pd.DataFrame:
    """Compute how accurate predicted ages are, each by a clock that was fitted without the person.

    An age known as a bracket (``age_low`` below ``age_high``) is an interval-censored age: the
    error is the distance from the prediction to the bracket, 0 inside, above 0 where the
    prediction is too old. Measured against the middle of the bracket, a perfect clock would have
    an error. MAE and R2 depend on the range of ages: do not compare them between cohorts.

    Parameters
    ----------
    ages
        A row per person, as `predict_age` or ``Clock.apply`` return it: never bias-corrected
        predictions.
    n_bootstrap
        Number of resamples of people for the 95 % percentile intervals; all repeats use the same.
    seed
        Seed of the resampling.

    Returns
    -------
    pandas.DataFrame
        ``metric``, ``value``, ``lower``, ``upper``, ``sd_over_repeats``. Where the table has
        repeats (``predicted_years_2``, ...), values are means over them, and the last column is
        their SD (NaN without repeats). The metrics:

        - ``mae_years``, ``rmse_years`` and ``bias_years`` (mean) of the errors;
        - ``r2``: 1 - squared error / squared error of always predicting the mean age, in a
          resample its own mean; for exact ages the coefficient of determination;
        - ``r``, the line of actual on predicted age (a perfect clock has ``calibration_slope`` 1
          and ``calibration_intercept`` 0) and ``age_sd_years``, from the middle of a bracket;
        - with ``fold``, ``baseline_mae_years``: predicting the mean age of the other folds;
        - with brackets ``bracket_accuracy``: the proportion of people with a bracket predicted
          inside it, ends included; ``weighted_kappa`` (quadratic weights; Cohen, Psychol Bull
          70:213, 1968) between actual and nearest bracket, numbered in order of age, NaN where
          brackets overlap or there is only one; ``mae_midpoint_years``: the error against the
          middle, for comparison only;
        - with ``lower_years`` and ``upper_years``, of the first repeat: ``coverage``, the
          proportion of people whose age or whole bracket lies inside, and
          ``interval_width_years`` (mean);
        - ``n_people``.

    Raises
    ------
    StageError
        If a column is missing, an age is not finite, a person has several rows, or predictions
        were corrected by the actual age.
    """
    repeats = metrics.check_measurable(ages)
    refuse_corrected(ages)
    weights = metrics.person_weights(len(ages), n_bootstrap, seed)
    found = [_metrics_of(ages, repeat, weights) for repeat in repeats]
    if "lower_years" in ages:
        width = (ages["upper_years"] - ages["lower_years"]).to_numpy(float)
        found[0]["coverage"] = weights @ metrics.covered(ages)
        found[0]["interval_width_years"] = weights @ width
    rows: list[list[object]] = []
    for name in found[0]:
        values = np.stack([repeat[name] for repeat in found if name in repeat])
        sd = pd.Series(values[:, 0]).std()
        rows.append([name, *metrics.with_interval(values.mean(axis=0)), sd])
    rows.append(["n_people", len(ages), np.nan, np.nan, np.nan])
    return pd.DataFrame(rows, columns=["metric", "value", "lower", "upper", "sd_over_repeats"])


def _metrics_of(ages: pd.DataFrame, repeat: str, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Return the metrics of one repeat, for each row of weights (b, n_people)."""
    actual = ages["age_years"].to_numpy(float)
    predicted = ages[f"predicted_years{repeat}"].to_numpy(float)
    found = metrics.accuracy(ages, predicted, weights)
    found |= _line_metrics(actual, predicted, weights)
    if "fold" in ages:
        mean = metrics.mean_out_of_fold(actual, ages[f"fold{repeat}"].to_numpy())
        found["baseline_mae_years"] = metrics.accuracy(ages, mean, weights)["mae_years"]
    low, high = metrics.known_bounds(ages)
    bracketed = low < high
    if bracketed.any():
        few = weights[:, bracketed]
        inside = metrics.distance_years(predicted, low, high)[bracketed] == 0
        found["bracket_accuracy"] = metrics.ratio(few @ inside, few.sum(axis=1))
        brackets = np.column_stack([low, high])[bracketed]
        found["weighted_kappa"] = _weighted_kappa(predicted[bracketed], brackets, few)
        found["mae_midpoint_years"] = weights @ np.abs(predicted - actual)
    return found


def _line_metrics(
    actual: np.ndarray, predicted: np.ndarray, weights: np.ndarray
) -> dict[str, np.ndarray]:
    """Return correlation, line and SD from first and second moments, for each row of weights."""
    # Centred, else the squares would lose digits.
    a, p = actual - actual.mean(), predicted - predicted.mean()
    mean_a, mean_p = weights @ a, weights @ p
    variance_a, variance_p = weights @ a**2 - mean_a**2, weights @ p**2 - mean_p**2
    covariance = weights @ (a * p) - mean_a * mean_p
    # Predictions that never vary have no slope and no r.
    slope = metrics.ratio(covariance, variance_p)
    return {
        "r": metrics.ratio(covariance, np.sqrt(np.maximum(variance_a * variance_p, 0))),
        "calibration_slope": slope,
        "calibration_intercept": weights @ actual - slope * (weights @ predicted),
        "age_sd_years": np.sqrt(np.maximum(variance_a, 0) * len(a) / (len(a) - 1)),
    }


def _weighted_kappa(predicted: np.ndarray, brackets: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return Cohen's kappa with quadratic weights, from the moments of the brackets' numbers."""
    scale, number = np.unique(brackets, axis=0, return_inverse=True)
    if (scale[1:, 0] < scale[:-1, 1]).any():
        return np.full(len(weights), np.nan)
    actual = number.ravel().astype(float)
    distance = metrics.distance_years(predicted[:, None], *scale.T)
    nearest = np.abs(distance).argmin(axis=1)
    weights = metrics.ratio(weights, weights.sum(axis=1, keepdims=True))
    seen = weights @ (actual - nearest) ** 2
    product = (weights @ actual) * (weights @ nearest)
    by_chance = weights @ actual**2 + weights @ nearest**2 - 2 * product
    return 1 - metrics.ratio(seen, by_chance)
