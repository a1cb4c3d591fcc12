"""The planted truth, kept apart from the cohort table so that no clock ever meets it."""

import json
from pathlib import Path

import pandas as pd


def read_truth(cohort_path: str | Path) -> pd.DataFrame | None:
    """Read what was planted in each person of a phantom.

    Parameters
    ----------
    cohort_path
        The cohort table; the truth lies beside it in ``truth.csv``.

    Returns
    -------
    pandas.DataFrame or None
        A row per person: ``person_id``, ``acceleration_years`` and tissue parameters; None if the
        cohort is no phantom.
    """
    path = Path(cohort_path).parent / "truth.csv"
    return pd.read_csv(path, dtype={"person_id": str}) if path.is_file() else None


def read_planted(cohort_path: str | Path) -> pd.DataFrame:
    """Read the effects that were planted in the whole phantom: name and size.

    Parameters
    ----------
    cohort_path
        The cohort table; the effects lie beside it in ``truth.json``.
    """
    planted = json.loads((Path(cohort_path).parent / "truth.json").read_text())
    return pd.DataFrame({"planted": list(planted), "value": list(planted.values())})
