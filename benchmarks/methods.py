"""What each method, kind of pair and set of views teaches an encoder, on a phantom of 100 people.

Run from a checkout after installation: ``python benchmarks/methods.py`` (about an hour on two
cores; started again it goes on). Every encoder is trained three times, each time without another
third of the people, and with another seed; the ages of that third are then predicted by ridge
regression on the features of the other two thirds. Training that sees ages and training that does
not are so measured alike.
"""

import json
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from photograph_views import SimCLRViews
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skinage as ska
from skinage.clock.fitting import cross_predict
from skinage.clock.learners.ridge import Ridge
from skinage.contrastive.training.probe import neighbour_r2
from skinage.people.clock_inputs import ClockInputs
from skinage.phantom.drawing.optics import draw_slide
from skinage.phantom.files import make_slides, slide_seed
from skinage.phantom.slide_file import write_slide
from skinage.slides.reading.batches import read_pixels

OUT = Path("results/benchmark/methods")
N_PEOPLE, N_TWINS, SEEDS = 100, 12, (0, 1, 2)
EPOCHS, BATCH_SIZE = 12, 64
PAIRS = {
    "augment": "augment", "neighbour": "neighbour", "scale": "scale", "slide": "slide",
    "person": "person",
    "augment, balanced": ska.Pairs(balance=("person_id", "scanner")),
    "augment, a scanner a batch": ska.Pairs(together="scanner"),
}  # fmt: skip
VIEWS = {"histology": "histology", "photographs": SimCLRViews(), "none": "none"}
METHODS = ("simclr", "moco", "byol", "barlow_twins", "vicreg", "dino", "y_aware", "rank_n_contrast")
TRIALS = [
    ("colour statistics", "", ""), ("untrained", "", ""),
    *((method, "augment", "histology") for method in METHODS),
    *(("simclr", pairs, "histology") for pairs in PAIRS if pairs != "augment"),
    ("simclr", "augment", "photographs"), ("simclr", "augment", "none"),
]  # fmt: skip


def main() -> None:
    prepare()
    jobs = [(*trial, seed) for trial in TRIALS for seed in SEEDS]
    with ProcessPoolExecutor(2, get_context("spawn")) as workers:
        done = list(workers.map(measured, jobs))
    rows = [summary(trial, [d for j, d in zip(jobs, done, strict=True) if j[:3] == trial])
            for trial in TRIALS]  # fmt: skip
    table = pd.DataFrame(rows)
    for row in [table.columns, ["---"] * table.shape[1], *table.to_numpy()]:
        print("|", " | ".join(row), "|")


def prepare() -> None:
    """Draw the cohort, cut it at two scales, and draw some slides again on the other scanner."""
    cohort_path = ska.phantom.make_cohort(OUT / "phantom", N_PEOPLE, seed=0)
    cohort = ska.read_cohort(cohort_path)
    ska.tile(cohort, 64, 1.5, out=OUT / "tiles.parquet")
    ska.tile(cohort, 64, (1.5, 3.0), out=OUT / "tiles_two_scales.parquet")
    slides = make_slides(N_PEOPLE, seed=0).set_index("slide_id", drop=False)
    for slide_id in cohort.drop_duplicates("person_id")["slide_id"].head(N_TWINS):
        path = OUT / "twins" / f"{slide_id}.tiff"
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            slide = slides.loc[slide_id].to_dict()
            slide["scanner"] = "A" if slide["scanner"] == "B" else "B"
            write_slide(path, draw_slide(slide, seed=slide_seed(0, slide_id))[0], 1.0)


def measured(job: tuple[str, str, str, int]) -> dict:
    """Train and measure, or read what an earlier run has measured."""
    path = OUT / f"{name_of(job)}.json"
    if path.exists():
        return json.loads(path.read_text())
    torch.set_num_threads(1)
    found = measure(*job)
    path.write_text(json.dumps(found))
    print(path.stem, {k: v for k, v in found.items() if k != "predicted"}, file=sys.stderr)
    return found


def name_of(job: tuple[str, str, str, int]) -> str:
    return "_".join(str(part) for part in job).replace(" ", "-").replace(",", "")


def measure(method: str, pairs: str, views: str, seed: int) -> dict:
    cohort = ska.read_cohort(OUT / "phantom" / "cohort.csv")
    tiles = pd.read_parquet(OUT / "tiles.parquet")
    ages = cohort.drop_duplicates("person_id").set_index("person_id")["age_years"]
    folds = ska.person_folds(ages, len(SEEDS), seed=0)
    held_out = [*folds.index[folds == seed]]
    if method == "colour statistics":
        encoder = ska.ColourFeatures()
    elif method == "untrained":
        encoder = ska.untrained_encoder(tiles, seed=seed)
    else:
        both = pd.read_parquet(OUT / "tiles_two_scales.parquet")
        encoder = ska.train(
            both if pairs == "scale" else tiles, cohort, held_out,
            method=ska.Method(
                method, pairs=PAIRS[pairs], views=VIEWS[views], batch_size=BATCH_SIZE
            ),
            epochs=EPOCHS, seed=seed, device="cpu",
            out=OUT / "encoders" / name_of((method, pairs, views, seed)),
        )  # fmt: skip
    atlas = ska.embed(tiles, encoder, cohort=cohort)
    people = ska.pool(atlas, cohort)
    assert len(people) == N_PEOPLE
    features = people[[name for name in people if name.startswith(("mean_", "std_"))]].to_numpy()
    age, fold = ages.loc[people.index].to_numpy(), folds.loc[people.index].to_numpy()
    inputs, one = ClockInputs(features, np.full(len(age), np.nan)), np.where(fold == seed, 1, 0)
    predicted = cross_predict(Ridge(), inputs, age, one, seed)[fold == seed]
    means = features[:, : atlas.n_vars]
    return {
        "predicted": dict(zip(people.index[fold == seed], predicted, strict=True)),
        "age_r2_neighbours": neighbour_r2(means, age, fold == seed),
        "scanner_auc": scanner_auc(atlas),
        "twin_nearest": twin_nearest(encoder, tiles, atlas),
    }


def scanner_auc(atlas) -> float:
    """How well the scanner of a slide is told from its mean features, folds by person."""
    table = pd.DataFrame(atlas.X, index=atlas.obs["slide_id"].astype(str)).groupby(level=0).mean()
    of = atlas.obs.drop_duplicates("slide_id").set_index("slide_id").loc[table.index]
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    is_b = (of["scanner"] == "B").to_numpy()
    told = cross_val_predict(
        model, table, is_b, groups=of["person_id"].astype(str), cv=GroupKFold(5),
        method="predict_proba",
    )  # fmt: skip
    return float(roc_auc_score(is_b, told[:, 1]))


def twin_nearest(encoder, tiles: pd.DataFrame, atlas) -> float:
    """Share of tiles nearer to themselves on the other scanner than to any other person's."""
    twins = {path.stem: str(path) for path in (OUT / "twins").glob("*.tiff")}
    mine = tiles[tiles["slide_id"].isin(twins)]
    again = encoder.embed(read_pixels(mine.assign(path=mine["slide_id"].map(twins))))
    unit, again = (f / np.linalg.norm(f, axis=1, keepdims=True) for f in (atlas.X, again))
    here = atlas.obs["tile_id"].to_numpy()
    similarity = again @ unit.T
    own = similarity[np.arange(len(mine)), pd.Index(here).get_indexer(mine["tile_id"])]
    same = mine["person_id"].to_numpy()[:, None] == atlas.obs["person_id"].to_numpy()[None]
    return float((own > np.where(same, -np.inf, similarity).max(axis=1)).mean())


def summary(trial: tuple[str, str, str], found: list[dict]) -> dict:
    cohort = ska.read_cohort(OUT / "phantom" / "cohort.csv")
    truth = ska.phantom.read_truth(OUT / "phantom" / "cohort.csv").set_index("person_id")
    ages = cohort.drop_duplicates("person_id").set_index("person_id")["age_years"]
    predicted = pd.concat([pd.Series(one["predicted"]) for one in found])
    age, planted = ages.loc[predicted.index], truth["acceleration_years"].loc[predicted.index]
    residual = predicted - np.polyval(np.polyfit(age, predicted, 1), age)

    def r2(p: pd.Series) -> float:
        a = age.loc[p.index]
        return 1 - ((p - a) ** 2).sum() / ((a - a.mean()) ** 2).sum()

    each = [r2(pd.Series(one["predicted"])) for one in found]
    means = {k: np.mean([one[k] for one in found]) for k in found[0] if k != "predicted"}
    return {
        "method": trial[0], "pairs": trial[1], "views": trial[2],
        "MAE, years": f"{(predicted - age).abs().mean():.2f}",
        "age R2 (three thirds)": f"{r2(predicted):.2f} ({min(each):.2f} to {max(each):.2f})",
        "by neighbours, R2": f"{means['age_r2_neighbours']:.2f}",
        "r with planted": f"{np.corrcoef(residual, planted)[0, 1]:.2f}",
        "scanner told, AUC": f"{means['scanner_auc']:.2f}",
        "nearest to itself on the other scanner": f"{means['twin_nearest']:.2f}",
    }  # fmt: skip


if __name__ == "__main__":
    main()
