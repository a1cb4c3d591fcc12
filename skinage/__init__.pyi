"""The public names, loaded when first used: read by `lazy_loader` and by type checkers."""

from . import figures as figures
from . import phantom as phantom
from .age_acceleration.acceleration import acceleration as acceleration
from .age_acceleration.age_dependence import (
    age_dependence as age_dependence,
)
from .age_acceleration.age_dependence import (
    compare_definitions as compare_definitions,
)
from .age_acceleration.recalibration import recalibrate as recalibrate
from .age_acceleration.reliability import reliability as reliability
from .age_acceleration.slide_acceleration import slide_acceleration as slide_acceleration
from .clock.clock import Clock as Clock
from .clock.fit_clock import fit_clock as fit_clock
from .clock.fit_clock import fit_fold_clock as fit_fold_clock
from .clock.learners.base import Learner as Learner
from .clock.learners.pooled import Pooled as Pooled
from .clock.learners.stacked import Stacked as Stacked
from .clock.persistence import load_clock as load_clock
from .clock.prediction import predict_age as predict_age
from .clock.slide_prediction import predict_halves as predict_halves
from .clock.slide_prediction import predict_slides as predict_slides
from .cohort.folds import (
    group_folds as group_folds,
)
from .cohort.folds import (
    groups_of as groups_of,
)
from .cohort.folds import (
    person_folds as person_folds,
)
from .cohort.leakage import check_leakage as check_leakage
from .cohort.people import first_visits as first_visits
from .cohort.table import describe_cohort as describe_cohort
from .cohort.table import read_cohort as read_cohort
from .contrastive.methods.method import Method as Method
from .contrastive.pairs.pairs import Pairs as Pairs
from .contrastive.training.train import train as train
from .contrastive.views.choice import HistologyViews as HistologyViews
from .embedding.atlas import map_atlas as map_atlas
from .embedding.atlas import typical_tiles as typical_tiles
from .embedding.colour import ColourFeatures as ColourFeatures
from .embedding.embed import embed as embed
from .embedding.embed import read_atlas as read_atlas
from .encoders.encoder import (
    Encoder as Encoder,
)
from .encoders.encoder import (
    load_encoder as load_encoder,
)
from .encoders.encoder import (
    new_encoder as new_encoder,
)
from .encoders.untrained import untrained_encoder as untrained_encoder
from .errors import (
    CohortError as CohortError,
)
from .errors import (
    LeakageError as LeakageError,
)
from .errors import (
    SettingError as SettingError,
)
from .errors import (
    SkinageError as SkinageError,
)
from .errors import (
    SlideError as SlideError,
)
from .errors import (
    StageError as StageError,
)
from .evaluation.baselines import compare_clocks as compare_clocks
from .evaluation.groups import report_by_group as report_by_group
from .evaluation.learning_curve import learning_curve as learning_curve
from .evaluation.report_card import report_card as report_card
from .explain.attribution.age_of_tiles import AgeOfTiles as AgeOfTiles
from .explain.attribution.attribute import attribute as attribute
from .explain.attribution.baselines import Baseline as Baseline
from .explain.attribution.baselines import baseline_tiles as baseline_tiles
from .explain.attribution.baselines import plain_baselines as plain_baselines
from .explain.attribution.comparison import compare_baselines as compare_baselines
from .explain.attribution.concepts import concept_sensitivity as concept_sensitivity
from .explain.attribution.contributions import tile_contributions as tile_contributions
from .explain.counterfactual.claims import claim_against_change as claim_against_change
from .explain.counterfactual.claims import claim_agreement as claim_agreement
from .explain.counterfactual.similar import similar_people as similar_people
from .explain.counterfactual.similar import similar_tiles as similar_tiles
from .explain.faithfulness.case import MapCase as MapCase
from .explain.faithfulness.grade import failed_words as failed_words
from .explain.faithfulness.grade import grade_maps as grade_maps
from .explain.faithfulness.map_case import map_case as map_case
from .explain.faithfulness.randomised import randomise as randomise
from .explain.faithfulness.randomised import shuffle_ages as shuffle_ages
from .explain.importance.groups import group_features as group_features
from .explain.importance.groups import sum_groups as sum_groups
from .explain.importance.names import name_groups as name_groups
from .explain.importance.shapley import shap_values as shap_values
from .explain.morphology.clock import (
    join_features as join_features,
)
from .explain.morphology.clock import (
    measure_features as measure_features,
)
from .explain.morphology.combine import measure_people as measure_people
from .explain.morphology.maps import read_map as read_map
from .explain.morphology.segment import measure_section as measure_section
from .explain.morphology.segment import segment as segment
from .explain.morphology.slides import measure_slides as measure_slides
from .explain.morphology.tiles import measure_tiles as measure_tiles
from .explain.tissue import tissue_by_acceleration as tissue_by_acceleration
from .explain.unnamed import explained_by_measures as explained_by_measures
from .outcomes.associations import associations as associations
from .outcomes.disease import prevalence as prevalence
from .outcomes.mortality import follow_up as follow_up
from .outcomes.mortality import mortality as mortality
from .people.pool import pool as pool
from .reporting.tripod import tripod as tripod
from .skip_log import skipped as skipped
from .slides.check import check_slides as check_slides
from .slides.reading.batches import read_pixels as read_pixels
from .slides.reading.batches import read_tiles as read_tiles
from .slides.reading.device import read_tensors as read_tensors
from .slides.slide import open_row as open_row
from .slides.slide import open_slide as open_slide
from .tiling.choice import choose_tiles as choose_tiles
from .tiling.table import tile as tile
from .tiling.tissue import find_tissue as find_tissue
from .tiling.tissue import number_pieces as number_pieces
from .transfer.tune import tune as tune
from .transfer.tuned import Tuned as Tuned

__version__: str
