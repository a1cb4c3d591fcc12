"""The public names of the phantom: read by `lazy_loader` and by type checkers."""

from .dials import DIALS as DIALS
from .drawing.labels import LABEL_NAMES as LABEL_NAMES
from .drawing.labels import Label as Label
from .drawing.optics import draw_slide as draw_slide
from .files import make_cohort as make_cohort
from .people import make_people as make_people
from .people import make_slides as make_slides
from .presets import PRESETS as PRESETS
from .reference import real_skin as real_skin
from .truth import (
    read_labels as read_labels,
)
from .truth import (
    read_planted as read_planted,
)
from .truth import (
    read_truth as read_truth,
)
from .truth import (
    read_truth_slides as read_truth_slides,
)
