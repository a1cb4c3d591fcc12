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
