"""A synthetic cohort with a planted truth: people, their tissue, their slides, their fate.

In: a preset and a seed. Out: a cohort folder, and beside it the truth that was planted.
Start with `files.make_cohort`, then `tissue` (the law of ageing), `fate` and `presets`.

>>> from skinage import phantom
>>> phantom.make_people(3, seed=0)["person_id"].tolist()
['P00000', 'P00001', 'P00002']
"""

import importlib
from typing import Any

_HOME_OF = {
    "LABEL_NAMES": "drawing.labels",
    "Label": "drawing.labels",
    "PRESETS": "presets",
    "make_cohort": "files",
    "make_people": "people",
    "make_slides": "people",
    "read_labels": "truth",
    "read_planted": "truth",
    "read_truth": "truth",
    "read_truth_slides": "truth",
    "real_skin": "reference",
    "render": "drawing.optics",
    "render_labels": "drawing.optics",
}

__all__ = list(_HOME_OF)


def __getattr__(name: str) -> Any:
    if name in _HOME_OF:
        return getattr(importlib.import_module(f"skinage.phantom.{_HOME_OF[name]}"), name)
    raise AttributeError(f"module 'skinage.phantom' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
