"""Intervals of age with a nominal coverage, from the errors of people who were held out."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from skinage.clock.learners.base import Model
from skinage.errors import SettingError
from skinage.people.clock_inputs import ClockInputs


@dataclass(frozen=True, eq=False)
class Calibration:
    """Models of the inner folds, and what each training person is predicted without the person.

    Attributes
    ----------
    models
        One for each inner fold, fitted on the others.
    fold
        ``(n_people,)``, which model was fitted without the person.
    predicted_years
        ``(n_people,)``, the prediction of that model: out of fold.
    age_low, age_high
        ``(n_people,)``, the bounds of the person's age in years, equal where it is exact.
    """

    models: list[Model]
    fold: np.ndarray
    predicted_years: np.ndarray
    age_low: np.ndarray
    age_high: np.ndarray

    @property
    def errors_years(self) -> np.ndarray:
        """Return the distance from prediction to age, or to the farther end of the bracket."""
        return np.maximum(self.predicted_years - self.age_low, self.age_high - self.predicted_years)

    def interval(self, inputs: ClockInputs, coverage: float) -> tuple[np.ndarray, np.ndarray]:
        """Compute an interval for new people by cross-conformal prediction.

        Each training person proposes the prediction of the model without that person, plus and
        minus the person's error; the interval ends at quantiles of these proposals (CV+, equation
        10 of Barber, Candès, Ramdas and Tibshirani 2021, Ann Stat 49:486). It covers at least
        ``2 coverage - 1`` whatever the data, and close to ``coverage`` in practice.

        Parameters
        ----------
        inputs
            What is known of the new people.
        coverage
            Nominal coverage (0 to 1).

        Returns
        -------
        lower, upper : numpy.ndarray
            Years, ``(n_people,)``.

        Raises
        ------
        SettingError
            If the coverage is not between 0 and 1, or too high for the number of training people.
        """
        n_people = len(self.fold)
        rank = int(np.floor((1 - coverage) * (n_people + 1) + 1e-9))
        if not 0 < coverage < 1 or rank < 1:
            raise SettingError(
                f"clock: coverage {coverage:g} is not possible with {n_people} training people; "
                f"use 0 to {n_people / (n_people + 1):.3f}, or None for no intervals"
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
    """Fit a model without each inner fold in turn, and measure its errors there.

    Parameters
    ----------
    fit
        A function that fits on the people of a mask.
    inputs, low, high
        The training people, with the bounds of their ages in years.
    fold
        Inner fold of each training person.
    """
    models, predicted, number = cross_fit(fit, inputs, fold)
    return Calibration(models, number, predicted, low, high)


def cross_fit(
    fit: Callable[[np.ndarray], Model], inputs: ClockInputs, fold: np.ndarray
) -> tuple[list[Model], np.ndarray, np.ndarray]:
    """Fit a model without each fold in turn, and predict the fold; parameters as `calibrate`.

    Returns
    -------
    models : list
        One for each fold.
    predicted, number : numpy.ndarray
        ``(n_people,)``, years out of fold, and which model predicted the person.
    """
    models, predicted = [], np.empty(len(fold))
    names, number = np.unique(fold, return_inverse=True)
    for one in range(len(names)):
        held_out = number == one
        models.append(fit(~held_out))
        predicted[held_out] = models[-1].predict(inputs.take(held_out))
    return models, predicted, number
