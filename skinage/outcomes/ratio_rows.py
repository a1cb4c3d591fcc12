"""The results of all outcome models in one form: a row per coefficient and unit."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from skinage.age_acceleration.acceleration import measured
from skinage.age_acceleration.definitions import COLE, LEAST_SLOPE
from skinage.outcomes.regressors import Design
from skinage.skip_log import KEY, add_skipped, skipped

STEP_YEARS = 5.0
STEPS = {
    "acceleration_z": ("per SD at that age", 1.0),
    "acceleration_centile": ("per 10 centiles", 10.0),
    "acceleration_ratio": ("per 10 %", 0.1),
}
"""The second unit of definitions that are not in years."""


def ratio_rows(
    what: dict[str, str], fit: tuple[float, float, float], design: Design, n_events: int
) -> pd.DataFrame:
    """Return one coefficient of acceleration (value, standard error, p) per SD and in its unit.

    Years of a residual are shrunken: a clock that rises by .6 years per year shows ten years of
    ageing as six. So the unit of five years is in Cole's scale: ``5 slope`` of the table's years,
    or five of them where they are Cole's own.
    """
    coefficient, error, p_value = fit
    people = design.people
    values, definition = measured(people), people.get("definition", pd.Series([""])).iloc[0]
    slope = float(people["slope"].iloc[0]) if "slope" in people else 1.0
    units = [("per SD", float(values.std()))]
    if values.name in STEPS:
        units.append(STEPS[str(values.name)])
    elif slope >= LEAST_SLOPE:
        in_coles_scale = str(definition).startswith(COLE)
        units.append(("per 5 years", STEP_YEARS * (1.0 if in_coles_scale else slope)))
    steps = np.array([step for _, step in units])
    margin = stats.norm.ppf(0.975) * error
    rows = pd.DataFrame({
        **what, "term": values.name, "unit": [unit for unit, _ in units],
        "step": steps, "estimate": np.exp(coefficient * steps),
        "lower": np.exp((coefficient - margin) * steps),
        "upper": np.exp((coefficient + margin) * steps),
        "p_value": p_value, "n_people": len(people), "n_events": n_events,
        "covariates": design.covariates, "slope": slope, "definition": definition,
    })  # fmt: skip
    rows.attrs = dict(people.attrs)
    left_out = dict(design.left_out)
    if len(units) == 1:
        reason = f"predicted age rises by {slope:.2f} years per year of age; {LEAST_SLOPE} needed"
        left_out["per 5 years"] = reason
    model = what["outcome"].removeprefix("disease_")
    add_skipped(rows, what["outcome"], {f"{one} ({model})": why for one, why in left_out.items()})
    return rows


def concatenate(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Concatenate tables of outcomes, and what was skipped on the way to each of them."""
    together = pd.concat(tables, ignore_index=True)
    together.attrs = {KEY: skipped(*tables).to_json(orient="records")}
    return together
