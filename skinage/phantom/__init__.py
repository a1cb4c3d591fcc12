"""A synthetic cohort with a planted truth: people, their tissue, their slides, their fate.

Everything the toolkit claims to find is planted here with known size, so that each step can be
checked against the truth.

- people: `make_people`, `make_slides`; the law of the tissue is stated in `skinage.phantom.tissue`,
  that of deaths and diseases in `skinage.phantom.fate`, the presets in `skinage.phantom.presets`.
- pictures: `render`, `render_labels`; what a pixel can be is `Label`; `real_skin` to compare with.
- the folder: `make_cohort`, and for what was planted in it `read_truth`, `read_truth_slides`,
  `read_planted` and `read_labels`.

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
