"""The reliability of age acceleration: the agreement of slides, and of halves of the tiles."""

from typing import Any

import numpy as np
import pandas as pd

from skinage.age_acceleration.acceleration import measured
from skinage.cohort.people import require_columns
from skinage.evaluation import metrics
from skinage.evaluation.repeatability import icc
from skinage.skip_log import add_skipped

SLIDES, HALVES = "slides of one biopsy", "halves of the tiles"
AVERAGED = (1, 2, 3)
FEW_PEOPLE = 20


def reliability(
    slides: pd.DataFrame,
    halves: pd.DataFrame | None = None,
    *,
    n_bootstrap: int = metrics.N_BOOTSTRAP,
    seed: int = 0,
) -> pd.DataFrame:
    """Compute the reliability of age acceleration from one slide, and from the mean of several.

    The ICC of predicted age is high wherever ages differ between people. That of the gap is high
    too where predictions shrink towards the mean, as the gap then falls with age: a clock that
    knows nothing of a person but the age can have a gap ICC above .7. The ICC of acceleration is
    the proportion of its variance that belongs to the person.

    Parameters
    ----------
    slides
        A row per slide, as `slide_acceleration` returns it.
    halves
        Two rows per person, as `slide_acceleration` returns them of `predict_halves`; None omits
        the share of the sampling of tiles.
    n_bootstrap
        Number of resamples of people, where their numbers of slides differ.
    seed
        Seed of the resampling.

    Returns
    -------
    pandas.DataFrame
        - ``quantity`` ("predicted age", "gap", "acceleration"; the last in SDs if by z-score);
          ``measured_on``: "slides of one biopsy" or "halves of the tiles";
        - ``n_averaged``: the number of slides (or halves; two are all tiles) whose mean is taken;
        - ``icc`` with ``lower`` and ``upper`` (95 %, see `skinage.evaluation.repeatability.icc`);
          of means by Spearman and Brown (1910, Br J Psychol 3:271 and 296), an ICC below 0 as it
          is. One minus the ICC of two halves is the share of the variance of acceleration that
          the sampling of tiles has; one minus that of one slide is the share of all that differs
          between slides of a biopsy;
        - ``icc_measured`` of means of as many slides, and ``n_measured``, the people who have two
          such means (NaN where fewer than two have);
        - ``within_person_sd_years``, ``repeatability_years``: as for `icc`;
        - ``n_people`` with two slides, ``n_slides``, ``n_excluded`` (people with one slide);
          ``note``: in words where there are fewer than 20 people, or ages are brackets.

        Without two people who have two slides, the rows of slides are missing if there are halves;
        `skinage.skipped` has the reason.

    Raises
    ------
    StageError
        If a column is missing, a value is not finite, or fewer than two people can be compared.
    """
    columns = ["person_id", "age_years", "predicted_years", "acceleration_years"]
    require_columns(slides, columns, "slides")
    n_repeated = int((slides["person_id"].value_counts() > 1).sum())
    rows: list[dict[str, Any]] = []
    log = {}
    if n_repeated < 2 and halves is not None:
        log[SLIDES] = f"{n_repeated} people have two slides; two people are needed"
    else:
        rows += _rows_of_slides(slides, n_bootstrap, seed)
    if halves is not None:
        require_columns(halves, ["person_id", "half", "n_slides", "acceleration_years"], "halves")
        found = icc(measured(halves), halves["person_id"], n_bootstrap=n_bootstrap, seed=seed)
        found["n_slides"] = int(halves.loc[halves["half"] == 1, "n_slides"].sum())
        found["bracket_part"] = _bracket_part(halves)
        rows += [
            {"quantity": "acceleration", "measured_on": HALVES, **_mean_of(found, n)}
            for n in (1, 2)
        ]
    table = pd.DataFrame(rows).drop(columns="bracket_part")
    table["note"] = [_note(row) for row in rows]
    add_skipped(table, "reliability", log)
    return table


def _rows_of_slides(slides: pd.DataFrame, n_bootstrap: int, seed: int) -> list[dict[str, Any]]:
    people = slides["person_id"]
    quantities = {
        "predicted age": slides["predicted_years"],
        "gap": slides["predicted_years"] - slides["age_years"],
        "acceleration": measured(slides),
    }
    found = {
        quantity: icc(values, people, n_bootstrap=n_bootstrap, seed=seed)
        for quantity, values in quantities.items()
    }
    found["acceleration"]["bracket_part"] = _bracket_part(slides)
    return [
        {"quantity": quantity, "measured_on": SLIDES, **_mean_of(found[quantity], n),
         **_icc_of_means(quantities[quantity], people, n)}
        for quantity in quantities
        for n in (AVERAGED if quantity == "acceleration" else (1,))
    ]  # fmt: skip


def _mean_of(found: dict[str, float], n: int) -> dict[str, float]:
    """Return what is known of the mean of n slides from single slides."""
    row: dict[str, float] = {}
    for name in ("icc", "lower", "upper"):
        one = found[name]
        row[name] = n * one / (1 + (n - 1) * one) if one > 0 else one
    sd = found["within_person_sd_years"] / np.sqrt(n)
    row |= {"within_person_sd_years": sd, "repeatability_years": 1.96 * np.sqrt(2) * sd}
    return {"n_averaged": n} | found | row


def _icc_of_means(values: pd.Series, people: pd.Series, n: int) -> dict[str, float]:
    """Return the ICC of means of n slides each, of people who have two such means or more."""
    table = pd.DataFrame({"person": people.to_numpy(), "value": values.to_numpy(float)})
    table["mean"] = table.groupby("person").cumcount() // n
    means = table.groupby(["person", "mean"])["value"].agg(["mean", "size"])
    whole = means.loc[means["size"] == n, "mean"].reset_index("person")
    n_people = int((whole["person"].value_counts() > 1).sum())
    if n_people < 2:
        return {"icc_measured": np.nan, "n_measured": n_people}
    found = icc(whole["mean"], whole["person"], n_bootstrap=2)
    return {"icc_measured": found["icc"], "n_measured": n_people}


def _note(row: dict[str, Any]) -> str:
    """Say how little few people tell, and what brackets hide."""
    notes = []
    if row["n_people"] < FEW_PEOPLE:
        share = max(min(row["upper"], 1) - max(row["lower"], 0), 0)
        notes.append(
            f"{row['n_people']} people: the interval holds {share:.0%} of the values from 0 to 1"
        )
    if part := row.get("bracket_part"):
        notes.append(
            f"ages are brackets: about {part:.0%} of the variance is age within them, which counts "
            "as the person here"
        )
    return "; ".join(notes)


def _bracket_part(slides: pd.DataFrame) -> float:
    return slides["bracket_part"].max() if "bracket_part" in slides else 0.0
