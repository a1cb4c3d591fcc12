"""The age that is left in acceleration, and the effect of the choice of a definition."""

import warnings

import numpy as np
import pandas as pd

from skinage.age_acceleration.acceleration import acceleration, measured
from skinage.cohort.people import refuse_repeated_people
from skinage.errors import StageError
from skinage.evaluation.metrics import pearson
from skinage.skip_log import add_skipped

UNITS = {
    "linear": "years", "gap": "years", "cole": "years", "spline": "years", "lowess": "years",
    "zscore": "SD at that age", "centile": "centile", "ratio": "ratio",
}  # fmt: skip
"""The definitions that are compared, and the units of their SD."""


def age_dependence(acceleration: pd.DataFrame) -> pd.DataFrame:
    """Compute how much age is left in acceleration, of all people and by sex.

    Parameters
    ----------
    acceleration
        A row per person, as `skinage.acceleration` returns it; ``acceleration_z`` is used where
        the table has it.

    Returns
    -------
    pandas.DataFrame
        ``people`` ("everybody", "women", "men"), ``n_people``, ``correlation_with_age``
        (Pearson's) and ``explained_by_age``: the proportion of the variance of acceleration (R2)
        that a parabola of age explains. After a line a curve can remain that no correlation
        shows. Both are NaN where they are not defined.

    Raises
    ------
    StageError
        If a person has several rows.
    """
    refuse_repeated_people(acceleration, "acceleration")
    sex = acceleration.get("sex", pd.Series(np.nan, acceleration.index))
    women, men = acceleration[sex == "F"], acceleration[sex == "M"]
    groups = {"everybody": acceleration, "women": women, "men": men}
    return pd.DataFrame([
        {
            "people": name, "n_people": len(group),
            "correlation_with_age": pearson(measured(group), group["age_years"]),
            "explained_by_age": _explained(measured(group), group["age_years"]),
        }
        for name, group in groups.items() if len(group)
    ])  # fmt: skip


def compare_definitions(ages: pd.DataFrame) -> pd.DataFrame:
    """Compute acceleration by every definition, to see the effect of the choice.

    Parameters
    ----------
    ages
        A row per person, as for `skinage.acceleration`.

    Returns
    -------
    pandas.DataFrame
        A row per ``definition``: ``sd`` between people in ``unit``, the correlation with age in the
        columns ``everybody`` and, if known, ``women`` and ``men``, ``explained_by_age``, and
        ``correlation_with_linear``. A definition that cannot be fitted is skipped with a warning;
        `skinage.skipped` returns the reason.

    Raises
    ------
    StageError
        If the linear definition cannot be fitted, as `skinage.acceleration`.
    """
    linear = _without_warning(ages, "linear")["acceleration_years"]
    rows = []
    failed: dict[str, str] = {}
    for definition in UNITS:
        try:
            table = _without_warning(ages, definition)
        except StageError as reason:
            warnings.warn(f"compare_definitions: skipped {definition}. {reason}", stacklevel=2)
            failed[definition] = str(reason)
            continue
        left = age_dependence(table).set_index("people")
        rows.append({
            "definition": definition, "sd": measured(table).std(),
            "unit": UNITS[definition],
            **left["correlation_with_age"],
            "explained_by_age": left.loc["everybody", "explained_by_age"],
            "correlation_with_linear": pearson(measured(table), linear),
        })  # fmt: skip
    comparison = pd.DataFrame(rows)
    add_skipped(comparison, "compare_definitions", failed)
    return comparison


def _without_warning(ages: pd.DataFrame, definition: str) -> pd.DataFrame:
    """Return acceleration; what age leaves behind is stated by the table of all definitions."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "acceleration: a parabola of age")
        return acceleration(ages, definition)


def _explained(values: pd.Series, age: pd.Series) -> float:
    """Return R2 of a parabola of age; NaN for three people or fewer, who always lie on one."""
    if len(values) < 4 or np.ptp(values) == 0 or np.ptp(age) == 0:
        return float("nan")
    centred = age - age.mean()
    degree = min(2, len(np.unique(age)) - 1)
    parabola = np.polyval(np.polyfit(centred, values, degree), centred)
    return float(1 - np.var(values - parabola) / np.var(values))
