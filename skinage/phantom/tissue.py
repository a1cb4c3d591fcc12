"""The law of the tissue: what age and acceleration do to each of its parameters.

``u = age + d`` with ``d`` the acceleration, ``t = max(0, u - 20) / 10`` decades; the dials change
both as `skinage.phantom.ageing` states.

=============  ==================================================================
dial           law
=============  ==================================================================
epidermis      viable epidermis 75 · site · exp(-r·t) um, r .075 M, .059 F
rete           height of the ridges F 60·[1 - .6 / (1 + exp(-(u - 47) / 9))] um,
               M 60 - 6t um, at least 15
dermis         1400 · site · exp(-.062t) um
collagen       share of the dermis .80 - .035t, .4 to .92
disorder       fibres von Mises about the surface, concentration 5·exp(-.15t)
bundles        width 13·exp(-.05t) um
elastosis      depth below the junction sun · 4 · max(0, u - 35) um
fibroblasts    800·exp(-.06t) per mm2 of dermis
dark_nuclei    dark share of the fibroblast nuclei .05 + .03t, .01 to .9
vessels        10 per mm2, -5 %/decade · sun; diameter 24 um, -4 %/decade
adnexa         2.7 follicles and glands per mm2, -3 %/decade
none           stratum corneum N(26, 4) um, at least 8: a negative control
none           clusters of lymphocytes: gamma of mean .3 per mm2
=============  ==================================================================

The dial ``outdoor`` multiplies elastosis by ``exp(.4 k w)``, w the person's outdoor life.

Every parameter but the last two carries a lognormal noise of 8 to 10 % that is the person's own
and stays. Sites: suprapubic (sun 0, site 1), lower leg (.3, .95), forearm (1, .9).

The directions are those reported for ageing skin (PMID 2384222, 8318130, 28602047; PMC4089350,
PMC10707495); the constants are proposals. The dermis is scaled to about .7 of its true depth, so
that a biopsy of 1.1 mm reaches the subcutis of the old and the thin. The horn is thicker than in
living skin, because fixation opens it to a basket weave.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from skinage.phantom.ageing import decades_of
from skinage.phantom.randomness import stream

SITES = pd.DataFrame(
    {"sun_exposure": [0.0, 0.3, 1.0], "thickness": [1.0, 0.95, 0.9]},
    index=["suprapubic", "lower leg", "forearm"],
)
NOISE_OF = {
    "epidermis_um": 0.08,
    "rete_um": 0.10,
    "dermis_um": 0.10,
    "collagen_fraction": 0.08,
    "fibre_concentration": 0.08,
    "bundle_um": 0.08,
    "elastosis_um": 0.10,
    "fibroblasts_per_mm2": 0.08,
    "dark_fraction": 0.10,
    "vessels_per_mm2": 0.10,
    "vessel_um": 0.08,
    "adnexa_per_mm2": 0.10,
}
"""SD of a person's own noise, of the logarithm."""
AGELESS = ["corneum_um", "inflammation_per_mm2"]
"""The parameters that no age moves."""


def draw_constitution(n_people: int, seed: int) -> pd.DataFrame:
    """Draw what is a person's own for life.

    Returns
    -------
    pandas.DataFrame
        A row per person: the factor on each parameter in `NOISE_OF`, and the two parameters that
        are free of age (corneum_um, inflammation_per_mm2).
    """
    columns = {
        name: np.exp(stream(seed, name).normal(0, spread, n_people))
        for name, spread in NOISE_OF.items()
    }
    columns["corneum_um"] = stream(seed, "corneum_um").normal(26, 4, n_people).clip(min=8)
    columns["inflammation_per_mm2"] = stream(seed, "inflammation").gamma(2, 0.15, n_people)
    return pd.DataFrame(columns)


def tissue_of(
    visits: pd.DataFrame, constitution: pd.DataFrame, dials: Mapping[str, float]
) -> pd.DataFrame:
    """Apply the law.

    Parameters
    ----------
    visits
        A row per biopsy: age_years, sex, body_site, sun_exposure, acceleration_years (and those of
        compartments), outdoor_life where there is one.
    constitution
        A row per biopsy, in the same order, of `draw_constitution`.
    dials
        A number for each effect; other dials are 0 if they are absent.

    Returns
    -------
    pandas.DataFrame
        A row per biopsy: the parameters, units in their names.
    """
    t = decades_of(visits, dials)
    female, sun = (visits["sex"] == "F").to_numpy(), visits["sun_exposure"].to_numpy()
    site = SITES.loc[visits["body_site"], "thickness"].to_numpy()
    lost = 0.6 / (1 + np.exp(-(20 + 10 * t["rete"] - 47) / 9))
    rete = np.where(female, 60 * (1 - lost), 60 - 6 * t["rete"])
    law = {
        "epidermis_um": 75 * site * np.exp(-np.where(female, 0.059, 0.075) * t["epidermis"]),
        "rete_um": np.maximum(15, rete),
        "dermis_um": 1400 * site * np.exp(-0.062 * t["dermis"]),
        "collagen_fraction": 0.80 - 0.035 * t["collagen"],
        "fibre_concentration": 5 * np.exp(-0.15 * t["disorder"]),
        "bundle_um": 13 * np.exp(-0.05 * t["bundles"]),
        "elastosis_um": sun * 4 * np.maximum(0, 20 + 10 * t["elastosis"] - 35),
        "fibroblasts_per_mm2": 800 * np.exp(-0.06 * t["fibroblasts"]),
        "dark_fraction": 0.05 + 0.03 * t["dark_nuclei"],
        "vessels_per_mm2": 10 * np.exp(-0.05 * t["vessels"] * sun),
        "vessel_um": 24 * np.exp(-0.04 * t["vessels"]),
        "adnexa_per_mm2": 2.7 * np.exp(-0.03 * t["adnexa"]),
    }
    tissue = pd.DataFrame(law, index=visits.index) * constitution[[*law]].to_numpy()
    if "outdoor_life" in visits:
        tissue["elastosis_um"] *= np.exp(0.4 * dials["outdoor"] * visits["outdoor_life"])
    tissue["collagen_fraction"] = tissue["collagen_fraction"].clip(0.4, 0.92)
    tissue["dark_fraction"] = tissue["dark_fraction"].clip(0.01, 0.9)
    tissue[AGELESS] = constitution[AGELESS].to_numpy()
    return tissue
