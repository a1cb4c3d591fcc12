"""Ages known as brackets: the age to expect within one, and what brackets alone would produce."""

import numpy as np
import pandas as pd

from skinage.age_acceleration.definitions import LEAST_SLOPE
from skinage.age_acceleration.line import fit_line, linear
from skinage.clock.brackets import expected_ages

LEAST_SPREAD_YEARS = 0.5


def bracket_part(training: pd.DataFrame, asked: pd.DataFrame) -> float:
    """Compute the part of the variance of acceleration that brackets alone would produce.

    An age that is uniform within its bracket has a variance of width squared / 12 around the
    middle. A clock that knows nothing but age, compared with the middle, so shows an acceleration
    of slope squared times that variance.

    Parameters
    ----------
    training, asked
        People with ``age_years`` (of a bracket its middle), ``age_low``, ``age_high``,
        ``predicted_years``, ``male_centred``. The line and the clock's own spread are those of
        training people, the brackets those of the people asked for.

    Returns
    -------
    float
        0 to 1 of the variance of predicted age around its line on the middle of the brackets.
    """
    if (asked["age_low"] == asked["age_high"]).all():
        return 0.0
    alone = _from_brackets(training, asked)
    together = alone + _own_variance(training)
    return alone / together if together > 0 else 1.0


def expected_years(training: pd.DataFrame, asked: pd.DataFrame) -> pd.Series:
    """Compute the age to expect of people whose bracket and predicted age are known.

    A person predicted old is probably in the old part of the bracket. Compared with the middle,
    that would count as acceleration, and whatever goes with age would go with it. The expected
    age takes it out (regression calibration: Carroll et al., Measurement Error in Nonlinear
    Models, 2006, chapter 4).

    Parameters
    ----------
    training, asked
        As for `bracket_part`.

    Returns
    -------
    pandas.Series
        Years; the age itself where it is exact, the middle where predicted age hardly rises with
        age.
    """
    slope = fit_line(training)[1]
    if (asked["age_low"] == asked["age_high"]).all() or slope < LEAST_SLOPE:
        return asked["age_years"]
    centre = asked["age_years"] + linear(training, asked) / slope
    spread = max(np.sqrt(_own_variance(training)) / slope, LEAST_SPREAD_YEARS)
    low, high = asked["age_low"].to_numpy(float), asked["age_high"].to_numpy(float)
    mean, _ = expected_ages(centre.to_numpy(), low, high, float(spread))
    return pd.Series(mean, asked.index)


def _from_brackets(training: pd.DataFrame, people: pd.DataFrame) -> float:
    """Return the variance of predicted age around its line that the brackets of people produce."""
    width = (people["age_high"] - people["age_low"]).to_numpy(float)
    return float(fit_line(training)[1] ** 2 * np.mean(width**2) / 12)


def _own_variance(training: pd.DataFrame) -> float:
    """Return the variance of predicted age around its line that brackets do not explain."""
    found = float(np.mean(linear(training, training) ** 2))
    return max(found - _from_brackets(training, training), 0.0)
