"""Intervals of age with a nominal coverage, from the errors of people who were held out."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from skinage.clock.age_line import fit_age_line
from skinage.clock.learners.base import Model
from skinage.errors import SettingError
from skinage.people.clock_inputs import ClockInputs

STEP_YEARS, BEYOND_YEARS = 0.25, 10.0
"""Ages are tried in such steps, up to so far outside of the ages of the training people."""


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
    sex_male
        ``(n_people,)``, 1, 0, or NaN where the sex is unknown.
    """

    models: list[Model]
    fold: np.ndarray
    predicted_years: np.ndarray
    age_low: np.ndarray
    age_high: np.ndarray
    sex_male: np.ndarray

    def interval(self, inputs: ClockInputs, coverage: float) -> tuple[np.ndarray, np.ndarray]:
        """Compute an interval for new people: the ages at which their prediction is not unusual.

        A prediction is judged at each age by what people of about that age are predicted out of
        fold (`fit_age_line`): the old are predicted too young, the young too old, and some ages
        vary more than others. So every age is covered alike, where an interval around the
        prediction covers the middle of life too often and both ends too rarely; the less the
        prediction follows age, the wider the interval. Each training person proposes the ages at
        which the model without that person would err no more than it did for the person, and the
        interval ends at quantiles of these proposals: CV+ (equation 10 of Barber, Candès, Ramdas
        and Tibshirani 2021, Ann Stat 49:486) for nested sets (Gupta, Kuchibhotla and Ramdas 2022,
        Pattern Recognit 127:108496).

        With a line fixed beforehand, exchangeable people would be covered with a probability of at
        least ``1 - 2 a - min(2 (1 - 1 / K) / (n / K + 1), (1 - K / n) / (K + 1))`` (theorem 4 of
        Barber et al.), where ``a`` is ``1 - coverage`` and n people are in K folds: .79 for 90 %,
        1,000 people and 5 folds. The line and the spread are fitted on the same
        predictions, by three numbers (six from 100 people on), so this holds nearly. For a single
        age nothing is guaranteed; in practice each decade is covered nearly as stated. Where folds
        are groups, the groups would have to be exchangeable: with few of them it is only on average
        that a new one is covered as stated.

        Parameters
        ----------
        inputs
            What is known of the new people.
        coverage
            Nominal coverage (0 to 1), of the whole bracket where ages are known as brackets.

        Returns
        -------
        lower, upper : numpy.ndarray
            Years, ``(n_people,)``. Ages up to ten years outside of the training people's are
            tried; whose prediction is unusual at all of them gets all of them.

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
        first = max(0.0, self.age_low.min() - BEYOND_YEARS)
        last = self.age_high.max() + BEYOND_YEARS
        ages = np.append(np.arange(first, last, STEP_YEARS), last)
        line, errors = fit_age_line(self.age_low, self.age_high, self.predicted_years)
        mean, scale = line.mean(ages), line.scale(ages)
        predicted = np.stack([model.predict(inputs) for model in self.models])
        order = predicted[0].argsort()  # np.interp is ten times as fast where values are in order
        proposed = [
            _ages_within(predicted[one, order], ages, mean, error * scale)
            for one, error in zip(self.fold, errors, strict=True)
        ]
        lower, upper = np.stack(proposed, axis=1)
        lower = np.partition(lower, rank - 1, axis=0)[rank - 1]
        upper = np.partition(upper, n_people - rank, axis=0)[n_people - rank]
        unusual = (lower >= last) | (upper <= first)
        lower[unusual], upper[unusual] = first, last
        back = order.argsort()
        return lower[back], upper[back]


def _ages_within(
    predicted: np.ndarray, ages: np.ndarray, mean: np.ndarray, error: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the lowest and the highest age at which a prediction is within an error of the mean.

    Where there is none, both are the same end of the ages.
    """
    highest = np.maximum.accumulate(mean + error)
    lowest = np.minimum.accumulate((mean - error)[::-1])[::-1]
    return np.interp(predicted, highest, ages), np.interp(predicted, lowest, ages)


def calibrate(
    fit: Callable[[np.ndarray], Model],
    inputs: ClockInputs,
    low: np.ndarray,
    high: np.ndarray,
    fold: np.ndarray,
) -> Calibration:
    """Fit a model without each inner fold in turn, and predict the people of the fold.

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
    return Calibration(models, number, predicted, low, high, inputs.sex_male)


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
