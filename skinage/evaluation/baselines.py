"""What a clock has to beat: other features, the mean age, and ages shuffled between people."""

import warnings
from collections.abc import Mapping

import numpy as np
import pandas as pd

from skinage.clock.fitting import learner_of
from skinage.clock.learners.base import Learner
from skinage.clock.prediction import (
    Folds,
    assign_folds,
    check_folds,
    predict_out_of_fold,
    refuse_leaking_features,
)
from skinage.cohort.people import refuse_repeated_people
from skinage.errors import StageError
from skinage.evaluation.metrics import (
    N_BOOTSTRAP,
    errors_years,
    interval,
    mean_out_of_fold,
    resamples,
)
from skinage.people.clock_inputs import inputs_of
from skinage.people.known_ages import match_ages

MEAN, SHUFFLED = "predict the mean", "shuffled ages"


def compare_clocks(
    baselines: Mapping[str, pd.DataFrame],
    cohort: pd.DataFrame,
    model: str | Learner = "ridge",
    *,
    folds: Folds = 5,
    n_shuffles: int = 10,
    seed: int = 0,
) -> pd.DataFrame:
    """Compare feature sets as clocks: the same people, the same folds, the same model.

    Parameters
    ----------
    baselines
        Tables of people by name, such as trained, untrained and colour features. The others are
        compared with the first; people whom one of them lacks are left out with a warning.
    cohort, model, folds, seed
        As for `predict_age`.
    n_shuffles
        How often ages are shuffled.

    Returns
    -------
    pandas.DataFrame
        ``features``; ``mae_years`` with ``lower_years`` and ``upper_years``; ``r2``;
        ``difference_years`` of the MAE from the first baseline's, by person, with
        ``difference_lower_years`` and ``difference_upper_years`` (95 % bootstrap); ``n_people``.
        Two rows are no baselines: "predict the mean" of the other folds, and "shuffled ages": the
        first baseline's features fitted to and measured by ages dealt to other people, the mean over
        all shuffles with their 2.5 and 97.5 percentiles.

    Raises
    ------
    StageError, LeakageError
        As `predict_age`; also if no baseline is given.
    """
    if not baselines:
        raise StageError("compare_clocks: no baselines; give a dict of tables of people by name")
    for people in baselines.values():
        refuse_repeated_people(people, "people")
    first = next(iter(baselines.values()))
    known = match_ages(_shared_people(baselines), cohort)
    known["fold"], known["group"] = assign_folds(known, cohort, folds, seed)
    learner = learner_of(model, None)
    predictions = {}
    for name, people in baselines.items():
        refuse_leaking_features(people, known.index)
        inputs = inputs_of(people, known.index, known.get("sex"))
        check_folds(known["fold"], cohort, inputs)
        found = predict_out_of_fold(learner, inputs, known, None, seed)
        predictions[name] = found["predicted_years"].to_numpy()
    weights = resamples(len(known), N_BOOTSTRAP, seed) / len(known)
    table = _compare(predictions, known, weights)
    of_first = inputs_of(first, known.index, known.get("sex"))
    shuffles = []
    for shuffle in range(n_shuffles):
        dealt = _shuffled(known, np.random.default_rng([seed, shuffle]))
        found = predict_out_of_fold(learner, of_first, dealt, None, seed)
        shuffles.append(_scores(dealt, found["predicted_years"].to_numpy()))
    return pd.concat(
        [table, _of_shuffles(shuffles, table)] if shuffles else [table], ignore_index=True
    )


def _shared_people(baselines: Mapping[str, pd.DataFrame]) -> pd.Index:
    first, *others = baselines.values()
    shared = first.index
    for people in others:
        shared = shared[shared.isin(people.index)]
    n_all = len(set[object]().union(*(people.index for people in baselines.values())))
    if n_all > len(shared):
        warnings.warn(
            f"{n_all - len(shared)} of {n_all} people are not in every table; left out.",
            stacklevel=3,
        )
    return shared


def _shuffled(known: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
    """Deal everybody's age to somebody else; people, sex and folds stay."""
    ages = ["age_years", "age_low", "age_high"]
    dealt = known[ages].to_numpy()[generator.permutation(len(known))]
    return known.assign(**dict(zip(ages, dealt.T, strict=True)))


def _scores(known: pd.DataFrame, predicted: np.ndarray) -> tuple[float, float]:
    """Give MAE and R2."""
    error, of_mean = (
        errors_years(known, values)
        for values in (predicted, np.full(len(known), known["age_years"].mean()))
    )
    return float(np.abs(error).mean()), float(1 - np.sum(error**2) / np.sum(of_mean**2))


def _compare(
    predictions: dict[str, np.ndarray], known: pd.DataFrame, weights: np.ndarray
) -> pd.DataFrame:
    """Make a row of each baseline's predictions; the first is the reference."""
    fold = known["fold"].to_numpy()
    predictions[MEAN] = mean_out_of_fold(known["age_years"].to_numpy(), fold)
    errors = {name: np.abs(errors_years(known, found)) for name, found in predictions.items()}
    reference = next(iter(errors.values()))
    rows = []
    for name, error in errors.items():
        lower, upper = interval(weights @ error)
        difference_lower, difference_upper = interval(weights @ (error - reference))
        rows.append({
            "features": name,
            "mae_years": error.mean(),
            "lower_years": lower,
            "upper_years": upper,
            "r2": _scores(known, predictions[name])[1],
            "difference_years": (error - reference).mean(),
            "difference_lower_years": difference_lower,
            "difference_upper_years": difference_upper,
            "n_people": len(known),
        })  # fmt: skip
    return pd.DataFrame(rows)


def _of_shuffles(shuffles: list[tuple[float, float]], table: pd.DataFrame) -> pd.DataFrame:
    """Make a row of all shuffles."""
    mae, r2 = np.array(shuffles).T
    own = table["mae_years"].iloc[0]
    row = {
        "features": SHUFFLED, "mae_years": mae.mean(), "r2": r2.mean(),
        "difference_years": mae.mean() - own, "n_people": table["n_people"].iloc[0],
    }  # fmt: skip
    row["lower_years"], row["upper_years"] = interval(mae)
    row["difference_lower_years"], row["difference_upper_years"] = interval(mae - own)
    return pd.DataFrame([row])
