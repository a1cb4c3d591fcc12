"""Figures: a table in, matplotlib ``Axes`` in and out; nothing is shown, saved or set globally.

One module per step: ``phantom``, ``cohort``, ``slides``, ``training``, ``atlas``, ``ageing``,
``agreement``, ``acceleration``, ``outcomes``, ``explain``; ``style`` holds styles and colours.
Each is loaded when first used.
"""

import importlib
from types import ModuleType

_STEPS = (
    "phantom", "cohort", "slides", "training", "atlas", "ageing", "agreement",
    "acceleration", "outcomes", "explain", "style",
)  # fmt: skip


def __getattr__(name: str) -> ModuleType:
    if name in _STEPS:
        return importlib.import_module(f"skinage.figures.{name}")
    raise AttributeError(f"module 'skinage.figures' has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(_STEPS)
