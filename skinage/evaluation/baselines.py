"""The baselines of a clock: other features, the mean age, and ages shuffled between people."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from skinage.clock.data import clock_data
from skinage.clock.prediction import Folds, assign_folds, check_folds
from skinage.errors import SettingError
from skinage.evaluation.nulls import shuffled_rows
from skinage.evaluation.paired import clock_rows
from skinage.skip_log import add_skipped

COLUMNS = [
    "features", "mae_years", "lower_years", "upper_years", "r2",
    "difference_years", "difference_lower_years", "difference_upper_years",
    "difference_sd_over_deals", "difference_sd_over_seeds", "p_value", "n_shuffles", "verdict",
]  # fmt: skip
N_SHUFFLES, N_SHUFFLES_ONE_BY_ONE = 199, 19

Tables: TypeAlias = pd.DataFrame | Sequence[pd.DataFrame]


def compare_clocks(
    feature_sets: Mapping[str, Tables],
    cohort: pd.DataFrame,
    model: Any = "ridge",
    *,
    folds: Folds = 5,
    n_deals: int = 5,
    n_shuffles: int | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """Compare feature sets as clocks, with the same people, folds and model.

    Parameters
    ----------
    feature_sets
        Tables of people by name, as `pool` returns them, such as trained, untrained and colour
        features. All are compared with the first. Several tables of one name are of encoders that
        were trained with several seeds. People whom one of the tables lacks are excluded; a
        warning and `skinage.skipped` count them.
    cohort
        A row per slide, as for `predict_age`; for shuffles within groups also ``scanner``,
        ``body_site`` and ``sex``, as far as they are known.
    model
        The clock that is fitted on each feature set, as for `predict_age`; or a dict with the clock
        of each feature set by name.
    folds
        The folds of people, as for `predict_age`.
    n_deals
        Number of times that people are dealt into folds anew, with the next seed; once where
        folds are not a number.
    n_shuffles
        Number of times that ages are shuffled, at large and within groups; 0 omits both. None is
        199 for ridge regression, which fits all at once, and 19 for other models.
    seed
        Seed of the folds, the shuffles, the bootstrap, and models that draw random numbers.

    Returns
    -------
    pandas.DataFrame
        A row per feature set (its numbers are means over deals and tables), one for "predict the
        mean" of the other folds, and two for the first feature set with ages shuffled between
        people: "shuffled ages" at large, and "shuffled within" those of scanner, body site and sex
        that vary.

        - ``features``; ``mae_years`` with ``lower_years`` and ``upper_years`` (95 % bootstrap of
          people; of shuffles their 2.5 and 97.5 percentiles); ``r2``;
        - ``difference_years`` of the MAE from that of the first feature set, paired by person,
          with ``difference_lower_years`` and ``difference_upper_years``;
          ``difference_sd_over_deals``, and ``difference_sd_over_seeds`` between one table of each
          set (both NaN where there is only one);
        - of shuffles ``p_value``: how often a clock that knows no more has so small an MAE,
          ``n_shuffles`` and ``verdict``, the result in words. They, and the difference from the
          clock, are of folds that do not look at the age, else the p-value would be too small;
          there brackets are fitted as their middles. A row is blank where less than half of the
          people would get another's age; `skinage.skipped` has the reason;
        - ``n_people``.

    Raises
    ------
    SettingError
        If there is no feature set, or a number is too small.
    StageError, LeakageError
        If a person has several rows in a feature set; also as `predict_age`.
    """
    tables = {
        name: [own] if isinstance(own, pd.DataFrame) else [*own]
        for name, own in feature_sets.items()
    }
    _check(tables, n_deals, n_shuffles)
    models = _models(model, tables)
    shared, excluded = _shared_people(tables)
    gathered = {
        name: [clock_data(people.loc[shared], cohort, models[name]) for people in own]
        for name, own in tables.items()
    }
    first = next(iter(gathered.values()))[0]
    deals = _deals(first.known, cohort, folds, n_deals, seed)
    for known in deals:
        for data in (one for own in gathered.values() for one in own):
            check_folds(known["fold"], cohort, data.inputs)
    rows = clock_rows(gathered, deals, seed)
    if n_shuffles is None:
        at_once = getattr(first.learner, "fits_columns", False)
        n_shuffles = N_SHUFFLES if at_once else N_SHUFFLES_ONE_BY_ONE
    kept: dict[str, str] = {}
    if n_shuffles:
        fold = _blind_folds(deals[0]["fold"], folds, seed)
        shuffled, kept = shuffled_rows(first, cohort, fold, n_shuffles=n_shuffles, seed=seed)
        rows += shuffled
    table = pd.DataFrame(rows, columns=COLUMNS).assign(n_people=len(first.known))
    table["verdict"] = table["verdict"].fillna("")
    add_skipped(table, "compare_clocks", first.skipped | excluded | kept)
    return table


def _check(tables: dict[str, list[pd.DataFrame]], n_deals: int, n_shuffles: int | None) -> None:
    if not tables or not all(tables.values()):
        raise SettingError("compare_clocks: no feature sets; pass a dict of tables by name")
    if n_deals < 1 or (n_shuffles or 0) < 0:
        raise SettingError(
            f"compare_clocks: {n_deals} deals and {n_shuffles} shuffles; expected one deal or "
            "more, and no negative number of shuffles"
        )


def _models(model: Any, tables: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(model, Mapping):
        return dict.fromkeys(tables, model)
    if {*model} != {*tables}:
        raise SettingError(
            f"compare_clocks: models are of {[*model]}, feature sets are {[*tables]}. Give a model "
            "for each feature set, or one for all"
        )
    return dict(model)


def _shared_people(
    tables: dict[str, list[pd.DataFrame]],
) -> tuple[pd.Index, dict[str, str]]:
    """Return the people of all tables, in the order of the first, and how many are excluded."""
    ids = [people.index for own in tables.values() for people in own]
    shared = ids[0][np.all([ids[0].isin(others) for others in ids], axis=0)]
    n_all = len(set[object]().union(*ids))
    if n_all <= len(shared):
        return shared, {}
    excluded = f"{n_all - len(shared)} of {n_all} people"
    warnings.warn(f"{excluded} are not in every table and are excluded", stacklevel=3)
    return shared, {excluded: "not in every feature set"}


def _deals(
    known: pd.DataFrame, cohort: pd.DataFrame, folds: Folds, n_deals: int, seed: int
) -> list[pd.DataFrame]:
    """Return the people with ``fold`` and ``group`` for each deal."""
    found = []
    for deal in range(n_deals if isinstance(folds, int | np.integer) else 1):
        fold, group = assign_folds(known, cohort, folds, seed + deal)
        found.append(known.assign(fold=fold, group=group))
    return found


def _blind_folds(fold: pd.Series, folds: Folds, seed: int) -> np.ndarray:
    """Return folds that do not look at the age: a p-value would come out too small by others."""
    if not isinstance(folds, int | np.integer):
        return fold.to_numpy()
    return np.random.default_rng(seed).permutation(len(fold)) % int(folds)
