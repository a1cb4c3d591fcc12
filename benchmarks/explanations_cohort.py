"""The demo's cohort: the clock of measures, what it carries of the planted acceleration, speed.

Called by ``explanations.py``.
"""

import time
from pathlib import Path

import numpy as np
import pandas as pd

import skinage as ska
from skinage.explain.morphology.segment import measure_section, segment

SEEDS = range(5)


def compare_clocks(demo: Path, out: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a row per clock (means over five deals into folds), and what measures explain."""
    path = demo / "phantom" / "cohort.csv"
    cohort = ska.first_visits(ska.read_cohort(path))
    planted = ska.phantom.read_truth(path).set_index("person_id")
    people = ska.pool(ska.read_atlas(demo / "embeddings.zarr"), cohort)
    measures = ska.measure_people(ska.measure_slides(cohort, out=out / "tissue"), cohort)
    features = ska.measure_features(measures)
    both, stacked = ska.join_features(people, features)
    known = planted.drop(columns=["acceleration_years", "sun_exposure"])
    tissue = np.log(known + known.mean() / 10)
    sets = {
        "encoder": (people, "ridge"), "measures": (features, "ridge"), "both": (both, stacked),
        "planted tissue": (tissue, "ridge"),
    }  # fmt: skip
    rows, shares = [], []
    for name, (table, model) in sets.items():
        found = []
        for seed in SEEDS:
            ages = ska.predict_age(table, cohort, model, coverage=None, seed=seed)
            accel = ska.acceleration(ages)
            years = accel.set_index("person_id")["acceleration_years"]
            card = ska.report_card(ages).set_index("metric")["value"]
            r = years.corr(planted["acceleration_years"])
            found.append((card["mae_years"], card["r2"], r))
            if name == "encoder":
                shares.append(ska.explained_by_measures(accel, measures, cohort))
        mae, r2, r = np.mean(found, axis=0)
        rows.append(
            {"clock": name, "MAE": f"{mae:.2f}", "R2": f"{r2:.2f}", "r planted": f"{r:.2f}"}
        )
    explained = pd.concat(shares).groupby("explained")[["r2", "lower", "upper"]].mean().round(2)
    return pd.DataFrame(rows), explained.reset_index()


def take_times(demo: Path) -> pd.DataFrame:
    """Return CPU seconds for one section, and seconds for the tiles of a large slide."""
    cohort = ska.first_visits(ska.read_cohort(demo / "phantom" / "cohort.csv"))
    slide = ska.open_row(cohort.iloc[0])
    pixels = slide.read_region(0, 0, 2000, 1500, mpp=1.0)
    cpu = []
    for _ in range(3):
        start = time.process_time()
        measure_section(segment(pixels, 1.0))
        cpu.append(time.process_time() - start)
    people = ska.pool(ska.read_atlas(demo / "embeddings.zarr"), cohort)
    clock = ska.fit_clock(people, cohort, calibrated=False)
    rng, dim = np.random.default_rng(0), len(people.filter(like="mean_").columns)
    features = rng.normal(size=(1000, dim))
    start = time.perf_counter()
    ska.tile_contributions(clock, features, rng.normal(size=(32, dim)), method="shapley")
    shapley = time.perf_counter() - start
    return pd.DataFrame([
        {"what": "2 x 1.5 mm at 1 um/px: structures and measures", "CPU s": f"{min(cpu):.2f}"},
        {"what": "Shapley values of 1,000 tiles, wall clock", "CPU s": f"{shapley:.1f}"},
    ])  # fmt: skip
