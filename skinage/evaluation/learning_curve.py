"""Whether more people would make a better clock: its error against the number of people."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from skinage.clock.fitting import fit_and_calibrate, learner_of
from skinage.clock.learners.base import Learner
from skinage.clock.prediction import check_folds, refuse_leaking_features
from skinage.cohort.folds import inner_folds, person_folds
from skinage.cohort.people import refuse_repeated_people
from skinage.errors import StageError
from skinage.evaluation.metrics import (
    N_BOOTSTRAP,
    errors_years,
    interval,
    mean_out_of_fold,
    resamples,
)
from skinage.people.clock_inputs import ClockInputs, People, inputs_of, person_ids
from skinage.people.known_ages import match_ages

N_FOLDS, FEWEST = 5, 10
SHARES = (0.25, 0.4, 0.6, 0.8, 1.0)


def learning_curve(
    people: People,
    cohort: pd.DataFrame,
    model: str | Learner = "ridge",
    *,
    shares: Sequence[float] | None = None,
    n_repeats: int = 5,
    statistics: Sequence[str] = ("mean", "std"),
    seed: int = 0,
) -> pd.DataFrame:
    """Measure the error of clocks fitted on fewer people; the people tested stay the same.

    Parameters
    ----------
    people, cohort, model, statistics, seed
        As for `predict_age`.
    shares
        Parts of the training people of each of five folds, above 0 to 1; if not given, those of
        ``SHARES`` that leave 10 people or more. Smaller parts are parts of the larger, and have
        the same spread of ages.
    n_repeats
        How often people are dealt into folds and drawn anew.

    Returns
    -------
    pandas.DataFrame
        A row per share: ``n_people`` (training people, mean over folds), ``mae_years`` (mean over
        repeats) with ``lower_years`` and ``upper_years`` (95 % bootstrap by person),
        ``sd_over_repeats``, and ``baseline_mae_years`` of predicting the mean age.

    Raises
    ------
    StageError
        If a share would leave fewer than 10 training people; also as `predict_age`.
    """
    if isinstance(people, pd.DataFrame):
        refuse_repeated_people(people, "people")
    known = match_ages(person_ids(people), cohort)
    refuse_leaking_features(people, known.index)
    learner = learner_of(model, None if isinstance(people, pd.DataFrame) else statistics)
    inputs = inputs_of(people, known.index, known.get("sex"), statistics)
    n_training = len(known) * (N_FOLDS - 1) / N_FOLDS
    if shares is None:
        shares = [share for share in SHARES if share * n_training >= FEWEST]
    fewest = min(shares) * n_training
    if not 0 < min(shares) <= max(shares) <= 1 or fewest < FEWEST:
        raise StageError(
            f"learning curve: shares {[*shares]} of {len(known)} people leave {fewest:.0f} to fit "
            f"on; expected shares up to 1 that leave {FEWEST} or more"
        )
    errors = np.empty((len(shares), n_repeats, len(known)))
    baseline = np.empty((n_repeats, len(known)))
    for repeat in range(n_repeats):
        fold = person_folds(known["age_years"], N_FOLDS, seed=seed + repeat)
        check_folds(fold, cohort, inputs)
        for position, share in enumerate(shares):
            predicted = _predict_by_few(learner, inputs, known, fold, share, seed + repeat)
            errors[position, repeat] = errors_years(known, predicted)
        mean = mean_out_of_fold(known["age_years"].to_numpy(), fold.to_numpy())
        baseline[repeat] = np.abs(errors_years(known, mean))
    absolute = np.abs(errors)
    weights = resamples(len(known), N_BOOTSTRAP, seed) / len(known)
    bounds = np.array([interval(weights @ one.mean(axis=0)) for one in absolute])
    return pd.DataFrame({
        "share": shares,
        "n_people": [round(share * n_training) for share in shares],
        "mae_years": absolute.mean(axis=(1, 2)),
        "lower_years": bounds[:, 0],
        "upper_years": bounds[:, 1],
        "sd_over_repeats": absolute.mean(axis=2).std(axis=1, ddof=1) if n_repeats > 1 else np.nan,
        "baseline_mae_years": baseline.mean(),
    })  # fmt: skip


def _predict_by_few(
    learner: Learner, inputs: ClockInputs, known: pd.DataFrame, fold: pd.Series, share: float,
    seed: int,
) -> np.ndarray:  # fmt: skip
    predicted = np.full(len(known), np.nan)
    for one in fold.unique():
        held_out = (fold == one).to_numpy()
        kept = _part(known["age_years"].to_numpy(), ~held_out, share, seed)
        training = known[kept]
        inner = inner_folds(training["age_years"], seed=seed).to_numpy()
        model, _ = fit_and_calibrate(
            learner, inputs.take(kept), training, inner, calibrated=False, seed=seed
        )
        predicted[held_out] = model.predict(inputs.take(held_out))
    return predicted


def _part(ages_years: np.ndarray, training: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Keep a share of the training people, the same spread of ages; a mask of everybody."""
    positions = np.flatnonzero(training)
    by_age = positions[np.argsort(ages_years[positions], kind="stable")]
    # Of each ten neighbours in age the first few in an order that is the same for all shares.
    order = np.random.default_rng(seed).permuted(np.tile(np.arange(10), (len(by_age), 1)), axis=1)
    rank = order[np.arange(len(by_age)) // 10, np.arange(len(by_age)) % 10]
    kept = np.zeros(len(ages_years), bool)
    kept[by_age[np.argsort(rank, kind="stable")[: round(share * len(by_age))]]] = True
    return kept
