"""Whether the clock can be believed: planted truth, coverage, nothing found where nothing is.

Run from a checkout after installation: ``python benchmarks/clock.py`` (about ten minutes on two
cores; ``--coverage`` for the intervals alone). Many people come without pictures: their features
are the tissue that was planted, each parameter measured with an error, mixed into 64 numbers; so
the best possible clock is known. With ``--images`` the presets are drawn, tiled, trained on and
embedded instead (about ten minutes each; started again it goes on). ``--speed`` takes the time
beside scikit-learn's nested cross-validation. ``--encoders-per-fold [--people 100] [--epochs 12]``
compares one encoder trained on everybody with encoders trained per fold without the people of the
fold (about an hour; started again it goes on).
"""

import argparse
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from clock_encoders import compare_encoders
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error
from sklearn.model_selection import GridSearchCV, KFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skinage as ska
from skinage.phantom.presets import PRESETS
from skinage.phantom.tissue import NOISE_OF

OUT = Path("results/benchmark/clock")
SEEDS = (0, 1, 2)
N_PEOPLE, N_TILES_FEATURES, MEASUREMENT_ERROR = 1000, 64, 0.08
COVERAGES = (0.8, 0.9, 0.95)
MODELS = ("ridge", "ElasticNetCV", "SVR", "trees")
KNOWN = ["age_years", "sun_exposure", "man"]


def main() -> None:
    parser = argparse.ArgumentParser()
    for option in ("--coverage", "--images", "--speed", "--encoders-per-fold"):
        parser.add_argument(option, action="store_true")
    parser.add_argument("--people", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=12)
    options = parser.parse_args()
    if options.images:
        print_table([images(preset, 0) for preset in PRESETS])
    elif options.coverage:
        coverage()
    elif options.speed:
        print_table(speed())
    elif options.encoders_per_fold:
        folder = OUT / f"encoders_per_fold_{options.people}"
        for rows in compare_encoders(folder, options.people, options.epochs):
            print_table(rows)
    else:
        print_table([planted(preset, "ridge", seed) for preset in PRESETS for seed in SEEDS])
        print_table([planted("realistic", model, 0) for model in MODELS])
        print_table([brackets(seed) for seed in SEEDS])
        print_table([scanner_held_out(preset) for preset in ("realistic", "confounded")])
        print_table([nulls(preset) for preset in ("realistic", "confounded", "null")])
        coverage()
        print(leak())


def features_of(people: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Measure the planted tissue and stain with an error, mix them, and let scanners shift them."""
    generator = np.random.default_rng(seed)
    names = [*NOISE_OF, "corneum_um", "inflammation_per_mm2"]
    tissue = people[[*names, "haematoxylin_strength", "eosin_strength"]].to_numpy(float)
    measured = np.log(tissue + 0.1 * tissue.mean(0))  # skin out of the sun has no elastosis
    measured += generator.normal(0, MEASUREMENT_ERROR, measured.shape)
    measured = (measured - measured.mean(0)) / measured.std(0)
    mixed = measured @ generator.normal(size=(measured.shape[1], N_TILES_FEATURES))
    shifts = {"A": 0.0} | {one: 1.5 * generator.normal(size=N_TILES_FEATURES) for one in "BCDE"}
    mixed += np.stack([np.broadcast_to(shifts[one], N_TILES_FEATURES) for one in people["scanner"]])
    names = [f"mean_{k:04d}" for k in range(N_TILES_FEATURES)]
    return pd.DataFrame(mixed, people["person_id"], names)


def drawn(n_people: int, preset: str, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw people with the scanner of their first slide; return them and the cohort table."""
    people = ska.phantom.make_people(n_people, seed=seed, preset=preset)
    slides = ska.phantom.make_slides(n_people, seed=seed, preset=preset)
    slides = slides.drop_duplicates("person_id")
    people["scanner"] = slides.set_index("person_id")["scanner"].reindex(people["person_id"]).array
    people["man"] = (people["sex"] == "M").astype(float)
    names = ["person_id", "age_years", "sex", "body_site", "scanner"]
    return people, people[names].assign(slide_id=people["person_id"] + "_S1")


def planted(preset: str, model: str, seed: int) -> dict[str, str]:
    """Compare the acceleration with the planted one, and with the best that can be had."""
    people, cohort = drawn(N_PEOPLE, preset, seed)
    features = features_of(people, seed)
    start = time.monotonic()
    tables = {
        coverage: ska.predict_age(features, cohort, model, coverage=coverage, seed=seed)
        for coverage in COVERAGES[: 3 if model == "ridge" else 1]
    }
    seconds = (time.monotonic() - start) / len(tables)
    ages = tables[COVERAGES[0]]
    measured = ska.acceleration(ages)["acceleration_years"]
    shuffled = cohort.assign(
        age_years=np.random.default_rng(seed).permutation(cohort["age_years"].to_numpy())
    )
    null = ska.predict_age(features, shuffled, model, coverage=None, seed=seed)
    inside = [
        np.mean(table["age_years"].between(table["lower_years"], table["upper_years"]))
        for table in tables.values()
    ]
    mean = np.abs(ages["age_years"] - ages["age_years"].mean()).mean()
    return {
        "preset": preset, "model": model, "seed": str(seed),
        "MAE, years": f"{mae(ages):.2f}", "of the mean": f"{mean:.2f}",
        "R2": f"{r2_score(ages['age_years'], ages['predicted_years']):.2f}",
        "r with planted": f"{np.corrcoef(measured, people['acceleration_years'])[0, 1]:.2f}",
        "best possible": f"{ceiling(preset, seed):.2f}",
        "inside 80 / 90 / 95 % intervals": " / ".join(f"{100 * share:.1f}" for share in inside),
        "R2 of shuffled ages": f"{r2_score(null['age_years'], null['predicted_years']):.3f}",
        "seconds": f"{seconds:.1f}",
    }  # fmt: skip


def ceiling(preset: str, seed: int, n_people: int = 40_000) -> float:
    """Correlate the planted acceleration with the best guess at it that knows it of others.

    A regression of the planted acceleration on features and age, by 30,000 people whom no clock
    has; linear or by trees, whichever guesses that of 10,000 others better.
    """
    people, _ = drawn(n_people, preset, seed)
    inputs = np.column_stack([features_of(people, seed), people[KNOWN]])
    planted_years, fitted = people["acceleration_years"].to_numpy(), np.arange(n_people) < 30_000
    found = []
    for regression in (
        make_pipeline(StandardScaler(), Ridge(1.0)),
        HistGradientBoostingRegressor(),
    ):
        guess = regression.fit(inputs[fitted], planted_years[fitted]).predict(inputs[~fitted])
        found.append(np.corrcoef(guess, planted_years[~fitted])[0, 1])
    return max(found)


def brackets(seed: int) -> dict[str, str]:
    """Fit on brackets; test against the ages that were hidden in them."""
    people, cohort = drawn(N_PEOPLE, "realistic", seed)
    features, age = features_of(people, seed), cohort["age_years"].to_numpy()
    row = {"seed": str(seed)}
    row["MAE by exact ages"] = f"{error_of(features, cohort, age):.2f}"
    for words, edges in (
        ("ten years", np.arange(0, 121, 10)),
        ("under 50, 50 to 65, over 65", np.array([0, 50, 65, 120])),
    ):
        number = np.digitize(age, edges) - 1
        known = cohort.assign(age_low=edges[number], age_high=edges[number + 1])
        known["age_years"] = (known["age_low"] + known["age_high"]) / 2
        middles = known.drop(columns=["age_low", "age_high"])
        row[f"by brackets of {words}"] = f"{error_of(features, known, age):.2f}"
        row[f"by their middles ({words})"] = f"{error_of(features, middles, age):.2f}"
    return row


def error_of(features: pd.DataFrame, cohort: pd.DataFrame, age: np.ndarray) -> float:
    """Mean absolute error against the true ages, whatever ages the table holds."""
    ages = ska.predict_age(features, cohort, coverage=None)
    return float(np.abs(ages["predicted_years"].to_numpy() - age).mean())


def scanner_held_out(preset: str) -> dict[str, str]:
    """Hold out one scanner after the other: a clock that reads the scanner falls."""
    people, cohort = drawn(N_PEOPLE, preset, 0)
    features = features_of(people, 0)
    within = ska.predict_age(features, cohort, coverage=None)
    across = ska.predict_age(features, cohort, folds="scanner", coverage=None)
    return {
        "preset": preset,
        "R2, people held out": f"{r2_score(within['age_years'], within['predicted_years']):.2f}",
        "R2, scanners held out": f"{r2_score(across['age_years'], across['predicted_years']):.2f}",
    }


def nulls(preset: str) -> dict[str, str]:
    """Compare the clock with ages shuffled at large, and within scanner, site and sex."""
    people, cohort = drawn(N_PEOPLE, preset, 0)
    table = ska.compare_clocks({"tissue": features_of(people, 0)}, cohort, n_deals=1)
    row = {"preset": preset, "R2 of the clock": f"{table['r2'].iloc[0]:.2f}"}
    for name, shuffled in table[table["n_shuffles"] > 0].set_index("features").iterrows():
        row[str(name)] = f"{shuffled['r2']:.2f} (p = {shuffled['p_value']:.3f})"
    return row


def coverage() -> None:
    """Print how many people 90 % intervals hold, by decade and where scanners are held out."""
    rows = [covered_by_decade(preset, range(6)) for preset in ("teaching", "realistic", "hard")]
    print_table(rows)
    print_table([
        covered_on_scanners(preset, n_scanners, shift, range(8))
        for preset in ("teaching", "realistic")
        for n_scanners, shift in ((4, 0.0), (4, 0.4), (4, 1.0), (8, 0.4))
    ])  # fmt: skip


def covered_by_decade(preset: str, seeds: range) -> dict[str, str]:
    """Share of people in their 90 % interval, by decade of actual age, over several cohorts."""
    tables = []
    for seed in seeds:
        people, cohort = drawn(N_PEOPLE, preset, seed)
        tables.append(ska.predict_age(features_of(people, seed), cohort, seed=seed))
    ages = pd.concat(tables)
    inside = ages["age_years"].between(ages["lower_years"], ages["upper_years"])
    decade = ages["age_years"].clip(20, 89.9) // 10 * 10
    shares = {f"{ten:.0f}s": f"{100 * own.mean():.1f}" for ten, own in inside.groupby(decade)}
    width = (ages["upper_years"] - ages["lower_years"]).mean()
    return {
        "preset": preset, "cohorts": str(len(tables)),
        **shares,
        "all": f"{100 * inside.mean():.1f}", "width, years": f"{width:.1f}",
    }  # fmt: skip


def covered_on_scanners(preset: str, n_scanners: int, shift: float, seeds: range) -> dict[str, str]:
    """Share of people in their 90 % interval by clocks that have not seen their scanner.

    Each scanner shifts all features at random, by this many SDs of a feature.
    """
    covered, widths = [], []
    for seed in seeds:
        people, cohort = drawn(600, preset, seed)
        features = features_of(people.assign(scanner="A"), seed)
        generator = np.random.default_rng(100 + seed)
        scanner = generator.integers(0, n_scanners, len(people))
        shifts = generator.normal(0, shift, (n_scanners, features.shape[1]))
        features += shifts[scanner] * features.std().to_numpy()
        scanned = cohort.assign(scanner=[f"S{one}" for one in scanner])
        ages = ska.predict_age(features, scanned, folds="scanner", seed=seed)
        inside = ages["age_years"].between(ages["lower_years"], ages["upper_years"])
        covered.append(inside.groupby(ages["group"]).mean())
        widths.append((ages["upper_years"] - ages["lower_years"]).mean())
    shares = 100 * pd.concat(covered)
    return {
        "preset": preset, "scanners": str(n_scanners), "shift, SD": f"{shift:g}",
        "held out": str(len(shares)), "inside 90 %": f"{shares.mean():.1f}",
        "one scanner in ten below": f"{shares.quantile(0.1):.0f}",
        "width, years": f"{np.mean(widths):.1f}",
    }  # fmt: skip


def leak() -> str:
    """Put the tiles of one person into two folds, under their name and under another."""
    people, cohort = drawn(100, "teaching", 0)
    features, refusals = features_of(people, 0), []
    folds = ska.person_folds(cohort.set_index("person_id")["age_years"])
    twice = pd.concat([folds, folds.head(1) + 1])
    copied = features.copy()
    copied.iloc[1] = copied.iloc[0]
    for table, given in ((features, twice), (copied, pd.Series(np.arange(100) % 5, folds.index))):
        try:
            ska.predict_age(table, cohort, folds=given, coverage=None)
        except ska.LeakageError as error:
            refusals.append(str(error))
    assert len(refusals) == 2, "a leak went through"
    return "\n".join(["Refused:", *refusals])


def images(preset: str, seed: int) -> dict[str, str]:
    """Draw, tile, train, embed; then the clock from pictures."""
    folder = OUT / f"{preset}_{seed}"
    path = ska.phantom.make_cohort(folder / "phantom", 100, seed=seed, preset=preset)
    cohort = ska.read_cohort(path)
    tiles = ska.tile(cohort, out=folder / "tiles.parquet")
    encoder = ska.train(tiles, seed=seed, out=folder / "encoder")
    atlas = ska.embed(tiles, encoder, out=folder / "embeddings.zarr")
    people = ska.pool(atlas, cohort)
    ages = ska.predict_age(people, cohort, seed=seed)
    baselines = ska.compare_clocks({"trained": people}, cohort, seed=seed).set_index("features")
    truth = ska.phantom.read_truth(path).set_index("person_id")["acceleration_years"]
    measured = ska.acceleration(ages).set_index("person_id")["acceleration_years"]
    inside = ages["age_years"].between(ages["lower_years"], ages["upper_years"]).mean()
    return {
        "preset": preset, "seed": str(seed),
        "MAE, years": f"{mae(ages):.2f}",
        "of the mean": f"{baselines.loc['predict the mean', 'mae_years']:.2f}",
        "R2": f"{r2_score(ages['age_years'], ages['predicted_years']):.2f}",
        "r with planted": f"{measured.corr(truth):.2f}",
        "inside 90 %": f"{100 * inside:.0f}",
        "R2 of shuffled ages": f"{baselines.loc['shuffled ages', 'r2']:.2f}",
    }  # fmt: skip


def speed() -> list[dict[str, str]]:
    """Take the time of nested folds and 1,000 bootstraps, ours and scikit-learn's."""
    generator = np.random.default_rng(0)
    age = generator.uniform(20, 90, 2000)
    values = np.outer((age - 55) / 20, generator.normal(size=1024)) * 0.1
    values += generator.normal(size=values.shape)
    names = [f"mean_{k:04d}" for k in range(1024)]
    index = pd.Index([f"P{k:04d}" for k in range(2000)], name="person_id")
    people = pd.DataFrame(values, index, names)
    cohort = pd.DataFrame({"person_id": index, "age_years": age})
    rows = []
    for name, work in (
        ("skinage: nested 5 x 5, intervals, 1,000 bootstraps", lambda: ours(people, cohort)),
        ("skinage: the same without intervals", lambda: ours(people, cohort, None)),
        (
            "scikit-learn: GridSearchCV in cross_val_predict, loop of metrics",
            lambda: theirs(values, age),
        ),
    ):
        start = time.monotonic()
        score = work()
        seconds = time.monotonic() - start
        rows.append({"2,000 people x 1,024 features": name, "MAE, years": f"{score:.3f}",
                     "seconds": f"{seconds:.1f}"})  # fmt: skip
    return rows


def ours(people: pd.DataFrame, cohort: pd.DataFrame, coverage: float | None = 0.9) -> float:
    ages = ska.predict_age(people, cohort, coverage=coverage)
    return float(
        ska.report_card(ages, n_bootstrap=1000).set_index("metric").loc["mae_years", "value"]
    )


def theirs(values: np.ndarray, age: np.ndarray) -> float:
    inner, outer = (KFold(5, shuffle=True, random_state=seed) for seed in (1, 0))
    grid = {"ridge__alpha": 1024 * np.logspace(-4, 3, 29)}
    search = GridSearchCV(
        make_pipeline(StandardScaler(), Ridge()), grid, cv=inner, n_jobs=2,
        scoring="neg_mean_squared_error",
    )  # fmt: skip
    predicted = cross_val_predict(search, values, age, cv=outer)
    generator = np.random.default_rng(0)
    for _ in range(1000):
        drawn_people = generator.integers(0, len(age), len(age))
        for metric in (mean_absolute_error, root_mean_squared_error, r2_score):
            metric(age[drawn_people], predicted[drawn_people])
    return float(np.abs(predicted - age).mean())


def mae(ages: pd.DataFrame) -> float:
    return float(np.abs(ages["predicted_years"] - ages["age_years"]).mean())


def print_table(rows: list[dict[str, str]]) -> None:
    lines = [[*rows[0]], ["---"] * len(rows[0]), *([*row.values()] for row in rows)]
    print("\n".join(f"| {' | '.join(line)} |" for line in lines), end="\n\n", flush=True)


if __name__ == "__main__":
    warnings.filterwarnings("ignore", "0 of")
    main()
