"""skinage: from skin-biopsy slides to an explained age clock.

The pipeline, in the order of the data::

    cohort table -> slide -> tissue -> tile table -> two views -> encoder -> embeddings
    -> people -> age -> acceleration -> outcomes, and back from age to tissue

>>> import skinage as ska  # doctest: +SKIP
>>> cohort = ska.read_cohort("cohort.csv")  # doctest: +SKIP
>>> tiles = ska.tile(cohort, tile_px=64, mpp=2.0)  # doctest: +SKIP
>>> encoder = ska.train(tiles, seed=0)  # doctest: +SKIP
>>> atlas = ska.embed(tiles, encoder)  # doctest: +SKIP
>>> ages = ska.predict_age(ska.pool(atlas), cohort, seed=0)  # doctest: +SKIP
>>> accel = ska.acceleration(ages, definition="linear")  # doctest: +SKIP

Public names are loaded when first used, so that ``import skinage`` stays fast.
"""

import importlib
from typing import Any

from skinage.errors import (
    CohortError,
    LeakageError,
    SettingError,
    SkinageError,
    SlideError,
    StageError,
)

__version__ = "0.2.0"

_ROOM_OF = {
    "skipped": "skinage.skip_log",
    "read_cohort": "skinage.cohort.table",
    "describe_cohort": "skinage.cohort.table",
    "first_visits": "skinage.cohort.people",
    "open_slide": "skinage.slides.slide",
    "open_row": "skinage.slides.slide",
    "find_tissue": "skinage.tiling.tissue",
    "number_pieces": "skinage.tiling.tissue",
    "choose_tiles": "skinage.tiling.choice",
    "tile": "skinage.tiling.table",
    "read_tiles": "skinage.slides.reading.batches",
    "read_pixels": "skinage.slides.reading.batches",
    "read_tensors": "skinage.slides.reading.device",
    "check_slides": "skinage.slides.check",
    "HistologyViews": "skinage.contrastive.views.choice",
    "Method": "skinage.contrastive.methods.method",
    "Pairs": "skinage.contrastive.pairs.pairs",
    "train": "skinage.contrastive.training.train",
    "untrained_encoder": "skinage.encoders.untrained",
    "Encoder": "skinage.encoders.encoder",
    "new_encoder": "skinage.encoders.encoder",
    "load_encoder": "skinage.encoders.encoder",
    "embed": "skinage.embedding.embed",
    "read_atlas": "skinage.embedding.embed",
    "ColourFeatures": "skinage.embedding.colour",
    "map_atlas": "skinage.embedding.atlas",
    "typical_tiles": "skinage.embedding.atlas",
    "pool": "skinage.people.pool",
    "person_folds": "skinage.cohort.folds",
    "group_folds": "skinage.cohort.folds",
    "groups_of": "skinage.cohort.folds",
    "check_leakage": "skinage.cohort.leakage",
    "predict_age": "skinage.clock.prediction",
    "fit_clock": "skinage.clock.fit_clock",
    "fit_fold_clock": "skinage.clock.fit_clock",
    "Clock": "skinage.clock.clock",
    "Learner": "skinage.clock.learners.base",
    "Pooled": "skinage.clock.learners.pooled",
    "load_clock": "skinage.clock.persistence",
    "report_card": "skinage.evaluation.report_card",
    "report_by_group": "skinage.evaluation.groups",
    "compare_clocks": "skinage.evaluation.baselines",
    "learning_curve": "skinage.evaluation.learning_curve",
    "predict_slides": "skinage.clock.slide_prediction",
    "replicate_agreement": "skinage.evaluation.repeatability",
    "tripod": "skinage.reporting.tripod",
    "acceleration": "skinage.age_acceleration.acceleration",
    "age_dependence": "skinage.age_acceleration.age_dependence",
    "compare_definitions": "skinage.age_acceleration.age_dependence",
    "follow_up": "skinage.outcomes.mortality",
    "mortality": "skinage.outcomes.mortality",
    "prevalence": "skinage.outcomes.disease",
    "associations": "skinage.outcomes.associations",
    "tune": "skinage.transfer.tune",
    "Tuned": "skinage.transfer.tuned",
    "attribute": "skinage.explain.attribution",
    "tile_contributions": "skinage.explain.attribution",
    "measure_tiles": "skinage.explain.morphology",
    "measure_people": "skinage.explain.morphology",
    "feature_importance": "skinage.explain.importance",
    "shap_values": "skinage.explain.shapley",
}
_MODULES = ("figures", "phantom")

__all__ = [
    "CohortError", "LeakageError", "SettingError", "SkinageError", "SlideError", "StageError",
]  # fmt: skip
__all__ += list(_MODULES) + list(_ROOM_OF)


def __getattr__(name: str) -> Any:
    if name in _ROOM_OF:
        return getattr(importlib.import_module(_ROOM_OF[name]), name)
    if name in _MODULES:
        return importlib.import_module(f"skinage.{name}")
    raise AttributeError(f"module 'skinage' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
