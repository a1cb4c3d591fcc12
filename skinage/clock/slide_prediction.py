"""The same person twice: each slide predicted alone, by a clock that has not seen the person."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from skinage.clock.fitting import fit_and_calibrate, learner_of
from skinage.clock.learners.base import Learner
from skinage.clock.prediction import (
    Folds,
    assign_folds,
    check_folds,
    inner_of,
    refuse_leaking_features,
)
from skinage.errors import StageError
from skinage.people.clock_inputs import inputs_of, inputs_of_tiles, person_ids
from skinage.people.known_ages import match_ages
from skinage.people.person_tiles import Tiles

if TYPE_CHECKING:
    from anndata import AnnData


def predict_slides(
    atlas: "AnnData",
    cohort: pd.DataFrame,
    model: str | Learner = "ridge",
    *,
    folds: Folds = 5,
    statistics: Sequence[str] = ("mean", "std"),
    seed: int = 0,
) -> pd.DataFrame:
    """Predict age from each slide alone, by a clock of the people of the other folds.

    The clock is fitted on people, with all of their slides; only those it is asked about are
    taken slide by slide. Where people have several slides of one biopsy, `replicate_agreement`
    tells how far these agree.

    Parameters
    ----------
    atlas
        Tiles, with ``slide_id`` and ``person_id`` in ``obs``.
    cohort, model, folds, statistics, seed
        As for `predict_age`.

    Returns
    -------
    pandas.DataFrame
        A row per slide: ``slide_id``, ``person_id``, ``age_years``, ``predicted_years``, ``fold``,
        ``n_tiles``.

    Raises
    ------
    StageError, LeakageError
        As `predict_age`; also if ``obs`` does not name the slides.
    """
    if "slide_id" not in atlas.obs:
        raise StageError("predict_slides: obs has no column slide_id; join the tile table to it")
    known = match_ages(person_ids(atlas), cohort)
    refuse_leaking_features(atlas, known.index)
    known["fold"], known["group"] = assign_folds(known, cohort, folds, seed)
    learner = learner_of(model, statistics)
    everybody = inputs_of(atlas, known.index, known.get("sex"), statistics)
    check_folds(known["fold"], cohort, everybody)
    slides = _slides(atlas, known)
    sex_male = everybody.sex_male[known.index.get_indexer(slides["person_id"])]
    tiles = Tiles(everybody.person_tiles().features, [*slides["rows"]])
    tested = inputs_of_tiles(tiles, sex_male, statistics)
    for one in known["fold"].unique():
        held_out = (known["fold"] == one).to_numpy()
        training = known[~held_out]
        inner = inner_of(training, seed)
        fitted, _ = fit_and_calibrate(
            learner, everybody.take(~held_out), training, inner, calibrated=False, seed=seed
        )
        asked = (slides["fold"] == one).to_numpy()
        slides.loc[asked, "predicted_years"] = fitted.predict(tested.take(asked))
    return slides.drop(columns="rows").reset_index(drop=True)


def _slides(atlas: "AnnData", known: pd.DataFrame) -> pd.DataFrame:
    """Make a row per slide, with the rows of its tiles."""
    obs = atlas.obs[["slide_id", "person_id"]].astype(object).reset_index(drop=True)
    rows = obs.groupby("slide_id").indices
    slides = obs.drop_duplicates("slide_id").set_index("slide_id", drop=False).rename_axis(None)
    slides = slides[slides["person_id"].isin(known.index)].sort_values("slide_id")
    slides["age_years"] = slides["person_id"].map(known["age_years"])
    slides["predicted_years"] = np.nan
    slides["fold"] = slides["person_id"].map(known["fold"])
    slides["n_tiles"] = [len(rows[slide]) for slide in slides["slide_id"]]
    slides["rows"] = [rows[slide] for slide in slides["slide_id"]]
    return slides
