"""Each slide predicted alone, by a clock that was fitted without the person."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skinage.clock.data import clock_data
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
    are taken slide by slide. Where people have several slides of one biopsy, `replicate_agreement`
    measures how well these agree.

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
        at the visit of the slide, ``predicted_years``, ``fold``, ``n_tiles``.

    Raises
    ------
    SettingError, StageError, LeakageError
        As `predict_age`; also if ``obs`` does not name the slides.
    """
    if "slide_id" not in atlas.obs:
        raise StageError("predict_slides: obs has no column slide_id; join the tile table to it")
    data = clock_data(atlas, cohort, model)
    known = data.known
    known["fold"], known["group"] = assign_folds(known, cohort, folds, seed)
    check_folds(known["fold"], cohort, data.inputs)
    of_tile = atlas.obs["slide_id"].astype(object).to_numpy()
    slides = pd.concat(
        _by_slide(table, inputs.person_tiles().rows, of_tile)
        for table, inputs in data.asked(cohort, visits)
    ).sort_values("slide_id", ignore_index=True)
    ids, rows = pd.Index(slides["person_id"]), [*slides.pop("rows")]
    sex_male = sex_code(known.get("sex"), ids)
    tested = tile_inputs(atlas, rows, pd.Index(slides["slide_id"]), sex_male, data.statistics)
    fold = known["fold"].reindex(ids)
    found = predict_out_of_fold(data.learner, data.inputs, known, None, seed, [(tested, fold)])
    slides["predicted_years"] = found["predicted_years"].to_numpy()
    slides["fold"] = fold.to_numpy()
    slides["n_tiles"] = [len(some) for some in rows]
    add_skipped(slides, "predict_slides", data.skipped)
    return slides


def _by_slide(people: pd.DataFrame, rows: list[np.ndarray], of_tile: np.ndarray) -> pd.DataFrame:
    """Return a row per slide of people (or of their later visits), with the rows of its tiles."""
    names = ["visit"] * ("visit" in people) + ["age_years"]
    parts = [
        {"slide_id": slide, "person_id": person, **known, "rows": own[of_tile[own] == slide]}
        for person, known, own in zip(
            people.index, people[names].to_dict("records"), rows, strict=True
        )
        for slide in pd.unique(of_tile[own])
    ]
    return pd.DataFrame(parts, columns=["slide_id", "person_id", *names, "rows"])
