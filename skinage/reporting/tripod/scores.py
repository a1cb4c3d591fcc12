"""What the tables of a run tell about how good its clock is, and what acceleration goes with."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from skinage.reporting.tripod.words import Facts, estimate, known, listed

SOCIAL = ("sex", "decade")
METRICS = {
    "mae_years": ("mean absolute error", ".1f", " years"),
    "rmse_years": ("root mean squared error", ".1f", " years"),
    "bias_years": ("mean error", ".1f", " years"),
    "r2": ("R²", ".2f", ""),
    "r": ("correlation", ".2f", ""),
    "calibration_slope": ("slope of actual on predicted age", ".2f", ""),
    "calibration_intercept": ("intercept of that line", ".1f", " years"),
    "baseline_mae_years": (
        "mean absolute error of predicting the mean age of the other folds",
        ".1f",
        " years",
    ),
    "bracket_accuracy": ("share of people predicted inside their age bracket", ".2f", ""),
    "weighted_kappa": ("weighted kappa of age brackets", ".2f", ""),
    "coverage": ("share of people inside their interval", ".2f", ""),
    "interval_width_years": ("mean width of the intervals", ".1f", " years"),
}


def of_card(table: pd.DataFrame) -> Facts:
    """Give the facts of report_card.csv: each measure with its interval."""

    def numbers() -> str:
        rows = table.dropna(subset="value").set_index("metric").to_dict("index")
        return "; ".join(
            f"{words} {estimate(rows[name], form)}{unit}"
            for name, (words, form, unit) in METRICS.items()
            if name in rows
        )

    def measures() -> str:
        given = set(table.dropna(subset="value")["metric"])
        return listed(words for name, (words, *_) in METRICS.items() if name in given)

    def main() -> str:
        rows = table.set_index("metric").to_dict("index")
        return estimate(rows["mae_years"], ".1f")

    return known({"numbers": numbers, "measures": measures, "mae": main})


def of_metrics(metrics: Mapping[str, Any]) -> Facts:
    """Give the facts of metrics.json: the same measures, without intervals."""
    given = {name: metrics.get(f"age.{name}") for name in METRICS}
    return known({
        "numbers": lambda: "; ".join(
            f"{words} {given[name]:{form}}{unit}"
            for name, (words, form, unit) in METRICS.items()
            if given[name] is not None
        ),
    })  # fmt: skip


def of_groups(table: pd.DataFrame) -> Facts:
    """Give the facts of report_card_by_group.csv: errors by groups of people, and by where slides came from."""
    stem = "mae_" if "mae_lower_years" in table else ""
    rows = table.rename(columns={f"{stem}{end}_years": end for end in ("lower", "upper")})

    def level(row: Mapping[str, Any]) -> str:
        error = estimate(row, ".1f", "mae_years")
        return f"{row['level']} {error} years, n = {row['n_people']:.0f}"

    def lines(social: bool) -> str:
        kept = rows[rows["column"].isin(SOCIAL) == social]
        return "; ".join(
            f"{str(column).replace('_', ' ')}: "
            + ", ".join(level(row) for row in of.to_dict("records"))
            for column, of in kept.groupby("column", sort=False)
        )

    def names(social: bool) -> str:
        columns = rows["column"][rows["column"].isin(SOCIAL) == social].unique()
        return listed(str(name).replace("_", " ") for name in columns)

    return known({
        "people": lambda: lines(True),
        "people_names": lambda: names(True),
        "clusters": lambda: lines(False),
        "cluster_names": lambda: names(False),
    })  # fmt: skip


def of_rivals(table: pd.DataFrame) -> Facts:
    """Give the facts of baselines.csv."""

    def numbers() -> str:
        rows = table.rename(columns={"lower_years": "lower", "upper_years": "upper"})
        return "; ".join(
            f"{row['features']} {estimate(row, '.1f', 'mae_years')} years"
            for row in rows.to_dict("records")
        )

    return known({"names": lambda: listed(table["features"]), "numbers": numbers})


def of_learning(table: pd.DataFrame) -> Facts:
    """Give the facts of learning_curve.csv: its first and its last point."""

    def ends() -> str:
        rows = table.sort_values("n_people").iloc[[0, -1]].to_dict("records")
        return listed(
            f"{row['mae_years']:.1f} years when fitted on {row['n_people']:.0f} people"
            for row in rows
        )

    return known({"ends": ends})


def of_outcomes(table: pd.DataFrame) -> Facts:
    """Give the facts of outcomes.csv, per 5 years of acceleration where a row says so."""
    rows = table[table["unit"] == "per 5 years"] if "unit" in table else table
    records = rows.to_dict("records")

    def name(row: Mapping[str, Any]) -> str:
        return str(row["outcome"]).removeprefix("disease_").replace("_", " ")

    return known({
        "sizes": lambda: listed(
            f"{name(row)} ({row['n_events']:.0f} events, {row['n_people']:.0f} people)"
            for row in records
        ),
        "names": lambda: listed(name(row) for row in records),
        "numbers": lambda: "; ".join(
            f"{name(row)}: {str(row['estimate_name']).replace('_', ' ')} "
            f"{estimate(row, '.2f', 'estimate')}"
            for row in records
        ),
    })  # fmt: skip


def of_acceleration(table: pd.DataFrame) -> Facts:
    """Give the facts of acceleration.csv."""
    return known({"definition": lambda: table["definition"].iloc[0]})
