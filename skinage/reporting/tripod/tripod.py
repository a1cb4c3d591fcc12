"""The TRIPOD+AI checklist, filled in with what a run knows of itself."""

import warnings
from importlib import resources
from pathlib import Path
from string import Formatter
from types import SimpleNamespace
from typing import Any

import pandas as pd

from skinage.cohort.table import inspect_cohort
from skinage.errors import CohortError, StageError
from skinage.reporting.results import read_skipped
from skinage.reporting.tripod import cards, people, scores
from skinage.reporting.tripod.words import Facts, listed, read_part
from skinage.storage import table_hash

FILES = {
    "tiles": ("tiles.parquet", people.of_tiles),
    "refused": ("rejected_tiles.parquet", people.of_refused),
    "slides": ("slides.csv", people.of_slides),
    "ages": ("ages.csv", people.of_ages),
    "acceleration": ("acceleration.csv", scores.of_acceleration),
    "outcomes": ("outcomes.csv", scores.of_outcomes),
    "card": ("report_card.csv", scores.of_card),
    "groups": ("report_card_by_group.csv", scores.of_groups),
    "baselines": ("baselines.csv", scores.of_rivals),
    "learning": ("learning_curve.csv", scores.of_learning),
    "metrics": ("metrics.json", scores.of_metrics),
    "clock": ("clock/clock.json", cards.of_clock),
    "run": ("run.json", cards.of_run),
}
SOURCES = {name: file for name, (file, _) in FILES.items()} | {
    "encoder": "encoder/encoder.json",
    "weights": "clock/clock.safetensors",
    "plots": "figures",
    "omitted": "skipped.csv",
    "planted": "truth.csv of the phantom",
    "cohort": "the cohort table",
    "flow": "the cohort table, tiles.parquet, ages.csv",
    "shares": "the cohort table, tiles.parquet, rejected_tiles.parquet",
}
UNTESTED = ("mortality", "prevalence")
PLOTS = {
    "04_age.png": "predicted against actual age",
    "04_calibration.png": "calibration",
    "04_baselines.png": "errors of baseline features",
}


def tripod(results: str | Path, cohort: pd.DataFrame | None = None) -> pd.DataFrame:
    """Fill in the TRIPOD+AI checklist for a paper's supplement, as far as a run can.

    No answer is made up: what the files of the results folder tell is said with its numbers, what
    they do not tell is left to the author. That and what is missing stand in square brackets,
    behind what can be pasted as it is.

    Parameters
    ----------
    results
        A results folder, also of a run that is not finished.
    cohort
        The cohort table, as `read_cohort` gives it. If not given, it is read from where
        ``run.json`` says, if it is there and has not changed since the run.

    Returns
    -------
    pandas.DataFrame
        A row for each of the 52 items and sub-items: ``item`` ("12a"), ``section``, ``topic``,
        ``status``, ``answer``, ``source`` (files, joined by "; "). The status is "answered";
        "partly", where something is left to write or a file is missing; or "open".

    Raises
    ------
    StageError
        If there is no such folder, a file in it cannot be read, or the cohort is of other people.
    CohortError
        If the cohort has no ``person_id``, ``slide_id`` or ``age_years``.

    Notes
    -----
    Numbers and topics are those of Collins et al. (2024), BMJ 385:e078378, in words of our own;
    what each item asks for in full stands there.
    """
    folder = Path(results)
    if not folder.is_dir():
        raise StageError(f"tripod: {folder} is no folder; expected the results folder of a run")
    facts = _facts(folder, cohort)
    with (
        resources.files("skinage.reporting.tripod")
        .joinpath("tripod.csv")
        .open(encoding="utf-8") as file
    ):
        checklist = pd.read_csv(file, dtype=str, keep_default_na=False)
    return pd.DataFrame([
        {"item": item, "section": section, "topic": topic, **_fill(rows, facts)}
        for (item, section, topic), rows in checklist.groupby(
            ["item", "section", "topic"], sort=False
        )
    ])  # fmt: skip


def _fill(rows: pd.DataFrame, facts: dict[str, Facts]) -> dict[str, str]:
    """Say what the facts allow: "say" is missing if a fact is, "also" and "use" are left away.

    "use" is a hint for the author, who has to write what "write" asks for.
    """
    spaces = {name: SimpleNamespace(**of) for name, of in facts.items()}
    parts: dict[str, list[str]] = {"say": [], "write": [], "use": [], "missing": []}
    sources: list[str] = []
    for role, text in zip(rows["role"], rows["text"], strict=True):
        needed = [name.split(".") for _, name, _, _ in Formatter().parse(text) if name]
        lacking = [(file, name) for file, name in needed if name not in facts[file]]
        if not lacking:
            parts["say" if role == "also" else role].append(text.format(**spaces))
            sources += [source for file, _ in needed for source in SOURCES[file].split(", ")]
        elif role == "say":
            parts["missing"] += [_where(file, name, facts[file]) for file, name in lacking]
    brackets = {
        "To write": " ".join(parts["write"]),
        "To use": " ".join(parts["use"]),
        "Missing": "; ".join(dict.fromkeys(parts["missing"])),
    }
    left = [f"[{what}: {text}]" for what, text in brackets.items() if text]
    whole = not parts["write"] and not parts["missing"]
    status = "open" if not parts["say"] else "answered" if whole else "partly"
    answer = " ".join([*parts["say"], *left])
    return {"status": status, "answer": answer, "source": "; ".join(dict.fromkeys(sources))}


def _where(file: str, name: str, facts: Facts) -> str:
    return SOURCES[file] + (f" (nothing there of: {name.replace('_', ' ')})" if facts else "")


def _facts(folder: Path, cohort: pd.DataFrame | None) -> dict[str, Facts]:
    """Gather the facts of each file; a file that is not there, or has no row, has none."""
    read = {name: read_part(folder / file) for name, (file, _) in FILES.items()}
    found: dict[str, Facts] = {name: {} for name in SOURCES}
    found |= {name: of(read[name]) for name, (_, of) in FILES.items() if len(read[name])}
    if found["card"]:
        found["metrics"] = {}  # the same numbers, but without intervals
    tiles, ages, encoder = read["tiles"], read["ages"], read_part(folder / SOURCES["encoder"])
    if encoder:
        found["encoder"] = cards.of_encoder(encoder, tiles, ages)
    if (folder / SOURCES["weights"]).is_file():
        found["weights"] = {"file": SOURCES["weights"]}
    drawn = [words for name, words in PLOTS.items() if (folder / f"figures/{name}").is_file()]
    found["plots"] = {"names": listed(drawn)} if drawn else {}
    untested = [
        f"{row.item} ({row.reason})"
        for row in read_skipped(folder).itertuples()
        if row.item in UNTESTED
    ]
    found["omitted"] = {"tests": "; ".join(untested)} if untested else {}
    path = Path(read["run"].get("cohort", {}).get("path", folder / "phantom/cohort.csv"))
    if people.all_planted(tiles, read_part(path.parent / "truth.csv")):
        found["planted"] = {"people": "synthetic"}
    cohort = _cohort_of(read["run"]) if cohort is None else cohort
    if cohort is not None:
        _check_people(cohort, ages)
        found["cohort"] = people.of_cohort(cohort)
        if len(tiles) and len(ages):
            found["flow"] = people.of_flow(cohort, tiles, ages)
        if len(tiles) and len(read["refused"]):
            found["shares"] = people.of_shares(cohort, tiles, read["refused"])
    return found


def _check_people(cohort: pd.DataFrame, ages: pd.DataFrame) -> None:
    missing = [name for name in ("person_id", "slide_id", "age_years") if name not in cohort]
    if missing:
        raise CohortError(f"tripod: the cohort has no {', '.join(missing)}; found {[*cohort]}")
    given = ages.get("person_id", pd.Series(dtype=str))
    strangers = ~given.isin(cohort["person_id"])
    if strangers.any():
        raise StageError(
            f"tripod: {strangers.sum()} of {len(given)} people of ages.csv are not in the cohort, "
            f"such as {given[strangers].iloc[0]!r}; give the cohort of this run"
        )


def _cohort_of(run: dict[str, Any]) -> pd.DataFrame | None:
    """Read the cohort table of a run, unless it is gone or is another one now."""
    path = run.get("cohort", {}).get("path")
    if path is None or not Path(path).is_file():
        return None
    cohort, _ = inspect_cohort(path)
    if table_hash(cohort) == run["cohort"].get("hash"):
        return cohort
    warnings.warn(f"tripod: {path} has changed since the run and is left aside", stacklevel=4)
    return None
