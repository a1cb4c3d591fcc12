"""Claim: a register of synthetic people is drawn in a second, and gives back what was planted.

Times 100,000 people without pictures, then fits ordinary survival and logistic models to 50,000
people of four presets, with the planted acceleration in place of a measured one. Then the same
under every dial that acts on life and health, at its highest, with nothing planted and with ratios
of 1.5. The survival model is on attained age, with a baseline for each sex and the year of birth,
which holds under curves, slopes by sex and trends; the logistic one knows age and its square,
sex, their product and the year of biopsy. Where a dial adds columns to the cohort they are fitted
with and without these.

    python benchmarks/register.py [n_people]
"""

import sys
import time
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import statsmodels.api as sm
from lifelines import CoxPHFitter

from skinage.phantom.people import make_people, make_slides
from skinage.phantom.population.fate import planted_effects
from skinage.phantom.presets import PRESETS, choose

ACTING = (
    "compartments", "hazard_curve", "prevalence_curve", "age_by_sex", "waning", "hospitals",
    "outdoor", "survival", "indication", "emigration", "causes", "skin_disease", "calendar",
)  # fmt: skip
ADDED = ("hospital", "indication", "smoker")
"""Columns that dials add to the cohort."""


def main(n_people: int) -> None:
    make_people(10)  # what loads at first use is no part of the time
    print("| 100,000 people | seconds, best of 5 |\n|---|---|")
    for make in (make_people, make_slides):
        for preset in ("teaching", "hard"):
            taken = seconds(lambda make=make, preset=preset: make(100_000, preset=preset))
            print(f"| {make.__name__}, {preset} | {taken:.2f} |")
    print("\n| preset | outcome | model | found (95 % interval) | planted |\n|---|---|---|---|---|")
    for preset in ("teaching", "realistic", "null"):
        people = make_people(n_people, seed=1, preset=preset)
        chosen = PRESETS[preset]
        effects = planted_effects(chosen.hazard_ratio, chosen.odds_ratio)
        for outcome, planted in effects[["outcome", "planted"]].itertuples(index=False):
            fits = deaths(people) if outcome == "death" else {"logistic": odds(people, outcome)}
            for model, found in fits.items():
                row = f"| {preset} | {outcome} | {model} | {interval(*found)} | {planted:.3f} |"
                print(row, flush=True)
    print("\n| dial | planted: nothing | cardiovascular | planted: 1.5 | cardiovascular |")
    print("|---|---|---|---|---|")
    for name, preset, dials in conditions():
        print_condition(name, n_people, preset, dials)


def conditions() -> Iterator[tuple[str, str, dict[str, float]]]:
    yield "none", "realistic", {}
    yield from ((f"{dial} 1", "realistic", {dial: 1.0}) for dial in ACTING)
    yield "hard", "hard", {}
    for dial in ("survival", "indication", "emigration", "hospitals", "outdoor"):
        yield f"hard, {dial} 0", "hard", {dial: 0.0}


def print_condition(name: str, n_people: int, preset: str, dials: dict[str, float]) -> None:
    """Print a row without the columns that dials add and, where there are any, one with them."""
    rows: dict[str, list[str]] = {}
    for ratio in (1.0, 1.5):
        ratios = {"hazard_ratio": ratio, "odds_ratio": ratio}
        people = make_people(n_people, seed=1, preset=preset, dials=dials, ratios=ratios)
        added = [column for column in ADDED if column in people]
        chosen = choose(preset, dials, ratios)
        effects = planted_effects(ratio, ratio, chosen.dials).set_index("outcome")["planted"]
        for columns in [[], added] if added else [[]]:
            row = rows.setdefault(", ".join(columns), [])
            found = death_at_age(people, added_terms(people, columns))
            row.append(f"{interval(*found)}; planted {effects['death']:.3f}")
            terms = added_terms(people, columns).join(curved_age(people))
            row.append(interval(*logistic(people["disease_cardiovascular"], terms)))
    for columns, row in rows.items():
        known = f", with {columns}" if columns else ""
        print(f"| {name}{known} | {' | '.join(row)} |", flush=True)


def interval(log_ratio: float, error: float) -> str:
    low, middle, high = np.exp(log_ratio + error * np.array([-1.96, 0, 1.96]))
    return f"{middle:.3f} ({low:.3f} to {high:.3f})"


def seconds(work: Callable[[], object]) -> float:
    taken = []
    for _ in range(5):
        start = time.monotonic()
        work()
        taken.append(time.monotonic() - start)
    return min(taken)


def regressors(people: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "five_years": people["acceleration_years"] / 5,
            "age_years": people["age_years"] - 60,
            "man": (people["sex"] == "M").astype(float),
        }
    )


def added_terms(people: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    terms = regressors(people)[["five_years"]]
    for name in columns:
        terms = terms.join(pd.get_dummies(people[name], name, drop_first=True, dtype=float))
    return terms


def curved_age(people: pd.DataFrame) -> pd.DataFrame:
    terms = regressors(people)[["age_years", "man"]]
    terms["squared"] = (terms["age_years"] / 10) ** 2
    terms["age_man"] = terms["age_years"] * terms["man"]
    terms["calendar"] = people["biopsy_year"] - 2006.0
    return terms


def deaths(people: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Log hazard ratio of five years and its standard error, on two time scales."""
    table = regressors(people).assign(years=people["follow_up_years"], died=people["died"])
    since = CoxPHFitter().fit(table, "years", "died").summary.loc["five_years"]
    return {
        "Cox since biopsy": (since["coef"], since["se(coef)"]),
        "Cox on attained age": death_at_age(people, regressors(people)[["five_years"]]),
    }


def death_at_age(people: pd.DataFrame, terms: pd.DataFrame) -> tuple[float, float]:
    attained = sm.PHReg(
        people["age_years"] + people["follow_up_years"],
        terms.assign(born=people["biopsy_year"] - people["age_years"] - 1946),
        status=people["died"],
        entry=people["age_years"],
        strata=(people["sex"] == "M").astype(int),
    ).fit()
    return attained.params[0], attained.bse[0]


def odds(people: pd.DataFrame, disease: str) -> tuple[float, float]:
    return logistic(people[disease], regressors(people))


def logistic(cases: pd.Series, terms: pd.DataFrame) -> tuple[float, float]:
    fit = sm.Logit(cases, terms.assign(constant=1.0)).fit(disp=0)
    return fit.params["five_years"], fit.bse["five_years"]


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000)
