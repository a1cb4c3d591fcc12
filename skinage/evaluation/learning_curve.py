"""The error of a clock against the number of people it is fitted on."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from skinage.clock.data import ClockData, clock_data
from skinage.clock.fitting import fit_and_calibrate
from skinage.clock.prediction import check_folds
from skinage.cohort.folds import inner_folds, person_folds
from skinage.errors import SettingError, StageError
from skinage.evaluation import metrics
from skinage.people.clock_inputs import People
from skinage.skip_log import add_skipped

N_FOLDS, N_PARTS, MIN_PEOPLE = 5, 10, 10
FRACTIONS = (0.25, 0.4, 0.6, 0.8, 1.0)


def learning_curve(
    people: People,
    cohort: pd.DataFrame,
    model: Any = "ridge",
    *,
    fractions: Sequence[float] | None = None,
    n_repeats: int = 5,
    seed: int = 0,
) -> pd.DataFrame:
    """Compute the error of clocks fitted on fewer people; the people tested stay the same.

    Parameters
    ----------
    people, cohort, model
        The features, ages and clock as for `predict_age`.
    fractions
        Fractions of the training people of each of five folds, above 0 to 1; None takes those of
        ``FRACTIONS`` that leave 10 people or more. A smaller part lies inside every larger one
        and has the same distribution of ages.
    n_repeats
        Number of times that people are assigned to folds and drawn anew.
    seed
        Seed of the folds, the parts, the bootstrap, and models that draw random numbers.

    Returns
    -------
    pandas.DataFrame
        A row per fraction: ``fraction``, ``n_people`` (training people, mean over folds),
        ``mae_years`` (mean over repeats) with ``lower_years`` and ``upper_years`` (95 % bootstrap
        by person), ``sd_over_repeats``, and ``baseline_mae_years`` of predicting the mean age.

    Raises
    ------
    SettingError
        If a fraction is not above 0 to 1, or there are no repeats.
    StageError
        If a fraction leaves fewer than 10 training people, or a person has several rows; also as
        `predict_age`.
    LeakageError
        As `predict_age`.
    """
    data = clock_data(people, cohort, model)
    known = data.known
    n_training = len(known) * (N_FOLDS - 1) / N_FOLDS
    if fractions is None:
        fractions = [one for one in FRACTIONS if one * n_training >= MIN_PEOPLE]
    _check(fractions, n_repeats, n_training)
    predicted = np.empty((len(fractions), n_repeats, len(known)))
    baseline = np.empty((n_repeats, len(known)))
    for repeat in range(n_repeats):
        fold = person_folds(known["age_years"], N_FOLDS, seed=seed + repeat)
        check_folds(fold, cohort, data.inputs)
        baseline[repeat] = metrics.mean_out_of_fold(known["age_years"].to_numpy(), fold.to_numpy())
        for one in fold.unique():
            held_out = (fold == one).to_numpy()
            order = _order(known["age_years"][~held_out], seed + repeat)
            for position, fraction in enumerate(fractions):
                part = known.index.isin(order[: round(fraction * len(order))])
                found = _predict(data, part, held_out, seed + repeat)
                predicted[position, repeat, held_out] = found
    bounds = metrics.known_bounds(known)
    absolute = np.abs(metrics.distance_years(predicted, *bounds))
    weights = metrics.person_weights(len(known), metrics.N_BOOTSTRAP, seed)
    curve = pd.DataFrame({"fraction": fractions})
    curve["n_people"] = [round(fraction * n_training) for fraction in fractions]
    curve[["mae_years", "lower_years", "upper_years"]] = [
        metrics.with_interval(weights @ of_people) for of_people in absolute.mean(axis=1)
    ]
    curve["sd_over_repeats"] = pd.DataFrame(absolute.mean(axis=2)).std(axis=1)
    curve["baseline_mae_years"] = np.abs(metrics.distance_years(baseline, *bounds)).mean()
    add_skipped(curve, "learning_curve", data.skipped)
    return curve


def _check(fractions: Sequence[float], n_repeats: int, n_training: float) -> None:
    if not all(0 < fraction <= 1 for fraction in fractions) or n_repeats < 1:
        raise SettingError(
            f"learning_curve: fractions {[*fractions]} in {n_repeats} repeats; expected fractions "
            "above 0 to 1, and at least one repeat"
        )
    fewest = min(fractions, default=0) * n_training
    if fewest < MIN_PEOPLE:
        raise StageError(
            f"learning_curve: fractions {[*fractions]} of {n_training:.0f} training people leave "
            f"{fewest:.0f} to fit on; expected {MIN_PEOPLE} or more"
        )


def _order(ages_years: pd.Series, seed: int) -> pd.Index:
    """Order people so that any first part of them has the same distribution of ages."""
    parts = person_folds(ages_years.sort_values(kind="stable"), N_PARTS, seed=seed)
    return parts.sort_values(kind="stable").index


def _predict(data: ClockData, part: np.ndarray, held_out: np.ndarray, seed: int) -> np.ndarray:
    """Predict people held out by a clock of a part of the others."""
    training = data.known[part]
    inner = inner_folds(training["age_years"], seed=seed).to_numpy()
    model, _ = fit_and_calibrate(
        data.learner, data.inputs.take(part), training, inner, calibrated=False, seed=seed
    )
    return model.predict(data.inputs.take(held_out))
