"""Each slide, or half of the tiles, predicted by a clock that was fitted without the person."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skinage.clock.data import ClockData, clock_data
from skinage.clock.prediction import (
    Folds,
    assign_folds,
    check_folds,
    predict_out_of_fold,
)
from skinage.errors import StageError
from skinage.people.clock_inputs import sex_code, tile_inputs
from skinage.skip_log import add_skipped

if TYPE_CHECKING:
    from anndata import AnnData

KNOWN = ("age_years", "age_low", "age_high", "sex")
LEAST_TILES = 4
"""The fewest tiles of a person that are halved: the SD of a half needs two."""


def predict_slides(
    atlas: "AnnData",
    cohort: pd.DataFrame,
    model: Any = "ridge",
    *,
    folds: Folds = 5,
    visits: str = "first",
    seed: int = 0,
) -> pd.DataFrame:
    """Predict age from each slide alone, by a clock of the people of the other folds.

    The clock is fitted on people, with all slides of their first visit; only those to be predicted
    are taken slide by slide. Where people have several slides of one biopsy, `reliability` measures
    how well these agree.

    Parameters
    ----------
    atlas
        Tiles, with ``slide_id`` and ``person_id`` in ``obs``.
    cohort, model, folds
        As for `predict_age`.
    visits
        "first" for the slides of first visits; "all" for those of later visits too.
    seed
        As for `predict_age`.

    Returns
    -------
    pandas.DataFrame
        A row per slide: ``slide_id``, ``person_id``, ``visit`` (with visits="all"), ``age_years``
        at the visit of the slide, with brackets ``age_low`` and ``age_high``, ``sex`` (if known),
        ``predicted_years``, ``fold``, ``n_tiles``.

    Raises
    ------
    SettingError, StageError, LeakageError
        As `predict_age`; also if ``obs`` does not name the slides.
    """
    of_tile = _slide_of_tile(atlas, "predict_slides")
    data = clock_data(atlas, cohort, model)
    slides = pd.concat(
        _by_slide(table, inputs.person_tiles().rows, of_tile)
        for table, inputs in data.asked(cohort, visits)
    ).sort_values("slide_id", ignore_index=True)
    slides = _predict(data, cohort, folds, slides, seed)
    add_skipped(slides, "predict_slides", data.skipped)
    return slides


def predict_halves(
    atlas: "AnnData",
    cohort: pd.DataFrame,
    model: Any = "ridge",
    *,
    folds: Folds = 5,
    seed: int = 0,
) -> pd.DataFrame:
    """Predict age from each half of a person's tiles, to see what the choice of tiles decides.

    The tiles of each slide are split at random. The clock is fitted on all tiles of the people of
    the other folds, as by `predict_age`. `reliability` measures how well the halves agree.

    Parameters
    ----------
    atlas
        Tiles, with ``slide_id`` and ``person_id`` in ``obs``; those of first visits are taken.
    cohort, model, folds
        As for `predict_age`.
    seed
        Seed of the halves; also as for `predict_age`.

    Returns
    -------
    pandas.DataFrame
        Two rows per person: ``person_id``, ``half`` (1 or 2), ``n_slides`` of the person,
        ``age_years``, with brackets ``age_low`` and ``age_high``, ``sex`` (if known),
        ``predicted_years``, ``fold``, ``n_tiles`` of the half. People with fewer than four tiles
        are excluded; `skinage.skipped` names them.

    Raises
    ------
    SettingError, StageError, LeakageError
        As `predict_slides`.
    """
    of_tile = _slide_of_tile(atlas, "predict_halves")
    data = clock_data(atlas, cohort, model)
    halves, few = _by_half(data.known, data.inputs.person_tiles().rows, of_tile, seed)
    halves = _predict(data, cohort, folds, halves, seed)
    reason = f"fewer than {LEAST_TILES} tiles to halve"
    few_tiles = {f"person {person}": reason for person in few}
    add_skipped(halves, "predict_halves", data.skipped | few_tiles)
    return halves


def _slide_of_tile(atlas: "AnnData", where: str) -> np.ndarray:
    if "slide_id" not in atlas.obs:
        raise StageError(f"{where}: obs has no column slide_id; join the tile table to it")
    return atlas.obs["slide_id"].astype(object).to_numpy()


def _predict(
    data: ClockData, cohort: pd.DataFrame, folds: Folds, parts: pd.DataFrame, seed: int
) -> pd.DataFrame:
    """Predict parts of people, a row each, from the ``rows`` of their tiles."""
    known = data.known
    known["fold"], known["group"] = assign_folds(known, cohort, folds, seed)
    check_folds(known["fold"], cohort, data.inputs)
    ids, rows = pd.Index(parts["person_id"]), [*parts.pop("rows")]
    sex_male = sex_code(known.get("sex"), ids)
    tested = tile_inputs(data.first.people, rows, ids, sex_male, data.statistics)
    fold = known["fold"].reindex(ids)
    found = predict_out_of_fold(data.learner, data.inputs, known, None, seed, [(tested, fold)])
    parts["predicted_years"] = found["predicted_years"].to_numpy()
    parts["fold"] = fold.to_numpy()
    parts["n_tiles"] = [len(some) for some in rows]
    exact = (parts["age_low"] == parts["age_high"]).all()
    return parts.drop(columns=["age_low", "age_high"]) if exact else parts


def _by_slide(people: pd.DataFrame, rows: list[np.ndarray], of_tile: np.ndarray) -> pd.DataFrame:
    """Return a row per slide of people (or of their later visits), with the rows of its tiles."""
    names = [name for name in ("visit", *KNOWN) if name in people]
    parts = [
        {"slide_id": slide, "person_id": person, **known, "rows": own[of_tile[own] == slide]}
        for person, known, own in zip(
            people.index, people[names].to_dict("records"), rows, strict=True
        )
        for slide in pd.unique(of_tile[own])
    ]
    return pd.DataFrame(parts, columns=["slide_id", "person_id", *names, "rows"])


def _by_half(
    people: pd.DataFrame, rows: list[np.ndarray], of_tile: np.ndarray, seed: int
) -> tuple[pd.DataFrame, list[str]]:
    """Return two rows per person, with the rows of their tiles, and who has too few tiles."""
    generator = np.random.default_rng(seed)
    names = [name for name in KNOWN if name in people]
    parts, few = [], []
    for person, known, own in zip(
        people.index, people[names].to_dict("records"), rows, strict=True
    ):
        if len(own) < LEAST_TILES:
            few.append(person)
            continue
        mixed = generator.permutation(own)
        slides, number = np.unique(of_tile[mixed].astype(str), return_inverse=True)
        mixed = mixed[np.argsort(number, kind="stable")]  # slide by slide, in random order
        parts += [
            {"person_id": person, "half": half, "n_slides": len(slides), **known,
             "rows": np.sort(mixed[half - 1 :: 2])}
            for half in (1, 2)
        ]  # fmt: skip
    columns = ["person_id", "half", "n_slides", *names, "rows"]
    return pd.DataFrame(parts, columns=columns), few
