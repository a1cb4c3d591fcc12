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

from skinage.errors import CohortError, LeakageError, SkinageError, SlideError, StageError

__version__ = "0.1.0"

_ROOM_OF = {
    "read_cohort": "skinage.cohort",
    "describe_cohort": "skinage.cohort",
    "first_visits": "skinage.cohort",
    "open_slide": "skinage.slides.slide",
    "open_row": "skinage.slides.slide",
    "find_tissue": "skinage.slides.tissue",
    "number_pieces": "skinage.slides.tissue",
    "choose_tiles": "skinage.slides.choice",
    "tile": "skinage.slides.tiles",
    "read_tiles": "skinage.slides.batches",
    "read_pixels": "skinage.slides.batches",
    "check_slides": "skinage.slides.check",
    "HistologyViews": "skinage.contrastive.views",
    "Pairs": "skinage.contrastive.pairs",
    "train": "skinage.contrastive.train",
    "untrained_encoder": "skinage.contrastive.start",
    "Encoder": "skinage.contrastive.encoder",
    "new_encoder": "skinage.contrastive.encoder",
    "load_encoder": "skinage.contrastive.encoder",
    "embed": "skinage.embedding.embed",
    "read_atlas": "skinage.embedding.embed",
    "ColourFeatures": "skinage.embedding.colour",
    "map_atlas": "skinage.embedding.atlas",
    "typical_tiles": "skinage.embedding.atlas",
    "pool": "skinage.ageing.people",
    "person_folds": "skinage.folds",
    "group_folds": "skinage.folds",
    "groups_of": "skinage.folds",
    "check_leakage": "skinage.leakage",
    "predict_age": "skinage.ageing.prediction",
    "fit_clock": "skinage.ageing.clock",
    "Clock": "skinage.ageing.clock",
    "save_clock": "skinage.ageing.clock_folder",
    "load_clock": "skinage.ageing.clock_folder",
    "report_card": "skinage.ageing.card",
    "report_by": "skinage.ageing.groups",
    "compare_clocks": "skinage.ageing.compare",
    "learning_curve": "skinage.ageing.learning",
    "predict_slides": "skinage.ageing.replicates",
    "replicate_agreement": "skinage.ageing.agreement",
    "tripod": "skinage.ageing.tripod",
    "acceleration": "skinage.ageing.acceleration",
    "correlation_with_age": "skinage.ageing.remaining_age",
    "compare_definitions": "skinage.ageing.remaining_age",
    "mortality": "skinage.ageing.outcomes",
    "prevalence": "skinage.ageing.outcomes",
    "associations": "skinage.ageing.associations",
    "tune": "skinage.transfer.tune",
    "Tuned": "skinage.transfer.tuned",
    "attribute": "skinage.explain.attribution",
    "tile_shares": "skinage.explain.attribution",
    "measure_tiles": "skinage.explain.morphology",
    "measure_people": "skinage.explain.morphology",
    "drivers": "skinage.explain.drivers",
    "shap_values": "skinage.explain.drivers",
    "save_figure": "skinage.results",
    "save_table": "skinage.results",
    "save_metrics": "skinage.results",
    "leave_out": "skinage.results",
}
_MODULES = ("figures", "phantom")

__all__ = ["CohortError", "LeakageError", "SkinageError", "SlideError", "StageError"]
__all__ += list(_MODULES) + list(_ROOM_OF)


def __getattr__(name: str) -> Any:
    if name in _ROOM_OF:
        return getattr(importlib.import_module(_ROOM_OF[name]), name)
    if name in _MODULES:
        return importlib.import_module(f"skinage.{name}")
    raise AttributeError(f"module 'skinage' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
