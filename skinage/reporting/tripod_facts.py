"""What the files of a results folder hold for the TRIPOD+AI checklist."""

import inspect
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd

from skinage.cohort.label_seen import label_seen
from skinage.cohort.people import first_visits, refuse_repeated_people
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
SOCIAL = ["sex", "decade"]


def gather(folder: Path, cohort: pd.DataFrame) -> Facts:
    """Return what the files hold; a file that is missing or has no rows is not among them."""
    facts = {name: _read(folder / file) for name, file in FILES.items()}
    facts["cohort"] = cohort
    facts["plots"] = [path.name for path in folder.glob("figures/*.png")]
    path = (facts["run"] or {}).get("cohort", {}).get("path", folder / "phantom" / "cohort.csv")
    truth, tiles, ages = read_truth(path), facts["tiles"], facts["ages"]
    if truth is not None and tiles is not None and {*tiles["person_id"]} <= {*truth["person_id"]}:
        facts["synthetic"] = "synthetic"
    if ages is not None and "visit" in ages:
        facts["ages"] = ages.sort_values("age_years").drop_duplicates("person_id")
    facts = {name: value for name, value in facts.items() if value is not None and len(value)}
    _check_people(cohort, facts.get("ages"))
    for name, derive in DERIVED.items():
        if all(table in facts for table in tables_of(derive)):
            with suppress(KeyError):  # a column is missing: the sentence that needs it tells so
                facts[name] = derive(*(facts[table] for table in tables_of(derive)))
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
    if ages is None:
        return
    refuse_repeated_people(ages, "ages.csv")
    unknown = ages["person_id"][~ages["person_id"].isin(cohort["person_id"])]
    if len(unknown):
        raise StageError(
            f"tripod: {len(unknown)} of {len(ages)} people of ages.csv are not in the cohort, "
            f"such as {unknown.iloc[0]!r}; give the cohort of this run"
        )


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
    words = pd.read_csv(Path(__file__).with_name("metrics.csv"))
    return card.merge(words, on="metric").dropna(subset="value")


def _regressor(clock: Facts) -> str | None:
    name = clock["model"]
    if not name[:1].isupper():  # a model of our own; listing scikit-learn's takes seconds
        return None
    from sklearn.utils import all_estimators

    return name if name in dict(all_estimators("regressor")) else None


def _tests(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Return the tests per SD of acceleration, with the words for them."""
    rows = outcomes[outcomes["unit"] == "per SD"]
    name = rows["outcome"].str.removeprefix("disease_").str.replace("_", " ")
    sizes = zip(name, rows["n_events"], rows["n_people"], strict=True)
    return rows.assign(
        name=name,
        label=name + ": " + rows["estimate_name"].str.replace("_", " "),
        size_text=[f"{one} ({events:.0f} events, {of:.0f} people)" for one, events, of in sizes],
    )


def _tests_in_years(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Return the same tests per 5 years, or in the unit of a definition that is not in years."""
    rows = outcomes[outcomes["unit"] != "per SD"]
    words = _tests(outcomes.assign(unit="per SD")).loc[rows.index, "label"]
    return rows.assign(label=words + " " + rows["unit"])


def _by_group(groups: pd.DataFrame) -> pd.DataFrame:
    n_people = groups["n_people"].astype(int).astype(str)
    return groups.assign(
        column=groups["column"].str.replace("_", " "),
        label=groups["level"].astype(str) + " (n = " + n_people + ")",
        social=groups["column"].isin(SOCIAL),
    )


def _compared(baselines: pd.DataFrame) -> pd.DataFrame:
    """Return the clocks and the mean age, which share people and deals into folds."""
    return baselines[baselines["n_shuffles"].isna()].dropna(subset="mae_years")


def _shuffled(baselines: pd.DataFrame) -> pd.DataFrame | None:
    """Return the tests against shuffled ages, which are of folds of their own."""
    rows = baselines.dropna(subset="n_shuffles")
    return rows if len(rows) else None


DERIVED: dict[str, Callable[..., Any]] = {
    "people": _people,
    "not_in_clock": _not_in_clock,
    "trained_on": _trained_on,
    "ages_seen": _ages_seen,
    "features": _features,
    "regressor": _regressor,
    "measures": _measures,
    "tests": _tests,
    "tests_in_years": _tests_in_years,
    "errors": _by_group,
    "compared": _compared,
    "shuffled": _shuffled,
}
"""What is computed from tables: functions of the tables that their parameters name, which return
None if the tables do not hold it."""


def tables_of(derive: Callable[..., Any]) -> list[str]:
    """Return the names of the tables (of ``FILES``) that a function takes."""
    return [*inspect.signature(derive).parameters]
