"""The figures, loaded when first used: read by `lazy_loader` and by type checkers."""

from .age_acceleration import (
    acceleration_by_age as acceleration_by_age,
)
from .age_acceleration import (
    age_dependence as age_dependence,
)
from .age_acceleration import (
    truth_scatter as truth_scatter,
)
from .attribution import attribution_panel as attribution_panel
from .attribution import slide_contributions as slide_contributions
from .clock import (
    age_scatter as age_scatter,
)
from .clock import (
    bland_altman as bland_altman,
)
from .clock import (
    calibration as calibration,
)
from .cohort import age_histogram as age_histogram
from .concepts import concept_effects as concept_effects
from .contrastive import (
    switch_gallery as switch_gallery,
)
from .contrastive import (
    training_curves as training_curves,
)
from .contrastive import (
    view_gallery as view_gallery,
)
from .embedding import cluster_gallery as cluster_gallery
from .embedding import umap_scatter as umap_scatter
from .evaluation import (
    baselines as baselines,
)
from .evaluation import (
    error_by_group as error_by_group,
)
from .evaluation import (
    learning_curve as learning_curve,
)
from .evaluation import (
    replicates as replicates,
)
from .grades import map_grades as map_grades
from .importance import (
    importance_beeswarm as importance_beeswarm,
)
from .importance import (
    importance_dependence as importance_dependence,
)
from .importance import (
    importance_waterfall as importance_waterfall,
)
from .live_curves import LiveCurves as LiveCurves
from .morphology import section_structures as section_structures
from .outcomes import forest as forest
from .outcomes import survival_by_acceleration as survival_by_acceleration
from .phantom import label_map as label_map
from .phantom import skin_panels as skin_panels
from .tiling import slide_overview as slide_overview
from .tiling import tile_gallery as tile_gallery
from .tissue import measure_by_age as measure_by_age
from .tissue import tissue_differences as tissue_differences
