"""What the files of a results folder hold for the TRIPOD+AI checklist."""

import json
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd

from skinage.cohort.label_seen import label_seen
from skinage.cohort.people import first_visits
from skinage.cohort.table import inspect_cohort
from skinage.errors import CohortError, StageError
from skinage.phantom import read_truth
from skinage.storage import table_hash

Facts = dict[str, Any]
FILES = {
    "cohort": "the cohort table", "tiles": "tiles.parquet", "rejected": "rejected_tiles.parquet",
    "slides": "slides.csv", "ages": "ages.csv", "acceleration": "acceleration.csv",
    "outcomes": "outcomes.csv", "card": "report_card.csv", "groups": "report_card_by_group.csv",
    "baselines": "baselines.csv", "learning": "learning_curve.csv", "skipped": "skipped.csv",
    "encoder": "encoder/encoder.json", "clock": "clock/clock.json",
    "weights": "clock/clock.safetensors", "run": "run.json", "plots": "figures",
    "synthetic": "truth.csv of the phantom",
}  # fmt: skip
"""The name of each file in the sentences, and where it is."""
METRICS = {
    "mae_years": "mean absolute error",
    "rmse_years": "root mean squared error",
    "bias_years": "mean error",
    "r2": "R²",
    "r": "correlation",
    "calibration_slope": "slope of actual on predicted age",
    "calibration_intercept": "intercept of that line in years",
    "baseline_mae_years": "mean absolute error of predicting the mean age of the other folds",
    "bracket_accuracy": "proportion of people predicted inside their age bracket",
    "weighted_kappa": "weighted kappa of age brackets",
    "coverage": "proportion of people inside their interval",
    "interval_width_years": "mean width of the intervals",
}
SOCIAL = ["sex", "decade"]
PLOTS = {
    "04_age.png": "predicted against actual age",
    "04_calibration.png": "calibration",
    "04_baselines.png": "errors of baseline features",
}


def gather(folder: Path, cohort: pd.DataFrame | None) -> Facts:
    """Return what the files hold; a file that is missing or has no rows is not among them."""
    facts = {name: _read(folder / file) for name, file in FILES.items()}
    run = facts["run"] or {}
    facts["cohort"] = _cohort_of(run) if cohort is None else cohort
    facts["plots"] = [text for name, text in PLOTS.items() if (folder / "figures" / name).is_file()]
    path = run.get("cohort", {}).get("path", folder / "phantom" / "cohort.csv")
    truth, tiles, ages = read_truth(path), facts["tiles"], facts["ages"]
    if (
        truth is not None
        and tiles is not None
        and tiles["person_id"].isin(truth["person_id"]).all()
    ):
        facts["synthetic"] = "synthetic"
    if ages is not None and "visit" in ages:
        facts["ages"] = ages.sort_values("age_years").drop_duplicates("person_id")
    facts = {name: value for name, value in facts.items() if value is not None and len(value)}
    if "cohort" in facts:
        _check_people(facts["cohort"], facts.get("ages"))
    for name, (tables, derive) in DERIVED.items():
        if all(table in facts for table in tables):
            with suppress(KeyError):  # a column is missing: the sentence that needs it tells so
                facts[name] = derive(*(facts[table] for table in tables))
    return {name: value for name, value in facts.items() if value is not None}


def _read(path: Path) -> Any:
    if not path.is_file() or path.suffix == ".safetensors":
        return path.name if path.is_file() else None
    try:
        if path.suffix == ".json":
            return json.loads(path.read_text())
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        return pd.read_csv(path, dtype={"person_id": str, "slide_id": str})
    except pd.errors.EmptyDataError:
        return None
    except (ValueError, OSError) as error:
        raise StageError(f"tripod: {path} cannot be read ({error}); make it again") from error


def _check_people(cohort: pd.DataFrame, ages: pd.DataFrame | None) -> None:
    missing = [name for name in ("person_id", "slide_id", "age_years") if name not in cohort]
    if missing:
        raise CohortError(f"tripod: the cohort has no {', '.join(missing)}; found {[*cohort]}")
    given = pd.Series(dtype=str) if ages is None else ages["person_id"]
    unknown = given[~given.isin(cohort["person_id"])]
    if len(unknown):
        raise StageError(
            f"tripod: {len(unknown)} of {len(given)} people of ages.csv are not in the cohort, "
            f"such as {unknown.iloc[0]!r}; give the cohort of this run"
        )
    if given.duplicated().any():
        raise StageError(f"tripod: ages.csv lists {given[given.duplicated()].iloc[0]!r} twice")


def _cohort_of(run: dict[str, Any]) -> pd.DataFrame | None:
    """Read the cohort table of a run, unless it is gone or has changed."""
    path = run.get("cohort", {}).get("path")
    if path is None or not Path(path).is_file():
        return None
    cohort, _ = inspect_cohort(path)
    if table_hash(cohort) == run["cohort"].get("hash"):
        return cohort
    warnings.warn(f"tripod: {path} has changed since the run and is not used", stacklevel=4)
    return None


def _people(cohort: pd.DataFrame) -> pd.DataFrame:
    """Return a row per person: the first known value of each column at the first visit."""
    return first_visits(cohort).groupby("person_id", observed=True, as_index=False).first()


def _not_in_clock(cohort: pd.DataFrame, tiles: pd.DataFrame, ages: pd.DataFrame) -> str:
    people = _people(cohort)
    out = people[~people["person_id"].isin(ages["person_id"])]
    aged, tiled = out["age_years"].notna(), out["person_id"].isin(tiles["person_id"])
    reasons = {
        "without an age": ~aged,
        "with an age but without a tile": aged & ~tiled,
        "for a reason that no file holds": aged & tiled,
    }
    why = ", ".join(f"{who.sum()} {reason}" for reason, who in reasons.items() if who.any())
    return f"{len(out)} of {len(people)}{f' ({why})' if why else ''}"


def _later_slides(cohort: pd.DataFrame, tiles: pd.DataFrame, ages: pd.DataFrame) -> int | None:
    """Return how many slides are of later visits, if the numbers of tiles show they were unused."""
    first = first_visits(cohort)["slide_id"]
    of_first = tiles["slide_id"].isin(first) & tiles["person_id"].isin(ages["person_id"])
    return len(cohort) - len(first) if ages["n_tiles"].sum() == of_first.sum() else None


def _trained_on(encoder: Facts, tiles: pd.DataFrame) -> str | None:
    # The hash in the metadata shows whether these are the tiles that it was trained on.
    if encoder.get("recipe", {}).get("tiles") != table_hash(tiles):
        return None
    n_people = tiles["person_id"].nunique()
    return f"all {len(tiles):,} tiles of all {n_people} people, those tested included"


def _ages_seen(encoder: Facts, ages: pd.DataFrame) -> str | None:
    if "labels_seen" not in encoder:
        return "no age" if "method" in encoder else None
    n_tested = int(label_seen(encoder, ages["person_id"]).sum())
    n_seen = len(encoder["labels_seen"]["people"])
    return f"the ages of {n_seen} people, {n_tested} of the people tested among them"


def _features(clock: Facts) -> str:
    names = [str(name).rpartition("_")[0] for name in clock["feature_names"]]
    of = "tile" if "tile" in names else "person"
    pooled = clock.get("statistics") or [name for name in dict.fromkeys(names) if name != "tile"]
    how = f", pooled over tiles: {' and '.join(pooled)}" if clock["model"] != "attention" else ""
    return f"{len(names)} features of a {of}{how}"


def _measures(card: pd.DataFrame) -> pd.DataFrame:
    return card.assign(label=card["metric"].map(METRICS)).dropna(subset=["value", "label"])


def _regressor(clock: Facts) -> str | None:
    name = clock["model"]
    if not name[:1].isupper():  # a model of our own; listing scikit-learn's takes seconds
        return None
    from sklearn.utils import all_estimators

    return name if name in dict(all_estimators("regressor")) else None


def _tests(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Return the tests per 5 years of acceleration, with the words for them."""
    rows = outcomes[outcomes["unit"] == "per 5 years"] if "unit" in outcomes else outcomes
    name = rows["outcome"].str.removeprefix("disease_").str.replace("_", " ")
    numbers = rows[["n_events", "n_people"]].round().astype(int).astype(str)
    return rows.assign(
        name=name,
        label=name + ": " + rows["estimate_name"].str.replace("_", " "),
        size_text=name
        + " ("
        + numbers["n_events"]
        + " events, "
        + numbers["n_people"]
        + " people)",
    )


def _by_group(groups: pd.DataFrame) -> pd.DataFrame:
    n_people = groups["n_people"].astype(int).astype(str)
    return groups.assign(
        column=groups["column"].str.replace("_", " "),
        label=groups["level"].astype(str) + " (n = " + n_people + ")",
        social=groups["column"].isin(SOCIAL),
    )


DERIVED: dict[str, tuple[list[str], Callable[..., Any]]] = {
    "people": (["cohort"], _people),
    "not_in_clock": (["cohort", "tiles", "ages"], _not_in_clock),
    "later_slides": (["cohort", "tiles", "ages"], _later_slides),
    "trained_on": (["encoder", "tiles"], _trained_on),
    "ages_seen": (["encoder", "ages"], _ages_seen),
    "features": (["clock"], _features),
    "regressor": (["clock"], _regressor),
    "measures": (["card"], _measures),
    "tests": (["outcomes"], _tests),
    "errors": (["groups"], _by_group),
}
"""What is computed from tables: the tables, and a function of them; None: they do not hold it."""
