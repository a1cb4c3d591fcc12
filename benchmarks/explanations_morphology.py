"""Claim: structures are found, and measured in um, under every scanner and at both resolutions.

Sections are drawn with known labels and known tissue, each by five scanners (blur, gamma) at
1 um/px, and half of them at .5 um/px too. Two tables: overlap (Dice) of each structure with the
labels, and the correlation over people of each measure with what was planted. A section cut at an
angle shows layers thicker by 1 / cos(angle), so thicknesses are compared with what the section
shows; the correlation with the person's own thickness stands beside it. `dermis_um` needs a
subcutis, which a section of the old and the thin shows: `--thin` more people are among them.

    python benchmarks/explanations_morphology.py [--people 24] [--thin 8] [--jobs 2]
"""

import argparse
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from skinage.explain.morphology.segment import measure_section, segment
from skinage.explain.morphology.segmentation import Segmentation
from skinage.explain.morphology.structures import Structure
from skinage.phantom import Label, draw_slide, make_people
from skinage.phantom.drawing.optics import SCANNER_BLUR_UM, THICKNESSES

SHOWN = {
    Structure.CORNEUM: [Label.STRATUM_CORNEUM],
    Structure.EPIDERMIS: [Label.VIABLE_EPIDERMIS, Label.KERATINOCYTE_NUCLEUS],
    Structure.PAPILLARY_DERMIS: [Label.PAPILLARY_DERMIS],
    Structure.RETICULAR_DERMIS: [Label.COLLAGEN, Label.GAP],
    Structure.SUBCUTIS: [Label.FAT],
    Structure.ADNEXA: [Label.FOLLICLE, Label.SEBACEOUS_GLAND, Label.ECCRINE_GLAND],
    Structure.VESSEL: [Label.VESSEL],
    Structure.UNSURE: [Label.FOLD, Label.PEN, Label.DUST],
}
"""The labels of each structure; pixels of `EITHER` count for no structure of the dermis."""
EITHER = [Label.ELASTOSIS, Label.FIBROBLAST_NUCLEUS, Label.LYMPHOCYTE, Label.LESION]
NUCLEI = [Label.KERATINOCYTE_NUCLEUS, Label.FIBROBLAST_NUCLEUS, Label.LYMPHOCYTE]
LEAST_UM2 = 2_000.0
"""Overlap is not counted where a section shows less of a structure."""
PLANTED = {
    "interdigitation": "rete_um",
    "ridge_height_um": "rete_um",
    "reticular_collagen_fraction": "collagen_fraction",
    "fibre_order": "fibre_concentration",
    "spindle_nuclei_per_mm2": "fibroblasts_per_mm2",
    "fibre_coherency": "fibre_concentration",
    "orientation_entropy": "fibre_concentration",
    "dark_nuclei_fraction": "dark_fraction",
}
"""The planted parameter of a measure with another name."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=24, help="how many people of all ages")
    parser.add_argument("--thin", type=int, default=8, help="how many more with a thin dermis")
    parser.add_argument("--jobs", type=int, default=-1, help="processes; -1 takes all cores")
    parser.add_argument("--out", type=Path, help="a CSV of all sections to write")
    options = parser.parse_args()
    rows = people_to_draw(options.people, options.thin)
    jobs = [delayed(grade_person)(row, k, k % 2 == 0) for k, row in enumerate(rows)]
    sections = pd.DataFrame([one for many in Parallel(options.jobs)(jobs) for one in many])
    if options.out:
        sections.to_csv(options.out, index=False)
    print("overlap with the labels (Dice), mean over people; cpu: seconds for both steps")
    print(overlaps(sections).round(3).to_string())
    print("\nmeasured against planted, over people; r_person: without the angle of the section")
    print(correlations(sections).round(2).to_string())


def people_to_draw(n_people: int, n_thin: int) -> list[dict[str, Any]]:
    """Return people as drawn at random, and more whose dermis ends within a section."""
    people = make_people(400, seed=7)
    more = people.iloc[n_people:]
    thin = more[(more["dermis_um"] < 900) & ~more["has_pen"]].head(n_thin)
    return pd.concat([people.head(n_people), thin]).to_dict("records")


def grade_person(row: dict[str, Any], number: int, at_half: bool) -> list[dict[str, Any]]:
    """Draw a person's section under every scanner, and grade what is found."""
    views = [(scanner, 1.0) for scanner in SCANNER_BLUR_UM]
    views += [(scanner, 0.5) for scanner in ("A", "D")] if at_half else []
    return [grade(row | {"scanner": scanner}, number, mpp) for scanner, mpp in views]


def grade(row: dict[str, Any], number: int, mpp: float) -> dict[str, Any]:
    """Draw one section; return its overlaps, measures and planted values."""
    pixels, labels = draw_slide(row, seed=[7, number], mpp=mpp)
    start = time.process_time()
    found = segment(pixels, mpp)
    values, _ = measure_section(found)
    cpu_s = time.process_time() - start
    oblique = 1 / np.cos(np.deg2rad(row["section_tilt_deg"]))
    planted = {f"planted {name}": value for name, value in row.items() if np.isreal(value)}
    shown = {f"shown {name}": row[name] * oblique for name in THICKNESSES}
    key = {"scanner": row["scanner"], "mpp": mpp, "cpu": cpu_s}
    step = round(found.mpp / mpp)
    return key | dice_of(found, labels[::step, ::step]) | values | planted | shown


def dice_of(found: Segmentation, labels: np.ndarray) -> dict[str, float]:
    """Return the overlap of each structure, of nuclei and of elastosis with the labels."""
    either, pairs = np.isin(labels, EITHER), {}
    for structure, shown in SHOWN.items():
        mask = found.structures == structure
        if structure in (Structure.PAPILLARY_DERMIS, Structure.RETICULAR_DERMIS):
            mask &= ~either
        pairs[structure.name.lower()] = mask, np.isin(labels, shown)
    if found.nuclei.any():
        pairs["nuclei"] = found.nuclei > 0, np.isin(labels, NUCLEI)
    if found.elastosis.any():
        pairs["elastosis"] = found.elastosis, labels == Label.ELASTOSIS
    least_px = LEAST_UM2 / found.mpp**2
    return {
        f"dice {name}": overlap(*masks)
        for name, masks in pairs.items()
        if masks[1].sum() >= least_px
    }


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Return the Dice coefficient of two masks."""
    return 2 * np.count_nonzero(one & other) / (np.count_nonzero(one) + np.count_nonzero(other))


def overlaps(sections: pd.DataFrame) -> pd.DataFrame:
    """Return the mean overlap per structure (rows) and scanner and resolution (columns)."""
    names = [name for name in sections if name.startswith("dice ")]
    return sections.groupby(["scanner", "mpp"])[[*names, "cpu"]].mean().T


def correlations(sections: pd.DataFrame) -> pd.DataFrame:
    """Return r, slope and mean difference of each measure, per scanner and resolution."""
    rows = []
    for (scanner, mpp), group in sections.groupby(["scanner", "mpp"]):
        for name, planted in pairs_of(sections):
            person = group[f"planted {planted}"]
            shown = group.get(f"shown {planted}", person)
            known = group[name].notna()
            if known.sum() < 4:
                continue
            fit = np.polyfit(shown[known], group.loc[known, name], 1)
            rows.append(
                {"measure": name, "planted": planted, "scanner": scanner, "mpp": mpp,
                 "n": int(known.sum()), "r": group[name].corr(shown),
                 "r_person": group[name].corr(person), "slope": fit[0],
                 "difference": (group[name] - shown).mean()}
            )  # fmt: skip
    key = ["measure", "planted", "scanner", "mpp"]
    columns = [*key, "n", "r", "r_person", "slope", "difference"]
    return pd.DataFrame(rows, columns=columns).set_index(key).sort_index()


def pairs_of(sections: pd.DataFrame) -> Iterable[tuple[str, str]]:
    """Yield each measure of which something is planted, and the name of that."""
    for name in sections:
        planted = PLANTED.get(name, name)
        if f"planted {planted}" in sections and not name.startswith(("planted ", "shown ")):
            yield name, planted


if __name__ == "__main__":
    main()
