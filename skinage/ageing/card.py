"""How good a clock is: accuracy with intervals, and its rivals in the same folds."""

import warnings
from collections.abc import Mapping

import numpy as np
import pandas as pd

from skinage.ageing.clock import predict_out_of_fold
from skinage.ageing.matching import check_ages, match_ages
from skinage.ageing.people import features_of, refuse_seen_labels
from skinage.errors import StageError
from skinage.folds import check_leakage, person_folds

N_BOOTSTRAP = 1000


def report_card(ages: pd.DataFrame, n_bootstrap: int = N_BOOTSTRAP, seed: int = 0) -> pd.DataFrame:
    """Tell how well ages were predicted out of fold, with intervals by person.

    Parameters
    ----------
    ages
        As ``predict_age`` returns them: never bias-corrected predictions.
    n_bootstrap
        Resamples of people for the 95 % percentile intervals.
    seed
        Of the resampling.

    Returns
    -------
    pandas.DataFrame
        ``metric``, ``value``, ``lower``, ``upper``. ``bias_years`` is mean predicted minus actual;
        calibration is the line of actual on predicted age (slope 1 and intercept 0 are perfect);
        ``r2`` is 1 - squared error / variance of age; ``baseline_mae_years`` predicts the mean age
        of the other folds.

    Raises
    ------
    StageError
        If a column is missing or an age is not finite.
    """
    check_ages(ages)
    actual, predicted = (ages[name].to_numpy(float) for name in ("age_years", "predicted_years"))
    baseline = np.abs(actual - mean_out_of_fold(actual, ages["fold"].to_numpy()))
    weights = np.vstack([np.ones(len(ages)), resamples(len(ages), n_bootstrap, seed)]) / len(ages)
    metrics = {
        "mae_years": weights @ np.abs(predicted - actual),
        **_moment_metrics(actual, predicted, weights),
        "baseline_mae_years": weights @ baseline,
    }
    rows = {name: [values[0], *interval(values[1:])] for name, values in metrics.items()}
    rows["n_people"] = [len(ages), np.nan, np.nan]
    card = pd.DataFrame.from_dict(rows, orient="index", columns=["value", "lower", "upper"])
    return card.rename_axis("metric").reset_index()


def _moment_metrics(
    actual: np.ndarray, predicted: np.ndarray, weights: np.ndarray
) -> dict[str, np.ndarray]:
    """Give what follows from first and second moments, for each row of weights (b, n_people)."""
    centre_a, centre_p = actual.mean(), predicted.mean()  # else the squares would lose digits
    a, p = actual - centre_a, predicted - centre_p
    mean_a, mean_p, squared_error = weights @ a, weights @ p, weights @ (predicted - actual) ** 2
    variance_a = weights @ a**2 - mean_a**2
    variance_p = weights @ p**2 - mean_p**2
    variance_p[variance_p < 1e-12] = np.nan  # predictions that never vary have no slope and no r
    covariance = weights @ (a * p) - mean_a * mean_p
    slope = covariance / variance_p
    return {
        "rmse_years": np.sqrt(squared_error),
        "r2": 1 - squared_error / variance_a,
        "r": covariance / np.sqrt(variance_a * variance_p),
        "bias_years": weights @ (predicted - actual),
        "calibration_slope": slope,
        "calibration_intercept": weights @ actual - slope * (weights @ predicted),
        "age_sd_years": np.sqrt(variance_a * len(a) / (len(a) - 1)),
    }


def mean_out_of_fold(actual: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Predict, for everybody, the mean age of the other folds."""
    means = {one: actual[fold != one].mean() for one in np.unique(fold)}
    return np.array([means[one] for one in fold])


def resamples(n_people: int, n_bootstrap: int, seed: int) -> np.ndarray:
    """Draw how often each person is in each bootstrap sample: (n_bootstrap, n_people)."""
    generator = np.random.default_rng(seed)
    equal = np.full(n_people, 1 / n_people)
    return generator.multinomial(n_people, equal, size=n_bootstrap).astype(float)


def interval(values: np.ndarray) -> tuple[float, float]:
    """Give the 95 % percentile interval of bootstrap values."""
    lower, upper = np.percentile(values, [2.5, 97.5])
    return float(lower), float(upper)


def compare_clocks(
    rivals: Mapping[str, pd.DataFrame], cohort: pd.DataFrame, n_folds: int = 5, seed: int = 0
) -> pd.DataFrame:
    """Compare feature sets as clocks: the same people, the same folds.

    Parameters
    ----------
    rivals
        Tables of people by name, such as trained, untrained and colour features. The others are
        compared with the first; people whom one of them lacks are left out with a warning.
    cohort
        With ``person_id`` and ``age_years``.
    n_folds, seed
        As for ``predict_age``.

    Returns
    -------
    pandas.DataFrame
        ``features``; ``mae_years`` with ``lower_years`` and ``upper_years``; ``r2``;
        ``difference_years`` of the MAE from the first rival's, by person, with
        ``difference_lower_years`` and ``difference_upper_years`` (95 % bootstrap); ``n_people``.
        Two rows are no rivals: "predict the mean" of the other folds, and "shuffled ages", the
        first rival's features fitted to and measured by permuted ages.

    Raises
    ------
    StageError, LeakageError
        As ``predict_age``; also if no rival is given.
    """
    if not rivals:
        raise StageError("compare_clocks: no rivals; give a dict of tables of people by name")
    shared = _shared_people(rivals)
    first = next(iter(rivals.values()))
    actual = match_ages(first.loc[shared], cohort)["age_years"]
    fold = person_folds(actual, n_folds, seed)
    check_leakage(fold, cohort)
    folds, target = fold.to_numpy(), actual.to_numpy()
    shuffled = np.random.default_rng(seed).permutation(target)
    for people in rivals.values():
        refuse_seen_labels(people.loc[actual.index])
    features = {name: features_of(people.loc[actual.index]) for name, people in rivals.items()}
    pairs = {
        name: (target, predict_out_of_fold(values, target, folds))
        for name, values in features.items()
    }
    pairs["predict the mean"] = target, mean_out_of_fold(target, folds)
    of_first = next(iter(features.values()))
    pairs["shuffled ages"] = shuffled, predict_out_of_fold(of_first, shuffled, folds)
    return _compare(pairs, resamples(len(target), N_BOOTSTRAP, seed) / len(target))


def _shared_people(rivals: Mapping[str, pd.DataFrame]) -> pd.Index:
    first, *others = rivals.values()
    shared = first.index
    for people in others:
        shared = shared[shared.isin(people.index)]
    n_all = len(set[object]().union(*(people.index for people in rivals.values())))
    if n_all > len(shared):
        warnings.warn(
            f"{n_all - len(shared)} of {n_all} people are not in every table; left out.",
            stacklevel=3,
        )
    return shared


def _compare(pairs: dict[str, tuple[np.ndarray, np.ndarray]], weights: np.ndarray) -> pd.DataFrame:
    """Make a row of each pair of actual and predicted ages; the first is the reference."""
    rows = []
    reference: np.ndarray | None = None
    for name, (actual, predicted) in pairs.items():
        error = np.abs(predicted - actual)
        reference = error if reference is None else reference
        lower, upper = interval(weights @ error)
        difference_lower, difference_upper = interval(weights @ (error - reference))
        rows.append({
            "features": name,
            "mae_years": error.mean(),
            "lower_years": lower,
            "upper_years": upper,
            "r2": 1 - np.sum(error**2) / np.sum((actual - actual.mean()) ** 2),
            "difference_years": (error - reference).mean(),
            "difference_lower_years": difference_lower,
            "difference_upper_years": difference_upper,
            "n_people": len(actual),
        })  # fmt: skip
    return pd.DataFrame(rows)
