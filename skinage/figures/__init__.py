"""Figures of every step.

In: a table, and optionally ``ax``. Out: matplotlib ``Axes``, or a ``Figure`` of many panels;
nothing is shown, saved or set globally.
Start with `style`, which holds styles and colours; then one module per room.
"""

import importlib
from typing import Any

_MODULE_OF = {
    "age_histogram": "cohort",
    "slide_overview": "tiling",
    "tile_gallery": "tiling",
    "view_gallery": "contrastive",
    "switch_gallery": "contrastive",
    "training_curves": "contrastive",
    "LiveCurves": "live_curves",
    "umap_scatter": "embedding",
    "cluster_gallery": "embedding",
    "age_scatter": "clock",
    "calibration": "clock",
    "bland_altman": "clock",
    "error_by_group": "evaluation",
    "baselines": "evaluation",
    "learning_curve": "evaluation",
    "replicates": "evaluation",
    "acceleration_by_age": "age_acceleration",
    "age_dependence": "age_acceleration",
    "truth_scatter": "age_acceleration",
    "forest": "outcomes",
    "survival_by_acceleration": "outcomes",
    "attribution_panel": "explain",
    "importance_beeswarm": "explain",
    "measure_by_age": "explain",
    "skin_panels": "phantom",
    "label_map": "phantom",
}

__all__ = list(_MODULE_OF)


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(importlib.import_module(f"skinage.figures.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module 'skinage.figures' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
