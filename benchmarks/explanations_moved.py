"""The same person drawn again with one parameter moved: the clock's change against the map's claim.

For each parameter and person the same piece of skin is drawn twice, as it was planted and with one
parameter moved by a fifth. The clock of the demo predicts the person both times from the same
places. The heat of all tiles, added up over the pixels that changed, is what the maps claim. Called
by ``explanations.py``.
"""

from pathlib import Path

import numpy as np
import pandas as pd

import skinage as ska
from skinage.phantom import draw_slide, make_slides
from skinage.phantom.files import slide_seed

MOVED = {
    "epidermis_um": 0.8, "rete_um": 0.6, "collagen_fraction": 0.85, "bundle_um": 0.8,
    "elastosis_um": 2.0, "fibroblasts_per_mm2": 0.7, "corneum_um": 1.5, "inflammation_per_mm2": 6.0,
}  # fmt: skip
"""The factor that a parameter is moved by; the last two are controls."""
N_PEOPLE, N_TILES, SIDE = 8, 16, 96


def compare_moved(demo: Path, seed: int = 0) -> pd.DataFrame:
    """Return the agreement of claims and changes for each parameter, and the years of change."""
    cohort = ska.first_visits(ska.read_cohort(demo / "phantom" / "cohort.csv"))
    tiles = pd.read_parquet(demo / "tiles.parquet")
    encoder = ska.load_encoder(demo / "encoder")
    atlas = ska.read_atlas(demo / "embeddings.zarr")
    ages = pd.read_csv(demo / "ages.csv", dtype={"person_id": str})
    people = ska.pool(atlas, cohort)
    clocks = {
        fold: ska.fit_fold_clock(people, cohort, ages, fold=fold, calibrated=False)
        for fold in sorted(ages["fold"].unique())
    }
    slides = make_slides(len(people), seed=seed, preset="teaching")
    slides = slides[slides["slide_id"].isin(cohort["slide_id"])].set_index("slide_id", drop=False)
    # Dust, pen and folds say nothing here, and one piece is enough.
    slides = slides.assign(n_pieces=1, n_dust=0, has_fold=False, has_pen=False, lesion="")
    sun = slides["elastosis_um"] > 20
    claims = []
    for parameter, factor in MOVED.items():
        some = slides[sun] if parameter == "elastosis_um" else slides
        for slide_id in some.iloc[:: max(1, len(some) // N_PEOPLE)].index[:N_PEOPLE]:
            row = slides.loc[slide_id].to_dict()
            clock = clocks[ages.set_index("person_id").loc[row["person_id"], "fold"]]
            baseline = ska.baseline_tiles(tiles, cohort, row["person_id"], n_tiles=8)
            pair = [
                _places(draw_slide(one, seed=slide_seed(seed, slide_id))[0])
                for one in (row, row | {parameter: row[parameter] * factor})
            ]
            heat, years = zip(
                *(_explained(encoder, clock, own, baseline) for own in pair), strict=True
            )
            claims.append(
                ska.claim_against_change(
                    pair[0][None], pair[1][None], heat_before=heat[0][None],
                    heat_after=heat[1][None], change_years=np.array([years[1] - years[0]]),
                    parameter=parameter,
                )
            )  # fmt: skip
    return ska.claim_agreement(pd.concat(claims, ignore_index=True))


def _places(picture: np.ndarray) -> np.ndarray:
    """Cut the same places out of every picture: from the horn to the reticular dermis."""
    height, width = picture.shape[:2]
    rows = np.linspace(0.1 * height, 0.5 * height, 4).astype(int)
    columns = np.linspace(0.25 * width, 0.65 * width, N_TILES // 4).astype(int)
    return np.stack([picture[r : r + SIDE, c : c + SIDE] for r in rows for c in columns])


def _explained(
    encoder: ska.Encoder, clock: ska.Clock, pixels: np.ndarray, baseline: ska.Baseline
) -> tuple[np.ndarray, float]:
    """Return the heat of each tile, the others as they are, and the predicted age."""
    embedded = encoder.embed(pixels)
    heat = []
    for k, tile in enumerate(pixels):
        age_of = ska.AgeOfTiles(encoder, clock, np.delete(embedded, k, axis=0))
        case = ska.map_case(age_of, tile, baseline, person_id="one")
        heat.append(case.explain_map(tile))
    return np.stack(heat), float(age_of.predict(pixels[-1:])[0])
