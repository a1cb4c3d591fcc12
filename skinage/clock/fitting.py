"""One clock from training people: its targets, its model, its intervals."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from skinage.clock.brackets import target_of
from skinage.clock.intervals import Calibration, calibrate
from skinage.clock.learners.attention import Attention
from skinage.clock.learners.base import Learner, Model
from skinage.clock.learners.pooled import Pooled
from skinage.clock.learners.ridge import ElasticNet, GaussianProcess, Ridge
from skinage.clock.learners.trees import Ensemble, Trees
from skinage.errors import StageError
from skinage.people.clock_inputs import ClockInputs

LEARNERS: dict[str, Learner] = {
    one.name: one for one in (Ridge(), ElasticNet(), GaussianProcess(), Trees(), Attention())
}
ENSEMBLE = "ridge+gaussian_process+trees"


def learner_of(model: str | Learner, statistics: Sequence[str] | None) -> Learner:
    """Find the learner of a name.

    Parameters
    ----------
    model
        A name of ``LEARNERS``; several joined by "+" for their mean; "ensemble"; or a learner.
    statistics
        How the tiles of an atlas are pooled; None for a table of people, pooled already.

    Raises
    ------
    StageError
        If there is no such learner, or it needs tiles and there are none.
    """
    learner = _named(model) if isinstance(model, str) else model
    if statistics is None:
        if learner.needs_tiles:
            raise StageError(
                f"clock: {learner.name} pools the tiles itself; give the atlas of tiles in place "
                "of the table of people"
            )
        return learner
    return Pooled(learner, statistics) if "proportions" in statistics else learner


def _named(model: str) -> Learner:
    names = (ENSEMBLE if model == "ensemble" else model).split("+")
    unknown = [name for name in names if name not in LEARNERS]
    if unknown:
        raise StageError(
            f"clock: no model {', '.join(unknown)}; choose from {', '.join(LEARNERS)}, "
            "'ensemble', or several joined by '+' for their mean"
        )
    members = tuple(LEARNERS[name] for name in names)
    return members[0] if len(members) == 1 else Ensemble(members)


def cross_predict(
    learner: Learner, inputs: ClockInputs, target: np.ndarray, fold: np.ndarray, seed: int
) -> np.ndarray:
    """Predict each person, ``(n_people,)`` years, by a model of the people of other folds."""
    predicted = np.full(len(target), np.nan)
    for one in np.unique(fold):
        held_out = fold == one
        model = learner.fit(inputs.take(~held_out), target[~held_out], seed)
        predicted[held_out] = model.predict(inputs.take(held_out))
    return predicted


def fit_and_calibrate(
    learner: Learner,
    inputs: ClockInputs,
    ages: pd.DataFrame,
    inner: np.ndarray,
    *,
    calibrated: bool = True,
    seed: int = 0,
) -> tuple[Model, Calibration | None]:
    """Fit a clock on training people, and find out how wrong it is by leaving parts of them out.

    Parameters
    ----------
    learner
        What fits.
    inputs, ages
        Of the training people: ``age_low`` and ``age_high`` in years, equal for exact ages.
    inner
        Their inner folds.
    calibrated
        False for a model without intervals, in a sixth of the time.
    seed
        Of learners that draw.
    """
    low, high = ages["age_low"].to_numpy(float), ages["age_high"].to_numpy(float)
    target = target_of(
        low, high, lambda target: cross_predict(learner, inputs, target, inner, seed)
    )

    def fit(kept: np.ndarray) -> Model:
        return learner.fit(inputs.take(kept), target[kept], seed)

    model = fit(np.ones(len(target), bool))
    return model, calibrate(fit, inputs, low, high, inner) if calibrated else None
