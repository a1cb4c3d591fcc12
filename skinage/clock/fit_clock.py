"""Clocks to keep and to explain: fitted on everybody, or on all folds but one."""

from typing import Any

import pandas as pd

from skinage import __version__
from skinage.clock.applicability import fit_domain
from skinage.clock.clock import Clock
from skinage.clock.data import ClockData, clock_data
from skinage.clock.fitting import fit_and_calibrate
from skinage.clock.prediction import check_folds, inner_of
from skinage.cohort.folds import LEAST_GROUPS
from skinage.cohort.label_seen import person_mark
from skinage.errors import SettingError, StageError
from skinage.people.clock_inputs import People, names_and_encoder
from skinage.skip_log import add_skipped


def fit_clock(
    people: People,
    cohort: pd.DataFrame,
    model: Any = "ridge",
    *,
    calibrated: bool = True,
    seed: int = 0,
) -> Clock:
    """Fit a clock on everybody, to be kept; its fit says nothing about its accuracy.

    Parameters
    ----------
    people, cohort, model
        As for `predict_age`, whose errors it shares. First visits are fitted.
    calibrated
        False for a clock without intervals, in a sixth of the time. Where the encoder saw the age
        of these people there are none either: their errors would be too small.
    seed
        Seed of the inner folds, and of models that draw.

    Returns
    -------
    Clock
        `skipped` lists the people and slides that had no part.

    Raises
    ------
    SettingError, StageError, LeakageError
        As `predict_age`.
    """
    data = clock_data(people, cohort, model, tested=False)
    seen = people if isinstance(people, pd.DataFrame) else people.obs
    calibrated = calibrated and not ("label_seen" in seen and bool(seen["label_seen"].any()))
    known = data.known.assign(group=None)
    # A copy of a slide would make the intervals too narrow.
    check_folds(pd.Series(inner_of(known, seed), known.index), cohort, data.inputs)
    return _clock(data, known, calibrated=calibrated, seed=seed)


def fit_fold_clock(
    people: People,
    cohort: pd.DataFrame,
    ages: pd.DataFrame,
    *,
    fold: Any,
    model: Any = "ridge",
    calibrated: bool = True,
    seed: int = 0,
) -> Clock:
    """Fit the clock that predicted the people of one fold, for example to explain it.

    Parameters
    ----------
    people, cohort
        The same as for `predict_age`, so that the clock is the same.
    ages
        The table that `predict_age` returned: ``person_id``, ``fold`` and, where a column of the
        cohort was held out, ``group``.
    fold
        The fold that was held out, a value of ``ages["fold"]``.
    model
        The same as for `predict_age`.
    calibrated
        False for a clock without intervals, in a sixth of the time.
    seed
        The same as for `predict_age`.

    Returns
    -------
    Clock
        Fitted without the people of the fold; ``predict`` gives them the ages of the table.

    Raises
    ------
    SettingError
        If there is no such fold.
    StageError
        If people of the table have no features or no age here.
    """
    table = ages.drop_duplicates("person_id").set_index("person_id")
    folds = sorted(table["fold"].unique().tolist())
    if fold not in folds:
        raise SettingError(f"fit_fold_clock: no fold {fold!r}; choose from {folds}")
    data = clock_data(people, cohort, model)
    missing = table.index.difference(data.known.index)
    if len(missing):
        raise StageError(
            f"fit_fold_clock: {len(missing)} people of the table of ages have no features or no "
            f"age, such as {[*missing[:5]]}; give the people and the cohort that it was made of"
        )
    group = table["group"] if "group" in table else pd.Series(None, table.index, dtype=object)
    known = data.known.loc[data.known.index.isin(table.index[table["fold"] != fold])]
    known = known.assign(group=group.reindex(known.index))
    return _clock(data, known, calibrated=calibrated, seed=seed)


def _clock(data: ClockData, known: pd.DataFrame, *, calibrated: bool, seed: int) -> Clock:
    """Fit on these of the people (``group`` among the columns)."""
    inputs = data.inputs.take(data.known.index.isin(known.index))
    inner = inner_of(known, seed)
    model, calibration = fit_and_calibrate(
        data.learner, inputs, known, inner, calibrated=calibrated, seed=seed
    )
    names, encoder_hash = names_and_encoder(data.first.people)
    metadata = {
        "model": data.learner.name,
        "statistics": data.statistics,
        "feature_names": names,
        "encoder_hash": encoder_hash,
        "n_people": len(known),
        "n_brackets": int((known["age_low"] < known["age_high"]).sum()),
        "age_low_years": float(known["age_low"].min()),
        "age_high_years": float(known["age_high"].max()),
        "age_mean_years": float(known["age_years"].mean()),
        "seed": seed,
        "skinage": __version__,
        "people": sorted(person_mark(str(person)) for person in known.index),
    }
    domain = fit_domain(inputs.described(), inner)
    clock = Clock(metadata, data.learner, model, domain, calibration)
    add_skipped(clock, "fit_clock", data.skipped)
    if calibrated and calibration is None:
        few = f"{known['group'].nunique()} groups; at least {LEAST_GROUPS} are needed"
        add_skipped(clock, "fit_clock", {"intervals": few})
    return clock
