import numpy as np
import pandas as pd
import pytest

import skinage as ska
from skinage import StageError, skipped
from skinage.explain.morphology.clock import join_features, measure_features
from skinage.people.pool import feature_names

N_PEOPLE = 100
SHOWN = ["epidermis_um", "interdigitation", "corneum_um"]


@pytest.fixture(scope="module")
def people():
    """Age stands in two measures, and weakly in 150 features of an encoder."""
    rng = np.random.default_rng(0)
    ids = pd.Index([f"P{k:03d}" for k in range(N_PEOPLE)], name="person_id")
    age = rng.uniform(20, 90, N_PEOPLE)
    measures = pd.DataFrame(
        {
            "n_slides": 1,
            "surface_mm": 2.0,
            "epidermis_um": 90 * np.exp(-0.008 * age + 0.08 * rng.normal(size=N_PEOPLE)),
            "corneum_um": np.where(age > 50, age - 50, 0) * rng.lognormal(0, 0.1, N_PEOPLE),
            "interdigitation": 2 - age / 100,
        },
        ids,
    )
    weak = np.outer(age, rng.normal(size=150)) / 50 + rng.normal(size=(N_PEOPLE, 150)) * 3
    names = [f"mean_{k:04d}" for k in range(150)]
    encoder = pd.DataFrame(weak, ids, names).assign(n_tiles=40, n_slides=1)
    encoder.attrs["encoder_hash"] = "abc"
    cohort = pd.DataFrame({"slide_id": ids, "person_id": ids, "age_years": age})
    return measures, encoder, cohort


def test_sizes_are_logarithms_and_ratios_are_not(people):
    measures = people[0]
    features = measure_features(measures, SHOWN)
    assert feature_names(features) == ["epidermis_um", "interdigitation", "corneum_um"]
    assert np.allclose(features["epidermis_um"], np.log(measures["epidermis_um"]))
    assert np.allclose(features["interdigitation"], measures["interdigitation"])
    half = measures["corneum_um"][measures["corneum_um"] > 0].median() / 2
    assert np.allclose(features["corneum_um"], np.log(measures["corneum_um"] + half))


def test_missing_measures_are_filled_and_counted(people):
    measures = people[0].copy()
    measures.iloc[:3, measures.columns.get_loc("epidermis_um")] = np.nan
    measures.iloc[:60, measures.columns.get_loc("corneum_um")] = np.nan
    measures["interdigitation"] = 1.0
    features = measure_features(measures, SHOWN)
    assert feature_names(features) == ["epidermis_um"]
    assert (features["epidermis_um"][:3] == features["epidermis_um"].median()).all()
    assert skipped(features)["item"].tolist() == [
        "epidermis_um of 3 people", "interdigitation", "corneum_um",
    ]  # fmt: skip
    with pytest.raises(StageError, match="none of 1 measures"):
        measure_features(measures, ["interdigitation"])


def test_both_together_are_as_good_as_the_better_of_the_two(people):
    measures, encoder, cohort = people
    features = measure_features(measures, SHOWN)
    both, learner = join_features(encoder, features)
    sets = {"encoder": encoder, "measures": features, "both": both}
    models = {"encoder": "ridge", "measures": "ridge", "both": learner}
    table = ska.compare_clocks(sets, cohort, models, n_deals=1, n_shuffles=0)
    mae = table.set_index("features")["mae_years"]
    assert mae["both"] < 1.1 * min(mae["encoder"], mae["measures"])
    ages = ska.predict_age(both, cohort, learner, coverage=None)
    assert (ages["encoder"] == "abc").all()


def test_people_without_measures_are_counted(people):
    measures, encoder, _ = people
    both, _ = join_features(encoder, measure_features(measures[5:], SHOWN))
    assert len(both) == N_PEOPLE - 5
    assert skipped(both)["item"].tolist() == [f"5 of {N_PEOPLE} people"]
