"""All outcomes of a cohort that acceleration can be tested against."""

import pandas as pd

from skinage.errors import StageError
from skinage.outcomes.design import check_acceleration
from skinage.outcomes.disease import prevalence
from skinage.outcomes.mortality import mortality
from skinage.outcomes.ratio_rows import concatenate
from skinage.skip_log import add_skipped

COLUMNS = [
    "outcome", "model", "term", "estimate_name", "unit", "step", "estimate", "lower",
    "upper", "p_value", "q_value", "n_people", "n_events", "covariates",
    "slope", "definition",
]  # fmt: skip


def associations(acceleration: pd.DataFrame, cohort: pd.DataFrame) -> pd.DataFrame:
    """Test acceleration against mortality and every disease of the cohort table.

    Parameters
    ----------
    acceleration
        A row per person, as `skinage.acceleration` returns it.
    cohort
        A row per slide; ``follow_up_years`` and ``died`` allow `mortality`, columns ``disease_*``
        allow `prevalence`.

    Returns
    -------
    pandas.DataFrame
        A row per test and unit, with the columns of `mortality` and `prevalence`; empty if nothing
        can be tested. `skinage.skipped` returns what was not tested ("mortality", "prevalence", or
        the name of a disease) with the reason, and the number of people excluded.

    Raises
    ------
    StageError
        If a person has several rows in ``acceleration``, an age or an acceleration is not finite,
        or the acceleration is of a later visit than the first.
    CohortError
        If an outcome of the cohort has impossible values.
    """
    check_acceleration(acceleration, cohort)
    tables: list[pd.DataFrame] = []
    untested: dict[str, str] = {}
    for name, test in {"mortality": mortality, "prevalence": prevalence}.items():
        try:
            tables.append(test(acceleration, cohort))
        except StageError as error:
            untested[name] = str(error)
    outcomes = (concatenate(tables) if tables else pd.DataFrame()).reindex(columns=COLUMNS)
    add_skipped(outcomes, "associations", untested)
    return outcomes
