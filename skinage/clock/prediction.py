"""Predicted age: everybody by a clock that was fitted without them."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from skinage.clock.data import ages_table, clock_data, with_encoder
from skinage.clock.fitting import fit_and_calibrate
from skinage.clock.learners.base import Learner
from skinage.cohort.folds import LEAST_GROUPS, group_folds, groups_of, inner_folds, person_folds
from skinage.cohort.leakage import check_leakage
from skinage.cohort.people import first_visits
from skinage.errors import SettingError, StageError
from skinage.people.clock_inputs import ClockInputs, People
from skinage.skip_log import add_skipped

Folds: TypeAlias = int | str | pd.Series
Tested: TypeAlias = Sequence[tuple[ClockInputs, pd.Series]]


def predict_age(
    people: People,
    cohort: pd.DataFrame,
    model: Any = "ridge",
    *,
    folds: Folds = 5,
    n_repeats: int = 1,
    coverage: float | None = 0.9,
    visits: str = "first",
    seed: int = 0,
) -> pd.DataFrame:
    """Predict everybody's age by a clock that was fitted without the person.

    Everything that is fitted (pooling, scaling, penalties, number of trees, intervals) is fitted
    on the training people of each fold; the encoder, which never sees an age, was trained on the
    tiles of everybody. Clocks are fitted on first visits. People without an age, or without
    features, are excluded with a warning that counts them. Ages known as brackets are fitted as
    brackets.

    Parameters
    ----------
    people
        Features by person, as `pool` returns them; or the atlas of tiles, which is then pooled
        inside the folds.
    cohort
        A row per slide: ``slide_id``, ``person_id``, ``age_years`` and, if known, ``sex``,
        ``age_low``, ``age_high`` and ``visit``.
    model
        "ridge"; "trees", which see the sex too; "attention", of an atlas only; any scikit-learn
        regressor, as an object or by its class name, such as "ElasticNetCV"; a learner of your
        own (`Learner`); or `Pooled`, which also says how the tiles of an atlas are pooled.
    folds
        A number of folds with the same spread of ages; a column of the cohort such as "body_site"
        or "scanner", of which one value after the other is held out; or the fold of each person.
    n_repeats
        Number of times that people are assigned to folds anew, with the next seed.
    coverage
        Nominal coverage (0 to 1) of the intervals; None skips them, in a sixth of the time. Where
        a column is held out, each interval comes from the errors on other groups held out; with
        fewer than three of these it is blank.
    visits
        "first"; or "all" for further rows, one per later visit, by the clock of the fold that was
        fitted without the person. This needs the atlas, and ``visit`` in the cohort.
    seed
        Seed of the folds, and of models that draw.

    Returns
    -------
    pandas.DataFrame
        A row per person: ``person_id``, ``visit`` (with visits="all"; later visits follow after
        all first ones, each with the age at that visit), ``age_years``, with brackets ``age_low``
        and ``age_high``, ``sex`` (if known), ``predicted_years``, ``lower_years`` and
        ``upper_years``, ``fold``, ``group`` where folds are a column, ``n_tiles`` and ``encoder``
        (its hash; if known); of further repeats ``predicted_years_2``, ``fold_2`` and so on.
        `skipped` lists the people and slides that had no part.

    Raises
    ------
    SettingError
        If an argument cannot be used, whatever the data.
    StageError
        If there are fewer than ``MIN_PEOPLE`` people, one age only, or unusable features.
    LeakageError
        If people of different folds share a slide, the encoder saw the age of anybody, or the
        features were pooled by what everybody's tiles let choose.
    """
    if n_repeats < 1:
        raise SettingError(f"predict_age: {n_repeats} repeats; at least one is needed")
    if n_repeats > 1 and not isinstance(folds, int | np.integer):
        raise SettingError("predict_age: repeats assign folds anew; give folds as a number")
    data = clock_data(people, cohort, model)
    tested = data.asked(cohort, visits)
    ages, counts = ages_table([table for table, _ in tested])
    person_id = pd.Index(ages["person_id"])
    for repeat in range(n_repeats):
        fold, group = assign_folds(data.known, cohort, folds, seed + repeat)
        check_folds(fold, cohort, data.inputs)
        first = repeat == 0
        found = predict_out_of_fold(
            data.learner, data.inputs, data.known.assign(fold=fold, group=group),
            coverage if first else None, seed + repeat,
            [(inputs, fold.reindex(table.index)) for table, inputs in tested],
        )  # fmt: skip
        found["fold"] = fold.reindex(person_id)
        if group is not None:
            found["group"] = group.reindex(person_id)
        found = found.set_axis(ages.index)
        ages = ages.join(found if first else found.add_suffix(f"_{repeat + 1}"))
    ages = with_encoder(ages.join(counts), people)
    add_skipped(ages, "predict_age", data.skipped)
    if coverage is not None and (blank := ages["lower_years"].isna()).any():
        reason = (
            f"each {folds} was held out of {ages['group'].nunique()}; of the others at least "
            f"{LEAST_GROUPS} are needed, to measure the errors on one of them held out"
        )
        add_skipped(ages, "predict_age", {f"intervals of {blank.sum()} people": reason})
    return ages


def check_folds(fold: pd.Series, cohort: pd.DataFrame, inputs: ClockInputs) -> None:
    """Refuse folds that share a person, a slide, or (by its features) a copy of one."""
    check_leakage(fold, cohort, pd.DataFrame(inputs.described(), fold.index))


def assign_folds(
    known: pd.DataFrame, cohort: pd.DataFrame, folds: Folds, seed: int
) -> tuple[pd.Series, pd.Series | None]:
    """Return everybody's fold, and their group where folds hold out whole groups."""
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
    return folds[~folds.index.duplicated()].reindex(known.index).rename("fold"), None


def inner_of(training: pd.DataFrame, seed: int) -> np.ndarray:
    """Assign training people (``age_years``, ``group``) to folds as the tested were held out."""
    groups = None if training["group"].isna().all() else training["group"]
    return inner_folds(training["age_years"], groups, seed=seed).to_numpy()


def predict_out_of_fold(
    learner: Learner,
    inputs: ClockInputs,
    known: pd.DataFrame,
    coverage: float | None,
    seed: int,
    tested: Tested | None = None,
) -> pd.DataFrame:
    """Predict each fold by a clock of the other folds.

    Parameters
    ----------
    learner
        What fits.
    inputs, known
        The people, in the same order: ``age_years``, ``age_low``, ``age_high``, ``fold``, and
        ``group``, missing unless folds hold out whole groups.
    coverage
        Nominal coverage (0 to 1) of the intervals; None skips them.
    seed
        Seed of the inner folds, and of learners that draw.
    tested
        Whom to predict, with the fold of each; if not given, the people themselves.

    Returns
    -------
    pandas.DataFrame
        The tested, one after the other; ``predicted_years`` and, with a coverage, ``lower_years``
        and ``upper_years``.
    """
    tested = [(inputs, known["fold"])] if tested is None else tested
    names = ["predicted_years"] + ["lower_years", "upper_years"] * (coverage is not None)
    found = [pd.DataFrame(np.nan, fold.index, names) for _, fold in tested]
    for one in known["fold"].unique():
        held_out = (known["fold"] == one).to_numpy()
        training = known[~held_out]
        model, calibration = fit_and_calibrate(
            learner, inputs.take(~held_out), training, inner_of(training, seed),
            calibrated=coverage is not None, seed=seed,
        )  # fmt: skip
        for table, (asked, fold) in zip(found, tested, strict=True):
            own = (fold == one).to_numpy()
            if own.any():
                some = asked.take(own)
                values = [model.predict(some)]
                if calibration is not None and coverage is not None:
                    values += calibration.interval(some, coverage)
                table.loc[own, names[: len(values)]] = np.column_stack(values)
    return pd.concat(found)
