"""Claim: a register of synthetic people is drawn in a second, and gives back what was planted.

Times 100,000 people without pictures, then fits ordinary survival and logistic models to 50,000
people of three presets, with the planted acceleration in place of a measured one.

    python benchmarks/register.py [n_people]
"""

import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
import statsmodels.api as sm
from lifelines import CoxPHFitter

from skinage.phantom.people import make_people, make_slides
from skinage.phantom.population.fate import planted_effects
from skinage.phantom.presets import PRESETS


def main(n_people: int) -> None:
    make_people(10)  # what loads at first use is no part of the time
    print("| 100,000 people | seconds, best of 5 |\n|---|---|")
    for make in (make_people, make_slides):
        print(f"| {make.__name__} | {seconds(lambda make=make: make(100_000)):.2f} |")
    print("\n| preset | outcome | model | found (95 % interval) | planted |\n|---|---|---|---|---|")
    for preset in ("teaching", "realistic", "null"):
        people = make_people(n_people, seed=1, preset=preset)
        chosen = PRESETS[preset]
        effects = planted_effects(chosen.hazard_ratio, chosen.odds_ratio)
        for outcome, planted in effects[["outcome", "planted"]].itertuples(index=False):
            fits = deaths(people) if outcome == "death" else {"logistic": odds(people, outcome)}
            for model, (log_ratio, error) in fits.items():
                low, middle, high = np.exp(log_ratio + error * np.array([-1.96, 0, 1.96]))
                found = f"{middle:.3f} ({low:.3f} to {high:.3f})"
                print(f"| {preset} | {outcome} | {model} | {found} | {planted:.3f} |", flush=True)


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


def deaths(people: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Log hazard ratio of five years and its standard error, on two time scales."""
    table = regressors(people).assign(years=people["follow_up_years"], died=people["died"])
    since = CoxPHFitter().fit(table, "years", "died").summary.loc["five_years"]
    attained = sm.PHReg(
        people["age_years"] + people["follow_up_years"],
        regressors(people)[["five_years", "man"]],
        status=people["died"],
        entry=people["age_years"],
        ties="efron",
    ).fit()
    return {
        "Cox since biopsy": (since["coef"], since["se(coef)"]),
        "Cox on attained age": (attained.params[0], attained.bse[0]),
    }


def odds(people: pd.DataFrame, disease: str) -> tuple[float, float]:
    fit = sm.Logit(people[disease], regressors(people).assign(constant=1.0)).fit(disp=0)
    return fit.params["five_years"], fit.bse["five_years"]


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000)
