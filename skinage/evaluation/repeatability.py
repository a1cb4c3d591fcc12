"""The intraclass correlation: the agreement of repeated measurements of people."""

import numpy as np
import pandas as pd
from scipy import stats

from skinage.errors import StageError
from skinage.evaluation import metrics


def icc(
    values: pd.Series, people: pd.Series, *, n_bootstrap: int = metrics.N_BOOTSTRAP, seed: int = 0
) -> dict[str, float]:
    """Compute the intraclass correlation of repeated measurements of people, in years.

    One-way random effects, single measurements: ICC(1,1) of Shrout and Fleiss (1979, Psychol Bull
    86:420); with unequal numbers of measurements n, their effective number is
    ``(sum(n) - sum(n**2) / sum(n)) / (n_people - 1)`` (Fleiss 1986, The Design and Analysis of
    Clinical Experiments, chapter 1). The repeatability coefficient is 1.96 sqrt(2) within-person
    SD (Bland and Altman 1999, Stat Methods Med Res 8:135).

    The interval is Shrout and Fleiss's from the F distribution where all people have the same
    number of measurements (values normally distributed), else from resampling people.

    Parameters
    ----------
    values
        The measurements, years.
    people
        The person of each measurement, in the same order.
    n_bootstrap
        Number of resamples of people.
    seed
        Seed of the resampling.

    Returns
    -------
    dict
        ``icc`` of single measurements (below 0 if people differ less than expected by chance) with
        its 95 % interval ``lower`` to ``upper``; ``within_person_sd_years``, the root of the mean
        square within people; ``repeatability_years``, which the difference of two measurements of
        a person stays below 95 times in 100; ``n_people`` with at least two values, ``n_slides``,
        their values, and ``n_excluded``, people with one value only, which holds no information on
        agreement.

    Raises
    ------
    StageError
        If a value is not finite or has no person, or fewer than two people have two values.
    """
    table = pd.DataFrame({"value": values.to_numpy(float), "person": people.to_numpy()})
    bad = ~np.isfinite(table["value"]) | table["person"].isna()
    if bad.any():
        raise StageError(
            f"icc: {bad.sum()} of {len(table)} values are not finite or have no person"
        )
    table["value"] -= table["value"].mean()  # else the squares would lose digits
    of_person = table.groupby("person")["value"].agg(["count", "sum", "var"])
    repeated = of_person[of_person["count"] > 1]
    if len(repeated) < 2:
        raise StageError(
            f"icc: {len(repeated)} of {len(of_person)} people have two values; two are needed"
        )
    counts, totals = repeated["count"].to_numpy(float), repeated["sum"].to_numpy()
    squares = repeated["var"].to_numpy() * (counts - 1)
    n_people = len(repeated)
    weights = n_people * metrics.person_weights(n_people, n_bootstrap, seed)
    # Mean squares, and the effective number of measurements, per row of weights.
    n_values = weights @ counts
    between = weights @ (totals**2 / counts) - (weights @ totals) ** 2 / n_values
    between /= n_people - 1
    within = weights @ squares / (n_values - n_people)
    n_effective = (n_values - weights @ counts**2 / n_values) / (n_people - 1)
    whole = between + (n_effective - 1) * within
    coefficient, lower, upper = metrics.with_interval(metrics.ratio(between - within, whole))
    if np.ptp(counts) == 0 and within[0] > 0:
        freedom = n_people - 1, n_people * (counts[0] - 1)
        limits = between[0] / within[0] / stats.f.ppf([0.975, 0.025], *freedom)
        lower, upper = ((limits - 1) / (limits + counts[0] - 1)).tolist()
    sd = float(np.sqrt(within[0]))
    return {
        "icc": coefficient, "lower": lower, "upper": upper, "within_person_sd_years": sd,
        "repeatability_years": 1.96 * np.sqrt(2) * sd, "n_people": n_people,
        "n_slides": int(counts.sum()), "n_excluded": len(of_person) - n_people,
    }  # fmt: skip
