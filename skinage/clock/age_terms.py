"""Terms of age for regressions: a straight line, or a restricted cubic spline."""

import numpy as np
from numpy.typing import ArrayLike

QUANTILES = {3: (0.1, 0.5, 0.9), 4: (0.05, 0.35, 0.65, 0.95)}
"""The quantiles of age where the knots lie (Harrell, Regression Modeling Strategies, table 2.3)."""


def age_terms(known_years: ArrayLike, asked_years: ArrayLike, n_knots: int = 4) -> np.ndarray:
    """Compute the terms of a restricted cubic spline of age, for a regression.

    A cubic polynomial between the knots, and a straight line beyond the outer two (Stone and Koo
    1985; by formulaic). The knots lie at quantiles of the known ages.

    Parameters
    ----------
    known_years
        The ages that the knots and the centre come from, ``(n_known,)``.
    asked_years
        The ages to compute the terms of, ``(n_asked,)``.
    n_knots
        4, 3, or 2 for a straight line. Fewer are used where quantiles coincide.

    Returns
    -------
    numpy.ndarray
        ``(n_asked, n_knots - 1)``; the mean over the known ages is 0.
    """
    from formulaic.transforms.cubic_spline import natural_cubic_spline

    known, asked = np.asarray(known_years, float), np.asarray(asked_years, float)
    knots = np.unique(np.quantile(known, QUANTILES.get(n_knots, ())))
    if len(knots) < 3:
        return (asked - known.mean())[:, None]
    state: dict[str, object] = {}
    of_known = natural_cubic_spline(
        known, knots=knots[1:-1], lower_bound=knots[0], upper_bound=knots[-1],
        constraints="center", _state=state,
    )  # fmt: skip
    terms = of_known if known is asked else natural_cubic_spline(asked, _state=state)
    return np.column_stack([np.broadcast_to(one, len(asked)) for one in terms.values()])
