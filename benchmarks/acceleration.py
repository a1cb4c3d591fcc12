"""Whether conclusions drawn from acceleration hold: nothing found where nothing is planted.

Run from a checkout after installation: ``python benchmarks/acceleration.py`` (under half an hour
on two cores). People come without pictures: features are the planted tissue, measured with an
error. Under the dials of the phantom, and under the preset ``hard``, cohorts without any planted
effect are taken from features to clock, acceleration, Cox and logistic regression at their default
settings; the rival, in the same run, is the model that is usual: age as a straight line, sex, and
nothing else. Then effects are planted, and their attenuated size has to lie in the intervals.
"""

import argparse
import warnings
from collections.abc import Mapping

import numpy as np
import pandas as pd
import statsmodels.api as sm
from clock import features_of, print_table
from joblib import Parallel, delayed
from scipy import stats
from statsmodels.duration.hazard_regression import PHReg

import skinage as ska
from skinage.outcomes.regressors import ADJUSTED_WHERE_KNOWN, regressors
from skinage.phantom.population.fate import planted_effects
from skinage.phantom.presets import choose
from skinage.phantom.truth import public

NOTHING = {"hazard_ratio": 1.0, "odds_ratio": 1.0}
PLANTED = {"hazard_ratio": 1.3, "odds_ratio": 1.3}
CURVED = {"prevalence_curve": 1.0, "hazard_curve": 1.0}
SELECTED = dict.fromkeys(["survival", "emigration", "drift", "chosen_arm", "dropout"], 1.0)
OWN = {"compartments": 1.0, "spare_dermis": 1.0, "causes": 1.0, "waning": 1.0}
SETTINGS: dict[str, tuple[str, dict[str, float]]] = {
    "none": ("teaching", {}),
    "saturation, curves": ("teaching", {"saturation": 0.9, **CURVED}),
    "threshold, curves": ("teaching", {"threshold": 1.0, **CURVED}),
    "sex_slope, age_by_sex": ("teaching", {"sex_slope": 1.0, "age_by_sex": 1.0}),
    "hospitals": ("teaching", {"hospitals": 1.0}),
    "selection, compartments, causes, waning": ("teaching", {**SELECTED, **OWN}),
    "indication": ("teaching", {"indication": 1.0}),
    "calendar, scanner": ("teaching", {"calendar": 1.0, "scanner": 1.0}),
    "skin_disease": ("teaching", {"skin_disease": 1.0}),
    "brackets of 10 years": ("teaching", {"brackets": 10}),
    "brackets of 20 years": ("teaching", {"brackets": 20}),
    "hard": ("hard", {}),
    "outdoor": ("teaching", {"outdoor": 1.0}),
}
"""Dials that are turned on together, and their preset. A curve of risk goes with a curved law:
neither alone makes a false association."""
SLOW = ("brackets of 10 years", "brackets of 20 years")
"""A clock is fitted on brackets in several rounds; half as many cohorts are drawn with effects."""
CHANGED_SKIN = ("skin_disease", "hard")
"""Where diabetes itself changes the skin: its association is there, and is no false one."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--cohorts", type=int, default=400)
    parser.add_argument("--only", default="", help="settings whose name begins so")
    options = parser.parse_args()
    rates = []
    for name, (preset, dials) in SETTINGS.items():
        if name.startswith(options.only):
            n_cohorts = 100 if name == "brackets of 20 years" else options.cohorts
            found = cohorts(n_cohorts, options.people, preset, dials, NOTHING)
            rates += false_positives(name, found, n_cohorts)
            print_table(rates[-2:])
    if rates:
        print_table(rates)
        print(exceedances(pd.DataFrame(rates), options.cohorts))
    for name in ("none", "hard", "brackets of 10 years"):
        if name.startswith(options.only):
            preset, dials = SETTINGS[name]
            n_cohorts = options.cohorts // (1 + (name in SLOW))
            found = cohorts(n_cohorts, options.people, preset, dials, PLANTED)
            print_table(coverage(name, found))
    print_table(shifts(40, options.people))


def cohorts(
    n: int, n_people: int, preset: str, dials: Mapping[str, float], ratios: Mapping[str, float]
) -> pd.DataFrame:
    """Take n cohorts from features to outcomes; the rival takes one in eight."""
    tasks = (
        delayed(one_cohort)(seed, n_people, preset, dials, ratios, rival=seed % 8 == 0)
        for seed in range(n)
    )
    return pd.concat(Parallel(n_jobs=-1, inner_max_num_threads=1)(tasks))


def one_cohort(
    seed: int,
    n_people: int,
    preset: str,
    dials: Mapping[str, float],
    ratios: Mapping[str, float],
    *,
    rival: bool,
) -> pd.DataFrame:
    """Return a row per outcome and model: p-value, coefficient per year, and what was planted."""
    warnings.simplefilter("ignore")
    people, cohort = draw(n_people, seed, preset, dials, ratios)
    ages = ska.predict_age(features_of(people, seed), cohort, coverage=None, seed=seed)
    accelerated = ska.acceleration(ages)
    tables = {"default": ska.associations(accelerated, cohort)}
    if rival:
        tables["usual"] = usual_models(ages, cohort)
    planted = people.set_index("person_id")["acceleration_years"]
    known = {"seed": seed, **attenuation(accelerated, planted, cohort)}
    log_ratios = planted_log_ratios(preset, dials, ratios)
    rows = [
        table[table["unit"] == "per SD"].assign(
            model=name, planted=table["outcome"].map(log_ratios), **known
        )
        for name, table in tables.items()
        if len(table)
    ]
    return pd.concat(rows) if rows else pd.DataFrame()


def draw(
    n_people: int,
    seed: int,
    preset: str,
    dials: Mapping[str, float],
    ratios: Mapping[str, float],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the planted people at their first biopsy, and the cohort table that is known."""
    slides = ska.phantom.make_slides(n_people, seed=seed, preset=preset, dials=dials, ratios=ratios)
    slides = slides.drop_duplicates("person_id").reset_index(drop=True)
    cohort = public(slides).drop(columns="visit")
    if "age_low" in cohort:
        cohort["age_years"] = (cohort["age_low"] + cohort["age_high"]) / 2
    return slides, cohort


def planted_log_ratios(
    preset: str, dials: Mapping[str, float], ratios: Mapping[str, float]
) -> pd.Series:
    """Return what is planted per year of acceleration, by outcome."""
    chosen = choose(preset, dials, ratios)
    effects = planted_effects(chosen.hazard_ratio, chosen.odds_ratio, chosen.dials)
    return np.log(effects.set_index("outcome")["planted"]) / 5


def usual_models(ages: pd.DataFrame, cohort: pd.DataFrame) -> pd.DataFrame:
    """Test the residual of a line with age as a line and sex: what a paper often does."""
    line = np.polyfit(ages["age_years"], ages["predicted_years"], 1)
    residual = ages["predicted_years"] - np.polyval(line, ages["age_years"])
    x = np.column_stack([residual, ages["age_years"], ages["sex"] == "M"]).astype(float)
    outcomes = cohort.set_index("person_id").loc[ages["person_id"]]
    years, died = outcomes["follow_up_years"].to_numpy(), outcomes["died"].to_numpy()
    p_values = {"death": PHReg(years, x, status=died).fit().pvalues[0]}
    for disease in outcomes.filter(regex="^disease_"):
        fit = sm.Logit(outcomes[disease].to_numpy(), sm.add_constant(x)).fit(disp=0)
        p_values[disease] = fit.pvalues[1]
    return pd.DataFrame({"outcome": p_values.keys(), "p_value": p_values.values()}).assign(
        unit="per SD"
    )


def attenuation(
    accelerated: pd.DataFrame, planted: pd.Series, cohort: pd.DataFrame
) -> dict[str, float]:
    """Return the sums whose ratio is the slope of planted on measured acceleration.

    Both are first freed of age, sex and what else is in the outcome models.
    """
    known = [name for name in ADJUSTED_WHERE_KNOWN if name in cohort]
    table = accelerated.join(cohort.set_index("person_id")[known], on="person_id")
    columns = regressors(table, known, len(table)).columns.to_numpy(float)
    others = sm.add_constant(columns[:, 1:])
    both = np.column_stack([columns[:, 0], planted.loc[table["person_id"]]])
    left = both - others @ np.linalg.lstsq(others, both, rcond=None)[0]
    return {"product": left[:, 0] @ left[:, 1], "square": left[:, 0] @ left[:, 0]}


def false_positives(name: str, found: pd.DataFrame, n: int) -> list[dict[str, str]]:
    """Count p-values below .05 of each outcome, in percent of the tests made."""
    rows = []
    for model, tests in found.groupby("model"):
        below = tests["p_value"].lt(0.05).groupby(tests["outcome"], sort=False)
        row = {"dial": name, "model": str(model), "cohorts": str(below.size().max())}
        row |= {
            outcome.removeprefix("disease_"): f"{100 * share:.1f}"
            for outcome, share in below.mean().items()
        }
        rows.append(row)
    return rows or [{"dial": name, "model": "refused", "cohorts": str(n)}]


def exceedances(rates: pd.DataFrame, n: int) -> str:
    """Compare the number of rates above 7 % with what chance makes of tests of size 5 %."""
    known = rates[rates["model"] == "default"]
    numbers = known.drop(columns=["dial", "model", "cohorts"]).astype(float)
    numbers.loc[known["dial"].isin(CHANGED_SKIN).to_numpy(), "diabetes"] = np.nan
    values = numbers.to_numpy().ravel()
    values = values[np.isfinite(values)]
    by_chance = len(values) * stats.binom.sf(np.floor(0.07 * n), n, 0.05)
    return (
        f"{len(values)} rates of {n} tests, without diabetes where it changes the skin: mean "
        f"{values.mean():.2f} %, largest {values.max():.1f} %; {np.sum(values > 7)} above 7 %, "
        f"by chance {by_chance:.1f}"
    )


def coverage(name: str, found: pd.DataFrame) -> list[dict[str, str]]:
    """Count how often the 95 % interval holds the planted effect, attenuated by measurement."""
    tests = found[found["model"] == "default"]
    once = tests.drop_duplicates(["seed"])
    slope = once["product"].sum() / once["square"].sum()
    rows = []
    for outcome, own in tests.groupby("outcome", sort=False):
        truth = slope * own["planted"].iloc[0]
        low, middle, high = (
            np.log(own[name]) / own["step"] for name in ("lower", "estimate", "upper")
        )
        inside = (low <= truth) & (truth <= high)
        rows.append({
            "dial": name, "outcome": str(outcome), "slope of planted on measured": f"{slope:.2f}",
            "attenuated ratio per 5 years": f"{np.exp(5 * truth):.3f}",
            "found, geometric mean": f"{np.exp(5 * middle.mean()):.3f}",
            "inside 95 % intervals": f"{100 * inside.mean():.1f}", "cohorts": str(len(own)),
        })  # fmt: skip
    return rows


def shifted(seed: int, n_people: int, years: float = 10.0) -> pd.Series:
    """Apply a clock to people whose tissue is ten years older than they are."""
    warnings.simplefilter("ignore")
    people, cohort = draw(2 * n_people, seed, "teaching", {}, NOTHING)
    features = features_of(people, seed)
    own, others = cohort.iloc[:n_people], cohort.iloc[n_people:]
    clock = ska.fit_clock(features.iloc[:n_people], own, seed=seed)
    younger = others.assign(age_years=others["age_years"] - years)
    ages = clock.apply(features.iloc[n_people:], younger)
    row = {}
    for definition, expected in (("cole", years), ("linear", np.nan)):
        table = ska.acceleration(ages, definition, reference=clock)
        if definition == "linear":
            expected = years * table["slope"].iloc[0]
        values = table["acceleration_years"]
        # The line of the reference has an error of its own.
        error = np.sqrt(2) * values.sem()
        row[f"{definition}, years"] = values.mean()
        row[f"{definition}, (found - planted) / SE"] = (values.mean() - expected) / error
    itself = ska.acceleration(ages.assign(fold=np.arange(n_people) % 5))
    row["without reference, years"] = itself["acceleration_years"].mean()
    return pd.Series(row)


def shifts(n: int, n_people: int) -> list[dict[str, str]]:
    table = pd.DataFrame(Parallel(n_jobs=-1)(delayed(shifted)(seed, n_people) for seed in range(n)))
    rows = []
    for name, values in table.items():
        beyond = f"{100 * (values.abs() > 1.96).mean():.0f}" if "SE" in str(name) else ""
        rows.append({"shifted by ten years": str(name), "mean of cohorts": f"{values.mean():.2f}",
                     "SD": f"{values.std():.2f}", "beyond 1.96, %": beyond})  # fmt: skip
    return rows


if __name__ == "__main__":
    main()
