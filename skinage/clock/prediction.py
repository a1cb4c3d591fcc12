"""Predicted age: everybody by a clock that has not seen them."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import pandas as pd

from skinage.clock.fitting import fit_and_calibrate, learner_of
from skinage.clock.learners.base import Learner
from skinage.cohort.folds import group_folds, groups_of, inner_folds, person_folds
from skinage.cohort.leakage import check_leakage
from skinage.cohort.people import first_visits
from skinage.errors import StageError
from skinage.people.clock_inputs import ClockInputs, People, inputs_of, n_tiles_of, person_ids
from skinage.people.known_ages import match_ages
from skinage.people.pool import refuse_fitted_pooling, refuse_seen_labels

Folds: TypeAlias = int | str | pd.Series


def predict_age(
    people: People,
    cohort: pd.DataFrame,
    model: str | Learner = "ridge",
    *,
    folds: Folds = 5,
    n_repeats: int = 1,
    coverage: float | None = 0.9,
    statistics: Sequence[str] = ("mean", "std"),
    seed: int = 0,
) -> pd.DataFrame:
    """Predict everybody's age by a clock that has not seen them.

    Everything that is fitted (pooling, scaling, penalties, number of trees, intervals) is fitted
    on the training people of each fold. People without an age, or without features, are left out
    with a warning that counts them. Ages known as brackets are fitted as brackets.

    Parameters
    ----------
    people
        Features by person, as `pool` gives them; or the atlas of tiles, which is then pooled
        inside the folds.
    cohort
        With ``person_id``, ``age_years`` and, if known, ``sex``, ``age_low`` and ``age_high``.
    model
        "ridge", "elastic_net", "gaussian_process", "trees" (which see the sex too), "attention"
        (of an atlas only); several joined by "+" for their mean; "ensemble" for ridge, Gaussian
        process and trees.
    folds
        A number of folds of like ages; a column of the cohort such as "body_site" or "scanner",
        of which one value after the other is held out; or the fold of each person.
    n_repeats
        How often people are dealt into folds anew, with the next seed.
    coverage
        Of the intervals; None for none, in a sixth of the time.
    statistics
        How the tiles of an atlas are pooled: as for `pool`, and "proportions" of tissue clusters.
    seed
        Of the folds, and of models that draw.

    Returns
    -------
    pandas.DataFrame
        A row per person: ``person_id``, ``age_years``, with brackets ``age_low`` and ``age_high``,
        ``sex`` (if known), ``predicted_years``, ``lower_years`` and ``upper_years``, ``fold``,
        ``n_tiles`` (if known); of further repeats ``predicted_years_2``, ``fold_2`` and so on.

    Raises
    ------
    StageError
        If there are fewer than ``MIN_PEOPLE`` people, one age only, or unusable features.
    LeakageError
        If people of different folds share a slide, the encoder saw the age of anybody, or the
        features were pooled by what everybody's tiles let choose.
    """
    ids = person_ids(people)
    known = match_ages(ids, cohort)
    refuse_leaking_features(people, known.index)
    learner = learner_of(model, None if isinstance(people, pd.DataFrame) else statistics)
    inputs = inputs_of(people, known.index, known.get("sex"), statistics)
    bracketed = (known["age_low"] < known["age_high"]).any()
    ages = known if bracketed else known.drop(columns=["age_low", "age_high"])
    if n_repeats < 1:
        raise StageError(f"predict_age: {n_repeats} repeats; at least one is needed")
    if n_repeats > 1 and not isinstance(folds, int | np.integer):
        raise StageError("predict_age: repeats deal people anew; give folds as a number with them")
    for repeat in range(n_repeats):
        fold, groups = assign_folds(known, cohort, folds, seed + repeat)
        check_folds(fold, cohort, inputs)
        first = repeat == 0
        found = predict_out_of_fold(
            learner, inputs, known.assign(fold=fold, group=groups),
            coverage if first else None, seed + repeat,
        )  # fmt: skip
        found["fold"] = fold
        ages = ages.join(found if first else found.add_suffix(f"_{repeat + 1}"))
    return ages.join(n_tiles_of(people)).reset_index()


def refuse_leaking_features(people: People, ids: pd.Index) -> None:
    """Refuse features that know the ages, or the tiles, of those about to be predicted."""
    if isinstance(people, pd.DataFrame):
        refuse_fitted_pooling(people)
        refuse_seen_labels(people.loc[ids])
    elif "label_seen" in people.obs:
        seen = people.obs.groupby(people.obs["person_id"].astype(object))["label_seen"].any()
        refuse_seen_labels(seen.loc[ids].to_frame())


def check_folds(fold: pd.Series, cohort: pd.DataFrame, inputs: ClockInputs) -> None:
    """Refuse folds that share a person, a slide, or (by its features) a copy of one."""
    check_leakage(fold, cohort, pd.DataFrame(inputs.described(), fold.index))


def assign_folds(
    known: pd.DataFrame, cohort: pd.DataFrame, folds: Folds, seed: int
) -> tuple[pd.Series, pd.Series | None]:
    """Give everybody's fold, and their group where folds hold out whole groups."""
    if isinstance(folds, int | np.integer):
        return person_folds(known["age_years"], int(folds), seed=seed), None
    if isinstance(folds, str):
        visited = first_visits(cohort)
        groups = groups_of(visited[visited["person_id"].isin(known.index)], folds)
        groups = groups.reindex(known.index)
        return group_folds(groups), groups
    missing = known.index.difference(folds.index)
    if len(missing):
        raise StageError(
            f"predict_age: {len(missing)} people have no fold, such as {[*missing[:5]]}"
        )
    check_leakage(folds)
    return folds.reindex(known.index).rename("fold"), None


def inner_of(training: pd.DataFrame, seed: int) -> np.ndarray:
    """Deal training people (``age_years``, ``group``) as the tested ones were held out."""
    groups = None if training["group"].isna().all() else training["group"]
    return inner_folds(training["age_years"], groups, seed=seed).to_numpy()


def predict_out_of_fold(
    learner: Learner, inputs: ClockInputs, known: pd.DataFrame, coverage: float | None, seed: int
) -> pd.DataFrame:
    """Predict each fold by a clock of the other folds.

    Parameters
    ----------
    learner
        What fits.
    inputs, known
        Of the people, in the same order: ``age_years``, ``age_low``, ``age_high``, ``fold``, and
        ``group``, missing unless folds hold out whole groups.
    coverage
        Of the intervals; None for none.
    seed
        Of the inner folds, and of learners that draw.

    Returns
    -------
    pandas.DataFrame
        Index as of ``known``; ``predicted_years`` and, with a coverage, ``lower_years`` and
        ``upper_years``.
    """
    names = ["predicted_years"] + ["lower_years", "upper_years"] * (coverage is not None)
    found = pd.DataFrame(np.nan, known.index, names)
    for one in known["fold"].unique():
        held_out = (known["fold"] == one).to_numpy()
        training = known[~held_out]
        inner = inner_of(training, seed)
        fitted, calibration = fit_and_calibrate(
            learner, inputs.take(~held_out), training, inner,
            calibrated=coverage is not None, seed=seed,
        )  # fmt: skip
        tested = inputs.take(held_out)
        found.loc[held_out, "predicted_years"] = fitted.predict(tested)
        if calibration is not None and coverage is not None:
            found.loc[held_out, names[1:]] = np.column_stack(calibration.interval(tested, coverage))
    return found
