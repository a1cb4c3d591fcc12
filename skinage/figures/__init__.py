"""Figures of every step.

In: a table, and optionally ``ax``. Out: matplotlib ``Axes``, or a ``Figure`` of many panels;
nothing is shown, saved or set globally.
Start with `style`, which holds styles and colours; then one module per room.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "cohort": ["age_histogram"],
        "tiling": ["slide_overview", "tile_gallery"],
        "contrastive": ["view_gallery", "switch_gallery", "training_curves"],
        "live_curves": ["LiveCurves"],
        "embedding": ["umap_scatter", "cluster_gallery"],
        "clock": ["age_scatter", "calibration", "bland_altman"],
        "evaluation": ["baselines", "error_by_group", "learning_curve", "replicates"],
        "age_acceleration": ["acceleration_by_age", "age_dependence", "truth_scatter"],
        "outcomes": ["forest", "survival_by_acceleration"],
        "explain": ["attribution_panel", "importance_beeswarm", "measure_by_age"],
        "phantom": ["skin_panels", "label_map"],
    },
)
