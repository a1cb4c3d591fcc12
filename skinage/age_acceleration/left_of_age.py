"""A warning where acceleration can still be predicted from age and sex."""

import warnings

import numpy as np
import pandas as pd

from skinage.age_acceleration.people import LEAST_OF_A_SEX_FOR_A_LINE

P_VALUE, LEAST_EXPLAINED = 0.001, 0.01


def warn_of_age(acceleration: pd.Series, age_years: pd.Series, male: pd.Series) -> None:
    """Warn where a parabola of age, for each sex, still explains acceleration (F test).

    Parameters
    ----------
    acceleration, age_years
        A value per person.
    male
        1, 0 or NaN where the sex is unknown, in the same order.
    """
    from scipy import stats

    values, age = acceleration.to_numpy(float), age_years.to_numpy(float)
    age = (age - age.mean()) / (age.std() or 1.0)
    # The curve of a few people is their own noise.
    by_sex = min((male == one).sum() for one in (0, 1)) >= LEAST_OF_A_SEX_FOR_A_LINE
    sex = (male - male.mean()).fillna(0.0).to_numpy() * by_sex
    terms = np.column_stack([np.ones(len(age)), age, age**2, sex, sex * age, sex * age**2])
    n_terms = int(np.linalg.matrix_rank(terms))
    spare = len(values) - n_terms
    total = float(np.sum((values - values.mean()) ** 2))
    if spare < 1 or n_terms < 2 or not total > 0:
        return
    left = float(np.sum((values - terms @ np.linalg.lstsq(terms, values, rcond=None)[0]) ** 2))
    explained = 1 - left / total
    ratio = (total - left) / (n_terms - 1) / (left / spare) if left > 0 else np.inf
    p_value = float(stats.f.sf(ratio, n_terms - 1, spare))
    if p_value < P_VALUE and explained > LEAST_EXPLAINED:
        warnings.warn(
            f"acceleration: a parabola of age, for each sex, still explains {explained:.0%} of its "
            f"variance (F test, p = {p_value:.0e}). definition='spline' follows a curve in each "
            "sex. The outcome models hold age by a spline and by sex, as far as there are events "
            "for it.",
            stacklevel=3,
        )
