"""Intervals of age with a stated coverage, from how wrong the clock is about people it left out."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from skinage.clock.learners.base import Model
from skinage.errors import StageError
from skinage.people.clock_inputs import ClockInputs


@dataclass(frozen=True, eq=False)
class Calibration:
    """Models of parts of the training people, and each person's error by the one without them.

    Attributes
    ----------
    models
        One for each inner fold, fitted on the others.
    fold
        ``(n_people,)`` which model left the person out.
    errors_years
        ``(n_people,)`` distance from that model's prediction to the farther end of what is known
        of the age, so that an interval covers a whole bracket.
    """

    models: list[Model]
    fold: np.ndarray
    errors_years: np.ndarray

    def interval(self, inputs: ClockInputs, coverage: float) -> tuple[np.ndarray, np.ndarray]:
        """Give an interval for new people: cross-conformal prediction.

        Each training person proposes the prediction of the model that left them out, plus and
        minus their error; the interval leaves out the outermost proposals (CV+, equation 10 of
        Barber, Candès, Ramdas and Tibshirani 2021, Ann Stat 49:486). It covers at least
        ``2 coverage - 1`` whatever the data, and close to ``coverage`` in practice.

        Parameters
        ----------
        inputs
            Of the new people.
        coverage
            Share of people whose age shall lie inside, 0 to 1.

        Returns
        -------
        lower, upper : numpy.ndarray
            Years, ``(n_people,)``.

        Raises
        ------
        StageError
            If there are too few training people for the coverage.
        """
        n_people = len(self.fold)
        rank = int(np.floor((1 - coverage) * (n_people + 1) + 1e-9))
        if not 0 < coverage < 1 or rank < 1:
            raise StageError(
                f"clock: coverage {coverage:g} cannot be had from {n_people} training people; use "
                f"a number between 0 and {n_people / (n_people + 1):.3f}, or None for no intervals"
            )
        predicted = np.stack([model.predict(inputs) for model in self.models])[self.fold]
        low = np.partition(predicted - self.errors_years[:, None], rank - 1, axis=0)[rank - 1]
        high = np.partition(predicted + self.errors_years[:, None], n_people - rank, axis=0)
        return low, high[n_people - rank]


def calibrate(
    fit: Callable[[np.ndarray], Model],
    inputs: ClockInputs,
    low: np.ndarray,
    high: np.ndarray,
    fold: np.ndarray,
) -> Calibration:
    """Fit a model without each inner fold in turn, and see how wrong it is there.

    Parameters
    ----------
    fit
        Fits on the people of a mask.
    inputs, low, high
        Of the training people, with the bounds of their ages in years.
    fold
        Their inner folds.
    """
    models, errors = [], np.empty(len(fold))
    names, number = np.unique(fold, return_inverse=True)
    for one in range(len(names)):
        held_out = number == one
        model = fit(~held_out)
        predicted = model.predict(inputs.take(held_out))
        errors[held_out] = np.maximum(predicted - low[held_out], high[held_out] - predicted)
        models.append(model)
    return Calibration(models, number, errors)
