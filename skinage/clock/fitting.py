"""One clock from training people: its targets, its model, its intervals."""

from dataclasses import replace

import numpy as np
import pandas as pd

from skinage.clock.brackets import target_of
from skinage.clock.intervals import Calibration, calibrate, cross_fit
from skinage.clock.learners.base import Learner, Model
from skinage.cohort.folds import LEAST_GROUPS
from skinage.people.clock_inputs import ClockInputs


def cross_predict(
    learner: Learner, inputs: ClockInputs, target: np.ndarray, fold: np.ndarray, seed: int
) -> np.ndarray:
    """Predict each person, ``(n_people,)`` years, by a model of the people of other folds."""

    def fit(kept: np.ndarray) -> Model:
        return learner.fit(inputs.take(kept), target[kept], seed=seed)

    return cross_fit(fit, inputs, fold)[1]


def fit_and_calibrate(
    learner: Learner,
    inputs: ClockInputs,
    ages: pd.DataFrame,
    inner: np.ndarray,
    *,
    calibrated: bool = True,
    seed: int = 0,
) -> tuple[Model, Calibration | None]:
    """Fit a clock on training people, and measure its errors on inner folds held out.

    Parameters
    ----------
    learner
        What fits.
    inputs, ages
        The training people: ``age_low`` and ``age_high`` in years, equal for exact ages; and
        ``group`` where whole groups are held out.
    inner
        Inner fold of each training person.
    calibrated
        False for a model without intervals, in a sixth of the time.
    seed
        Seed of learners that draw.

    Returns
    -------
    model : Model
        Fitted on all of these people.
    calibration : Calibration or None
        None also where groups are held out and there are fewer than ``LEAST_GROUPS``: errors of
        people held out would then say nothing about another group.
    """
    if "group" in ages and ages["group"].notna().any():
        inputs = replace(inputs, groups=ages["group"].astype(str).to_numpy())
        calibrated &= ages["group"].nunique() >= LEAST_GROUPS
    low, high = ages["age_low"].to_numpy(float), ages["age_high"].to_numpy(float)
    target = target_of(
        low, high, lambda target: cross_predict(learner, inputs, target, inner, seed)
    )

    def fit(kept: np.ndarray) -> Model:
        return learner.fit(inputs.take(kept), target[kept], seed=seed)

    model = fit(np.ones(len(target), bool))
    return model, calibrate(fit, inputs, low, high, inner) if calibrated else None
