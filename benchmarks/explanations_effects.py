"""One planted effect at a time: whether the explanation points at the structure that carries it.

For each effect a cohort is drawn in which age changes nothing else; the encoder is that of the demo
(results/demo). Where the heat of expected gradients lies is read off the label of each pixel. What
the sections show is measured, and the measures are ranked. Called by ``explanations.py``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import ndimage

import skinage as ska
from skinage.explain.attribution.age_of_tiles import AgeOfTiles
from skinage.explain.morphology.measures import MEASURES
from skinage.phantom.dials import EFFECTS
from skinage.phantom.drawing.labels import Label
from skinage.phantom.truth import read_labels

N_PEOPLE, N_TILES, N_EXPLAINED, SEED = 60, 20, 40, 5
LEAST_SHARE, MOST_SHARE, SMOOTH_PX = 0.02, 0.6, 2.0
EPIDERMIS = (Label.VIABLE_EPIDERMIS, Label.KERATINOCYTE_NUCLEUS)


@dataclass(frozen=True)
class Effect:
    """A planted effect: the strength of its dial, the labels that carry it, and its measures."""

    dial: float
    carriers: tuple[Label, ...]
    measures: tuple[str, ...]


PLANTED = {
    "epidermis": Effect(1.0, EPIDERMIS, ("epidermis_um", "epidermis_p05_um", "epidermis_p95_um")),
    "elastosis": Effect(1.0, (Label.ELASTOSIS,), ("elastosis_um", "elastosis_fraction")),
    "fibroblasts": Effect(
        1.7, (Label.FIBROBLAST_NUCLEUS,), ("spindle_nuclei_per_mm2", "dermal_nuclei_per_mm2")
    ),
    "collagen": Effect(1.0, (Label.GAP,), ("reticular_collagen_fraction", "gap_fraction")),
    "bundles": Effect(2.0, (Label.COLLAGEN, Label.GAP), ("bundle_um", "gap_um")),
    "rete": Effect(1.0, EPIDERMIS, ("interdigitation", "ridge_height_um")),
    "vessels": Effect(1.0, (Label.VESSEL,), ("vessels_per_mm2", "vessel_um")),
}
CONTROLS = {"corneum": (Label.STRATUM_CORNEUM,), "inflammation": (Label.LYMPHOCYTE,)}
CONTROL_MEASURES = ("corneum_um", "inflammation_per_mm2", "inflammation_fraction")


def compare_effects(out: Path, demo: Path, names: list[str]) -> Iterator[dict[str, str]]:
    """Yield a row per effect; what is drawn, embedded and measured in ``out`` is kept."""
    encoder = ska.load_encoder(demo / "encoder")
    for name in names:
        folder = out / name
        dials = dict.fromkeys(EFFECTS, 0.0) | {name: PLANTED[name].dial}
        path = ska.phantom.make_cohort(folder, N_PEOPLE, seed=SEED, preset="teaching", dials=dials)
        cohort = ska.first_visits(ska.read_cohort(path))
        tiles = ska.tile(cohort, tiles_per_slide=N_TILES, out=folder / "tiles.parquet")
        atlas = ska.embed(tiles, encoder, out=folder / "embeddings.zarr")
        people = ska.pool(atlas, cohort)
        ages = ska.predict_age(people, cohort, coverage=None, seed=0)
        measures = ska.measure_people(ska.measure_slides(cohort, out=folder / "tissue"), cohort)
        shares = _label_shares(path, tiles)
        row = {
            "effect": name,
            "R2": f"{ska.report_card(ages).set_index('metric').loc['r2', 'value']:.2f}",
        }
        clocks = {
            fold: ska.fit_fold_clock(people, cohort, ages, fold=fold, calibrated=False)
            for fold in sorted(ages["fold"].unique())
        }
        explain = _Explainer(path, cohort, tiles, atlas, ages, encoder, clocks)
        row["heat / area"] = explain.share_of(PLANTED[name].carriers, shares)
        for control, labels in CONTROLS.items():
            row[control] = explain.share_of(labels, shares)
        yield row | _ranked(measures, cohort, PLANTED[name].measures)


@dataclass(frozen=True)
class _Explainer:
    path: Path
    cohort: pd.DataFrame
    tiles: pd.DataFrame
    atlas: object
    ages: pd.DataFrame
    encoder: object
    clocks: dict

    def share_of(self, labels: tuple[Label, ...], shares: pd.DataFrame) -> str:
        """Return the share of heat within these labels over their share of area, with interval."""
        share = shares[[int(label) for label in labels]].sum(axis=1)
        fit = share[(share > LEAST_SHARE) & (share < MOST_SHARE)]
        if not len(fit):
            return "in no tile"
        chosen = fit.sample(min(N_EXPLAINED, len(fit)), random_state=0).index
        table = self.tiles.set_index("tile_id", drop=False).loc[chosen]
        heat, area = (
            np.array(part)
            for part in zip(
                *map(self._inside, table.itertuples(), [labels] * len(table)), strict=True
            )
        )
        rng = np.random.default_rng(0)
        person = table["person_id"].to_numpy()
        everybody = np.unique(person)
        ratios = []
        for _ in range(500):
            drawn = np.concatenate(
                [np.flatnonzero(person == one) for one in rng.choice(everybody, len(everybody))]
            )
            ratios.append(heat[drawn].mean() / area[drawn].mean())
        low, high = np.quantile(ratios, (0.025, 0.975))
        return f"{heat.mean() / area.mean():.2f} ({low:.2f} to {high:.2f})"

    def _inside(self, tile: tuple, labels: tuple[Label, ...]) -> tuple[float, float]:
        fold = self.ages.set_index("person_id").loc[tile.person_id, "fold"]
        obs = self.atlas.obs
        others = (obs["person_id"] == tile.person_id) & (obs.index != tile.tile_id)
        age_of = AgeOfTiles(self.encoder, self.clocks[fold], self.atlas.X[others.to_numpy()])
        baseline = ska.baseline_tiles(self.tiles, self.cohort, tile.person_id, n_tiles=16)
        pixels = ska.read_pixels(self.tiles[self.tiles["tile_id"] == tile.tile_id])[0]
        case = ska.map_case(age_of, pixels, baseline, person_id=tile.person_id)
        heat = np.abs(ndimage.gaussian_filter(case.explain_map(pixels), SMOOTH_PX))
        mask = np.isin(_labels_of(self.path, tile), [int(label) for label in labels])
        return heat[mask].sum() / heat.sum(), mask.mean()


def _labels_of(path: Path, tile: tuple) -> np.ndarray:
    labels, _ = read_labels(path, tile.slide_id)
    return labels[int(tile.y) :, int(tile.x) :][: tile.tile_px, : tile.tile_px]


def _label_shares(path: Path, tiles: pd.DataFrame) -> pd.DataFrame:
    rows = {}
    for slide_id, own in tiles.groupby("slide_id"):
        labels, _ = read_labels(path, slide_id)
        for tile in own.itertuples():
            part = labels[int(tile.y) :, int(tile.x) :][: tile.tile_px, : tile.tile_px]
            rows[tile.tile_id] = np.bincount(part.ravel(), minlength=len(Label)) / part.size
    return pd.DataFrame.from_dict(rows, orient="index")


def _ranked(
    measures: pd.DataFrame, cohort: pd.DataFrame, drivers: tuple[str, ...]
) -> dict[str, str]:
    """Rank the measures by their correlation with age at the same site, scanner and sex."""
    visited = cohort.drop_duplicates("person_id").set_index("person_id").loc[measures.index]
    known = pd.get_dummies(visited[["body_site", "scanner", "sex"]], dtype=float)
    terms = np.column_stack([np.ones(len(known)), known])

    def rest(values: np.ndarray) -> np.ndarray:
        return values - terms @ np.linalg.lstsq(terms, values, rcond=None)[0]

    features = ska.measure_features(measures, [*MEASURES])
    features = features[[name for name in features if name in MEASURES]]
    age = rest(visited["age_years"].to_numpy(float))
    r = features.apply(lambda column: abs(np.corrcoef(rest(column.to_numpy()), age)[0, 1]))
    order = r.sort_values(ascending=False).index
    controls = [f"{1 + order.get_loc(name)}" for name in CONTROL_MEASURES if name in order]
    best = min(order.get_loc(name) for name in drivers if name in order)
    return {
        "first measure": f"{order[0]} ({r.max():.2f})",
        "rank of the driver": f"{best + 1} of {len(order)}",
        "ranks of controls": ", ".join(controls),
    }
