"""How good a clock is: its accuracy, with intervals by person."""

import numpy as np
import pandas as pd

from skinage.evaluation.corrected import refuse_corrected
from skinage.evaluation.metrics import (
    N_BOOTSTRAP,
    check_measurable,
    covered,
    distance_years,
    interval,
    known_bounds,
    mean_out_of_fold,
    resamples,
)


def report_card(ages: pd.DataFrame, n_bootstrap: int = N_BOOTSTRAP, seed: int = 0) -> pd.DataFrame:
    """Tell how well ages were predicted for people the clock had not seen.

    An age known as a bracket (``age_low`` below ``age_high``) is an interval-censored age: the
    error is the distance from the prediction to the bracket, 0 inside, above 0 where the
    prediction is too old. Against middles a perfect clock would seem wrong.

    Parameters
    ----------
    ages
        As ``predict_age`` or ``Clock.apply`` return them: never bias-corrected predictions.
    n_bootstrap
        Resamples of people for the 95 % percentile intervals; the same for every repeat.
    seed
        Of the resampling.

    Returns
    -------
    pandas.DataFrame
        ``metric``, ``value``, ``lower``, ``upper``, ``sd_over_repeats``. Where the table has
        repeats (``predicted_years_2``, ...), values are means over them, and the last column is
        their SD (NaN without repeats). The metrics:

        - ``mae_years``, ``rmse_years`` and ``bias_years`` (mean) of the errors;
        - ``r2``: 1 - squared error / squared error of always predicting the mean age, in a
          resample its own mean; for exact ages the coefficient of determination;
        - ``r``, the line of actual on predicted age (perfect: ``calibration_slope`` 1 and
          ``calibration_intercept`` 0) and ``age_sd_years``; of a bracket, the middle counts;
        - with ``fold``, ``baseline_mae_years``: predicting the mean age of the other folds;
        - with brackets ``bracket_accuracy``: the share of people with a bracket predicted inside
          it, ends included; ``weighted_kappa`` (Cohen 1968, quadratic weights) between actual and
          nearest bracket, numbered in order of age, NaN where brackets overlap or there is only
          one; ``mae_midpoint_years``: the error against the middle, for comparison only;
        - with ``lower_years`` and ``upper_years``, of the first repeat: ``coverage``, the share
          of people whose age or whole bracket lies inside, and ``interval_width_years`` (mean);
        - ``n_people``.

    Raises
    ------
    StageError
        If a column is missing, an age is not finite, somebody is there twice, or predictions were
        corrected by the actual age.
    """
    repeats = check_measurable(ages)
    refuse_corrected(ages)
    low, high = known_bounds(ages)
    weights = np.vstack([np.ones(len(ages)), resamples(len(ages), n_bootstrap, seed)]) / len(ages)
    found = [_metrics_of(ages, repeat, low, high, weights) for repeat in repeats]
    rows = {}
    for name in found[0]:
        values = np.stack([metrics[name] for metrics in found])  # (n_repeats, 1 + n_bootstrap)
        spread = values[:, 0].std(ddof=1) if len(values) > 1 else np.nan
        mean = values.mean(axis=0)
        rows[name] = [mean[0], *interval(mean[1:]), spread]
    for name, values in _interval_metrics(ages, weights).items():
        rows[name] = [values[0], *interval(values[1:]), np.nan]
    rows["n_people"] = [len(ages), np.nan, np.nan, np.nan]
    columns = ["value", "lower", "upper", "sd_over_repeats"]
    card = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    return card.rename_axis("metric").reset_index()


def _metrics_of(
    ages: pd.DataFrame, repeat: str, low: np.ndarray, high: np.ndarray, weights: np.ndarray
) -> dict[str, np.ndarray]:
    """Give the metrics of one repeat, for each row of weights (b, n_people)."""
    actual, predicted = (
        ages[name].to_numpy(float) for name in ("age_years", f"predicted_years{repeat}")
    )
    error = distance_years(predicted, low, high)
    mean_age = weights @ actual
    of_the_mean = distance_years(mean_age[:, None], low, high) ** 2
    squared = weights @ error**2
    metrics = {
        "mae_years": weights @ np.abs(error),
        "rmse_years": np.sqrt(squared),
        "r2": 1 - _ratio(squared, np.einsum("bn,bn->b", weights, of_the_mean)),
        "bias_years": weights @ error,
        **_line_metrics(actual, predicted, weights),
    }
    if "fold" in ages:
        baseline = mean_out_of_fold(actual, ages[f"fold{repeat}"].to_numpy())
        metrics["baseline_mae_years"] = weights @ np.abs(distance_years(baseline, low, high))
    bracketed = low < high
    if bracketed.any():
        few = weights[:, bracketed]
        inside = (error == 0)[bracketed]
        metrics["bracket_accuracy"] = _ratio(few @ inside, few.sum(axis=1))
        metrics["weighted_kappa"] = _weighted_kappa(
            predicted[bracketed], low[bracketed], high[bracketed], few
        )
        metrics["mae_midpoint_years"] = weights @ np.abs(predicted - actual)
    return metrics


def _line_metrics(
    actual: np.ndarray, predicted: np.ndarray, weights: np.ndarray
) -> dict[str, np.ndarray]:
    """Give correlation, line and SD from first and second moments, for each row of weights."""
    centre_a, centre_p = actual.mean(), predicted.mean()  # else the squares would lose digits
    a, p = actual - centre_a, predicted - centre_p
    mean_a, mean_p = weights @ a, weights @ p
    variance_a, variance_p = weights @ a**2 - mean_a**2, weights @ p**2 - mean_p**2
    covariance = weights @ (a * p) - mean_a * mean_p
    slope = _ratio(covariance, variance_p)  # predictions that never vary have no slope and no r
    return {
        "r": _ratio(covariance, np.sqrt(np.maximum(variance_a * variance_p, 0))),
        "calibration_slope": slope,
        "calibration_intercept": weights @ actual - slope * (weights @ predicted),
        "age_sd_years": np.sqrt(np.maximum(variance_a, 0) * len(a) / (len(a) - 1)),
    }


def _weighted_kappa(
    predicted: np.ndarray, low: np.ndarray, high: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Give Cohen's kappa with quadratic weights, from the moments of the brackets' numbers."""
    scale, number = np.unique(np.column_stack([low, high]), axis=0, return_inverse=True)
    if (scale[1:, 0] < scale[:-1, 1]).any():
        return np.full(len(weights), np.nan)
    actual = number.ravel().astype(float)
    nearest = np.abs(distance_years(predicted[:, None], scale[:, 0], scale[:, 1])).argmin(axis=1)
    share = _ratio(weights, weights.sum(axis=1, keepdims=True))
    seen = share @ (actual - nearest) ** 2
    by_chance = share @ actual**2 + share @ nearest**2 - 2 * (share @ actual) * (share @ nearest)
    return 1 - _ratio(seen, by_chance)


def _interval_metrics(ages: pd.DataFrame, weights: np.ndarray) -> dict[str, np.ndarray]:
    if "lower_years" not in ages:
        return {}
    width = (ages["upper_years"] - ages["lower_years"]).to_numpy(float)
    return {"coverage": weights @ covered(ages), "interval_width_years": weights @ width}


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Divide; NaN where there is nothing to divide by."""
    return part / np.where(whole > 1e-12, whole, np.nan)
