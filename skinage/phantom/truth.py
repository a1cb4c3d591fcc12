"""The planted truth, kept apart from the cohort table so that no clock ever meets it."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import tifffile

from skinage.errors import StageError
from skinage.phantom.dials import DIALS, EFFECTS
from skinage.phantom.drawing.labels import Label
from skinage.phantom.population.fate import planted_effects
from skinage.phantom.presets import Preset
from skinage.phantom.tissue import AGELESS, NOISE_OF

SLIDES, LABELS = "slides", "labels"
PUBLIC = [
    "slide_id", "person_id", "path", "age_years", "sex", "body_site", "scanner", "stain_batch",
    "biopsy_year", "visit", "arm", "follow_up_years", "died",
]  # fmt: skip
"""The columns that a register would know; the diseases follow."""
PUBLIC_WITH_DIALS = ["cause_of_death", "hospital", "indication", "smoker"]
"""Columns that a register knows too where the phantom has them; they come last."""
OF_PEOPLE = ["age_years", "outdoor_life", "measured_gap_years"]
"""Columns of the truth of people, where they are there and not public."""
MPP_TOLERANCE = 1.01


def public(slides: pd.DataFrame) -> pd.DataFrame:
    """Return the cohort table of a phantom: the rows of `make_slides` without what is planted.

    Where there are brackets they stand in place of the ages.
    """
    diseases = [column for column in slides if str(column).startswith("disease_")]
    paths = f"{SLIDES}/" + slides["slide_id"] + ".tiff"
    known = [*PUBLIC, *diseases, *(name for name in PUBLIC_WITH_DIALS if name in slides)]
    if "age_low" in slides:
        at = known.index("age_years")
        known[at : at + 1] = ["age_low", "age_high"]
    return slides.assign(path=paths)[known]


def truth_tables(slides: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the truth as tables by file name: a row per person at first biopsy, a row per slide.

    They share only the ids with the cohort table.
    """
    cohort = public(slides).drop(columns=["slide_id", "person_id"])
    by_slide = slides[[column for column in slides if column not in cohort]]
    own = [name for name in by_slide if str(name) in OF_PEOPLE or "acceleration_" in str(name)]
    planted = ["person_id", *own, "sun_exposure", *NOISE_OF, *AGELESS]
    return {
        "truth.csv": slides.drop_duplicates("person_id")[planted],
        "truth_slides.csv": by_slide.assign(label_path=f"{LABELS}/" + slides["slide_id"] + ".tiff"),
    }


def truth_of_all(planted: Preset) -> dict[str, Any]:
    """Return what holds for the whole phantom, for ``truth.json``."""
    effects = planted_effects(planted.hazard_ratio, planted.odds_ratio, planted.dials)
    labels = {label.name.lower(): int(label) for label in Label}
    return {**dataclasses.asdict(planted), "effects": effects.to_dict("records"), "labels": labels}


def read_truth(cohort_path: str | Path) -> pd.DataFrame | None:
    """Read what was planted in each person of a phantom.

    Parameters
    ----------
    cohort_path
        The cohort table; the truth lies beside it in ``truth.csv``.

    Returns
    -------
    pandas.DataFrame or None
        A row per person at the first biopsy: ``person_id``, ``acceleration_years`` and tissue
        parameters; None if the cohort is no phantom.
    """
    return _read_table(cohort_path, "truth.csv")


def read_truth_slides(cohort_path: str | Path) -> pd.DataFrame | None:
    """Read what was planted in each slide of a phantom.

    Parameters
    ----------
    cohort_path
        The cohort table; the truth lies beside it in ``truth_slides.csv``.

    Returns
    -------
    pandas.DataFrame or None
        A row per slide: ``slide_id``, ``person_id``, ``acceleration_years`` at that biopsy, tissue
        parameters, nuisances and ``label_path``; None if the cohort is no phantom.
    """
    return _read_table(cohort_path, "truth_slides.csv")


def read_planted(cohort_path: str | Path) -> pd.DataFrame:
    """Read what was planted in the whole phantom.

    Parameters
    ----------
    cohort_path
        The cohort table; the settings lie beside it in ``truth.json``.

    Returns
    -------
    pandas.DataFrame
        A row per planted effect or setting: ``planted`` (``preset``, ``seed``, ``treated arm``,
        outcomes as results name them, ``death`` and ``disease_*``, and ``dial *`` of those that do
        something to the cohort), ``value``, ``unit`` (of a dial: what it does).

    Raises
    ------
    StageError
        If the cohort is no phantom.
    """
    truth = _read_settings(cohort_path)
    rows = [("preset", truth["preset"], ""), ("seed", truth["seed"], "")]
    for effect in truth["effects"]:
        unit = f"{effect['estimate_name'].replace('_', ' ')} {effect['unit']}"
        unit += f" ({effect['meaning']})" if effect["meaning"] else ""
        rows.append((effect["outcome"], effect["planted"], unit))
    rows.append(("treated arm", truth["arm_effect_years"], "years of acceleration"))
    on = [name for name, value in truth["dials"].items() if value and name not in EFFECTS]
    rows += [(f"dial {name}", truth["dials"][name], DIALS[name].what) for name in on]
    return pd.DataFrame(rows, columns=["planted", "value", "unit"])


def read_labels(
    cohort_path: str | Path, slide_id: str, mpp: float | None = None
) -> tuple[np.ndarray, float]:
    """Read the label of each pixel of a phantom's slide.

    Parameters
    ----------
    cohort_path
        The cohort table; ``labels/`` lies beside it.
    slide_id
        The slide whose labels are read.
    mpp
        The um per pixel wanted: the coarsest level that is not coarser is read, or the finest if
        none is fine enough. None reads the finest.

    Returns
    -------
    labels : numpy.ndarray
        ``(h, w)`` uint8, values of `skinage.phantom.drawing.labels.Label`.
    mpp : float
        um per pixel of this level.

    Raises
    ------
    StageError
        If the cohort is no phantom, has no such slide, or its labels are gone.
    """
    finest = _read_settings(cohort_path)["mpp"]
    path = Path(cohort_path).parent / LABELS / f"{slide_id}.tiff"
    if not path.is_file():
        known = pd.read_csv(cohort_path)["slide_id"]
        raise StageError(
            f"{path}: no such file; found slide_id {slide_id!r}, expected one of {len(known)}, "
            f"such as {known[0]}. If it is one of them, make the phantom again: what is there is "
            "kept."
        )
    with tifffile.TiffFile(path) as file:
        halvings = np.log2(MPP_TOLERANCE * max(mpp or finest, finest) / finest)
        level = min(int(halvings), len(file.pages) - 1)
        return file.pages[level].asarray(), finest * 2**level


def _read_table(cohort_path: str | Path, name: str) -> pd.DataFrame | None:
    path = Path(cohort_path).parent / name
    if not path.is_file():
        return None
    # pandas' own way of reading numbers may be off in the last digit.
    keys = {"person_id": str, "slide_id": str}
    table = pd.read_csv(path, dtype=keys, float_precision="round_trip")
    return table.fillna({"lesion": ""})  # an empty field means no lesion, not a missing value


def _read_settings(cohort_path: str | Path) -> dict[str, Any]:
    path = Path(cohort_path).parent / "truth.json"
    if not path.is_file():
        raise StageError(
            f"{cohort_path}: no {path.name} beside it, so it is no phantom and nothing planted is "
            "known; make one with `skinage phantom`."
        )
    return json.loads(path.read_text())
