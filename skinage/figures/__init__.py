"""Figures of every step.

In: a table, and optionally ``ax``. Out: matplotlib ``Axes``; nothing is shown, saved or set globally.
Start with `style`, which holds styles and colours; then one module per room.
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
