"""Everything that acceleration can be tested against in this cohort, and what cannot be."""

import warnings
from collections.abc import Callable

import pandas as pd

from skinage.cohort.people import refuse_repeated_people
from skinage.errors import StageError
from skinage.outcomes.models import mortality, prevalence

COLUMNS = [
    "outcome", "model", "term", "estimate_name", "unit", "unit_years", "estimate", "lower",
    "upper", "p_value", "q_value", "n_people", "n_events", "covariates",
]  # fmt: skip


def associations(
    acceleration: pd.DataFrame, cohort: pd.DataFrame
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Test acceleration against every outcome of the cohort table.

    Parameters
    ----------
    acceleration
        As :func:`acceleration` gives it.
    cohort
        ``follow_up_years`` and ``died`` allow mortality, ``disease_*`` prevalence.

    Returns
    -------
    outcomes : pandas.DataFrame
        A row per test, as of :func:`mortality` and :func:`prevalence`; empty if there is none.
    left_out : dict of str to str
        What was not tested, and why.
    """
    refuse_repeated_people(acceleration, "acceleration")
    tables, left_out = [], {}
    needs = {
        "mortality": {"follow_up_years", "died"} <= set(cohort),
        "prevalence": any(str(name).startswith("disease_") for name in cohort),
    }
    tests: dict[str, Callable[..., pd.DataFrame]] = {
        "mortality": mortality,
        "prevalence": prevalence,
    }
    for name, test in tests.items():
        if not needs[name]:
            columns = "follow_up_years and died" if name == "mortality" else "disease_<name>"
            left_out[name] = f"the cohort table has no {columns}"
            continue
        try:
            tables.append(test(acceleration, cohort))
        except StageError as error:
            left_out[name] = str(error)
    if not tables:
        return pd.DataFrame(columns=COLUMNS), left_out
    with warnings.catch_warnings():
        # Mortality has no q-values: the column may be empty in one of the tables.
        warnings.filterwarnings("ignore", "The behavior of DataFrame concatenation", FutureWarning)
        outcomes = pd.concat(tables, ignore_index=True)
    return outcomes[[name for name in COLUMNS if name in outcomes]], left_out
