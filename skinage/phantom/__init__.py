"""A synthetic cohort with a planted truth: people, their tissue, their slides, their fate.

Everything the toolkit claims to find is planted here with known size, so that each step can be
checked against the truth. The law of the tissue is stated in `skinage.phantom.people`, that of
deaths and diseases in `skinage.phantom.fate`.

>>> from skinage import phantom
>>> phantom.make_people(3, seed=0)["person_id"].tolist()
['P00000', 'P00001', 'P00002']
"""

import importlib
from typing import Any

_HOME_OF = {
    "make_cohort": "making",
    "make_people": "people",
    "read_planted": "truth",
    "read_truth": "truth",
    "render": "optics",
    "render_labels": "optics",
}

__all__ = [
    "make_cohort",
    "make_people",
    "read_planted",
    "read_truth",
    "render",
    "render_labels",
]


def __getattr__(name: str) -> Any:
    if name in _HOME_OF:
        return getattr(importlib.import_module(f"skinage.phantom.{_HOME_OF[name]}"), name)
    raise AttributeError(f"module 'skinage.phantom' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
