"""Synthetic people with a planted truth: tissue that follows age + acceleration, and their fate.

The stated law. ``u = age + d`` with ``d ~ N(0, 6 years)`` the planted acceleration, ``t = max(0,
u - 20) / 10`` decades. Every tissue parameter carries its own lognormal person noise (8 to 10 %).

==========================  =====================================================
viable epidermis            75 · site · exp(-r·t) um, r .075 M, .059 F
rete ridges (height)        F 60·[1 - .6 / (1 + exp(-(u - 47) / 9))], M 60 - 6t um, at least 15
fibre orientation           von Mises concentration 6·exp(-.20t) about the surface
bundle width                16·exp(-.10t) um
collagen fraction           .78 - .03t, at least .4
fibroblasts                 650·exp(-.10t) per mm2 of dermis, dark fraction .05 + .03t
solar elastosis             depth sun · 4 · max(0, u - 35) um below the junction
vessels                     10 per mm2, -5 %/decade · sun; diameter 24 um, -4 %/decade
follicles and glands        2.7 per mm2, -3 %/decade
stratum corneum             N(15, 3) um; lymphocyte clusters Poisson(.4): both free of age
==========================  =====================================================

The directions are those reported for ageing skin (PMID 2384222, 8318130, 28602047; PMC4089350,
PMC10707495). Orientation, bundle width and fibroblasts change faster here than there, so that a
hundred people are enough to learn from: this is a teaching cohort, not an estimate of skin.
Stains, scanners, sites, sex and biopsy years are drawn independently of age and acceleration.
"""

import zlib

import numpy as np
import pandas as pd

from skinage.errors import StageError
from skinage.phantom.fate import add_fate

ACCELERATION_SD_YEARS = 6.0
SITES = pd.DataFrame(
    {"sun_exposure": [0.0, 0.3, 1.0], "thickness": [1.0, 0.95, 0.9]},
    index=["suprapubic", "lower leg", "forearm"],
)
# Unit optical-density vectors between published H&E estimates (Ruifrok 2001, Macenko 2009).
HAEMATOXYLIN_OD = (0.64, 0.68, 0.36)
EOSIN_OD = (0.19, 0.84, 0.51)


def stream(seed: int, name: str) -> np.random.Generator:
    """Give every drawn column its own random stream.

    Row k of a column is its k-th draw, so a person is the same however many follow, and a new
    column leaves the others as they were.
    """
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def make_people(
    n_people: int, seed: int = 0, *, hazard_ratio: float = 1.5, odds_ratio: float = 1.5
) -> pd.DataFrame:
    """Draw people whose tissue, deaths and one disease follow age and a planted acceleration.

    Parameters
    ----------
    n_people
        How many people; person k is the same whatever this number is.
    seed
        Seed of all draws.
    hazard_ratio, odds_ratio
        Planted effect of five years of acceleration on death and on cardiovascular disease.

    Returns
    -------
    pandas.DataFrame
        A row per person: person_id, age_years, sex, body_site, scanner, biopsy_year, the planted
        acceleration_years and tissue parameters (units in their names), stain parameters,
        follow_up_years, died, disease_cardiovascular, disease_osteoarthritis (age only).

    Raises
    ------
    StageError
        If `n_people` or `seed` is not a fitting whole number, or a ratio is not positive.
    """
    for name, value, least in (("n_people", n_people, 1), ("seed", seed, 0)):
        if not isinstance(value, int | np.integer) or value < least:
            raise StageError(f"{name}: found {value!r}, expected a whole number from {least} up.")
    if min(hazard_ratio, odds_ratio) <= 0:
        raise StageError(
            f"hazard_ratio and odds_ratio: found {hazard_ratio} and {odds_ratio}, expected "
            "positive ratios per five years (1 plants no effect)."
        )
    people = _add_stains(_add_tissue(_draw_persons(int(n_people), seed), seed), seed)
    return add_fate(people, stream(seed, "fate"), hazard_ratio, odds_ratio)


def _draw_persons(n_people: int, seed: int) -> pd.DataFrame:
    def uniform(name: str, low: float, high: float) -> np.ndarray:
        return stream(seed, name).uniform(low, high, n_people)

    site = SITES.index.to_numpy()[uniform("body_site", 0, len(SITES)).astype(int)]
    return pd.DataFrame(
        {
            "person_id": [f"P{k:05d}" for k in range(n_people)],
            "age_years": uniform("age", 20, 90).round(1),
            "sex": np.where(uniform("sex", 0, 1) < 0.5, "F", "M"),
            "body_site": site,
            "scanner": np.where(uniform("scanner", 0, 1) < 0.5, "A", "B"),
            "biopsy_year": uniform("biopsy_year", 2000, 2012).astype(int),
            "sun_exposure": SITES.loc[site, "sun_exposure"].to_numpy(),
            "acceleration_years": stream(seed, "acceleration").normal(
                0, ACCELERATION_SD_YEARS, n_people
            ),
        }
    )


def _add_tissue(people: pd.DataFrame, seed: int) -> pd.DataFrame:
    def noise(name: str, spread: float) -> np.ndarray:
        return np.exp(stream(seed, name).normal(0, spread, len(people)))

    u = (people["age_years"] + people["acceleration_years"]).to_numpy()
    t = np.maximum(0, u - 20) / 10
    female, sun = (people["sex"] == "F").to_numpy(), people["sun_exposure"].to_numpy()
    site = SITES.loc[people["body_site"], "thickness"].to_numpy()
    rete = np.where(female, 60 * (1 - 0.6 / (1 + np.exp(-(u - 47) / 9))), 60 - 6 * t)
    clusters = stream(seed, "lymphocyte_clusters").poisson(0.4, len(people))
    return people.assign(
        epidermis_um=75 * site * np.exp(-np.where(female, 0.059, 0.075) * t) * noise("epi", 0.08),
        rete_um=np.maximum(15, rete) * noise("rete", 0.10),
        corneum_um=np.maximum(6, stream(seed, "corneum").normal(15, 3, len(people))),
        fibre_concentration=6 * np.exp(-0.20 * t) * noise("fibre", 0.08),
        bundle_um=16 * np.exp(-0.10 * t) * noise("bundle", 0.08),
        collagen_fraction=np.clip((0.78 - 0.03 * t) * noise("collagen", 0.08), 0.4, 0.9),
        elastosis_um=sun * 4 * np.maximum(0, u - 35) * noise("elastosis", 0.10),
        fibroblasts_per_mm2=650 * np.exp(-0.10 * t) * noise("fibroblasts", 0.08),
        dark_fraction=np.minimum(0.9, (0.05 + 0.03 * t) * noise("dark", 0.10)),
        vessels_per_mm2=10 * np.exp(-0.05 * t * sun) * noise("vessels", 0.10),
        vessel_um=24 * np.exp(-0.04 * t) * noise("vessel_um", 0.08),
        adnexa_per_mm2=2.7 * np.exp(-0.03 * t) * noise("adnexa", 0.10),
        lymphocyte_clusters=clusters,
    )


def _add_stains(people: pd.DataFrame, seed: int) -> pd.DataFrame:
    n = len(people)
    columns: dict[str, np.ndarray] = {}
    for stain, vector in (("haematoxylin", HAEMATOXYLIN_OD), ("eosin", EOSIN_OD)):
        jitter = stream(seed, f"{stain}_vector").normal(0, 0.02, (n, 3))
        tilted = np.clip(np.array(vector) + jitter, 0.02, None)
        tilted /= np.linalg.norm(tilted, axis=1, keepdims=True)
        columns |= {f"{stain}_{c}": tilted[:, k] for k, c in enumerate("rgb")}
        strength = stream(seed, f"{stain}_strength").normal(0, 0.15, n)
        columns[f"{stain}_strength"] = np.exp(strength)
    glass = stream(seed, "background").normal((244, 243, 245), 3, (n, 3)).clip(225, 254)
    columns |= {f"background_{c}": glass[:, k] for k, c in enumerate("rgb")}
    return people.assign(**columns)
