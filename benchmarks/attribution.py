"""What a tile is compared with decides what a heat map says: tissue against glass, blur and stain.

Run from a checkout after ``make demo``: ``python benchmarks/attribution.py [folder [n_maps]]``.
Every person is explained by the clock of the own fold. Signs are over all tiles of first visits
(what a heat map adds up to, without the map), agreement and place over ``n_maps`` tiles drawn at
random (default 40). Last come concepts, by the structures that the phantom drew.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import tifffile
import torch
from scipy import ndimage
from tqdm import tqdm

import skinage as ska
from skinage.phantom.drawing.labels import LABEL_NAMES, Label

LEAST_SHARE = 0.1  # of a tile that shows a structure
SMOOTH_PX = 2.0
CONCEPTS = {
    "elastosis": [Label.ELASTOSIS], "dense collagen": [Label.COLLAGEN],
    "stratum corneum": [Label.STRATUM_CORNEUM], "hair follicle": [Label.FOLLICLE],
    "epidermis": [Label.VIABLE_EPIDERMIS, Label.KERATINOCYTE_NUCLEUS], "fat": [Label.FAT],
}  # fmt: skip


def signs_of(
    clock: ska.Clock, encoder: ska.Encoder, own: np.ndarray, baseline: np.ndarray
) -> pd.DataFrame:
    """Return the years of each tile: left out, as a Shapley value, against tissue and glass."""
    side = encoder.metadata["tile_px"]
    glass = encoder.embed(np.full((1, side, side, 3), 255, np.uint8))
    table = pd.DataFrame({
        "left out": ska.tile_contributions(clock, own).years,
        "Shapley": ska.tile_contributions(clock, own, baseline, method="shapley").years,
    })  # fmt: skip
    for k, tile in enumerate(own):
        age_of = ska.AgeOfTiles(encoder, clock, np.delete(own, k, axis=0))
        with torch.no_grad():
            age, *others = (
                float(age_of.of_embeddings(torch.from_numpy(some)).mean())
                for some in (tile[None], baseline, glass)
            )
        table.loc[k, ["tissue", "glass"]] = age - np.array(others)
    return table


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "results/demo")
    n_maps = int(sys.argv[2]) if len(sys.argv) > 2 else 40
    cohort = ska.read_cohort(folder / "phantom" / "cohort.csv")
    slides = ska.first_visits(cohort).set_index("slide_id")["path"]
    tiles = pd.read_parquet(folder / "tiles.parquet").query("slide_id in @slides.index")
    tiles = tiles.assign(path=tiles["slide_id"].map(slides)).set_index("tile_id", drop=False)
    encoder, atlas = (
        ska.load_encoder(folder / "encoder"),
        ska.read_atlas(folder / "embeddings.zarr"),
    )
    atlas = atlas[[*tiles.index]].copy()
    ages = pd.read_csv(folder / "ages.csv", dtype={"person_id": str})
    people = ska.pool(atlas, cohort)
    clocks = {
        fold: ska.fit_fold_clock(people, cohort, ages, fold=fold, calibrated=False)
        for fold in sorted(ages["fold"].unique())
    }
    labels = {
        tile: drawn[y : y + side, x : x + side]
        for slide, rows in tiles.groupby("slide_id", observed=True)
        for drawn in [tifffile.imread(folder / "phantom" / "labels" / f"{slide}.tiff")]
        for tile, x, y, side in rows[["tile_id", "x", "y", "extent_px"]].itertuples(index=False)
    }
    drawn = np.random.default_rng(0).choice(len(tiles), n_maps, replace=False)
    explained = {*tiles.index[drawn]}
    signs, agreement, places = [], [], []
    for person, fold in tqdm(ages.set_index("person_id")["fold"].items(), total=len(ages)):
        own = atlas.obs_names[atlas.obs["person_id"] == person]
        features = np.asarray(atlas[own].X)
        baseline = ska.baseline_tiles(tiles, cohort, person)
        signs.append(signs_of(clocks[fold], encoder, features, encoder.embed(baseline.pixels)))
        for tile in explained & {*own}:
            others = np.delete(features, own.get_loc(tile), axis=0)
            age_of = ska.AgeOfTiles(encoder, clocks[fold], others)
            pixels = ska.read_pixels(tiles.loc[[tile]])[0]
            baselines = {"tissue": baseline, **ska.plain_baselines(pixels)}
            agreement.append(ska.compare_baselines(age_of, pixels, baselines))
            for name, one in baselines.items():
                heat = ska.attribute(age_of, pixels, one).heat
                heat = np.abs(ndimage.gaussian_filter(heat, SMOOTH_PX))
                share = np.bincount(labels[tile].ravel(), heat.ravel() / heat.sum(), len(Label))
                area = np.bincount(labels[tile].ravel(), minlength=len(Label)) / heat.size
                places.append(pd.DataFrame({"baseline": name, "label": range(len(Label)),
                                            "share": share, "area": area}))  # fmt: skip
    table = pd.concat(signs)
    for name in ("tissue", "glass"):
        same = {own: (table[name] * table[own] > 0).mean() for own in ("left out", "Shapley")}
        print(f"{name}: {(table[name] > 0).mean():.1%} positive; sign as {same}")
    columns = ["rank_correlation", "same_sign", "completeness_error_years"]
    print(pd.concat(agreement).groupby("baseline")[columns].mean().round(3))
    total = pd.concat(places).groupby(["label", "baseline"])[["share", "area"]].sum()
    total = total[total["area"] > LEAST_SHARE].assign(ratio=lambda one: one["share"] / one["area"])
    ratio = total.pivot_table(index="label", columns="baseline", values="ratio")
    print(ratio.rename(LABEL_NAMES).round(2))
    shares = {
        name: pd.Series({t: np.isin(one, kind).mean() for t, one in labels.items()})[
            atlas.obs_names
        ]
        for name, kind in CONCEPTS.items()
    }
    shown = {name: (share > LEAST_SHARE).to_numpy() for name, share in shares.items()}
    shown["dense collagen"] = (shares["dense collagen"] > 0.7).to_numpy()
    print(ska.concept_sensitivity(clocks, atlas, shown, ages=ages).round(3).to_string())


if __name__ == "__main__":
    main()
