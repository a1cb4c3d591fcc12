import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from skinage.clock.clock import Clock
from skinage.clock.learners.ridge import LinearModel, Ridge
from skinage.errors import StageError
from skinage.explain.importance import feature_importance, name_features, shap_values

N_PEOPLE = 40
NAMES = ["mean_0000", "mean_0001", "std_0000", "std_0001"]


@pytest.fixture
def morphology():
    rng = np.random.default_rng(0)
    index = pd.Index([f"P{k:02d}" for k in range(N_PEOPLE)], name="person_id")
    return pd.DataFrame(rng.uniform(size=(N_PEOPLE, 2)), index, ["gaps", "fibre_coherency"])


@pytest.fixture
def people(morphology):
    noise = np.random.default_rng(1).normal(size=(2, N_PEOPLE))
    return pd.DataFrame(
        {
            "mean_0000": np.exp(3 * morphology["gaps"]),  # monotone, far from linear
            "mean_0001": -morphology["fibre_coherency"] + 0.1 * noise[0],
            "std_0000": 7.0,
            "std_0001": noise[1],
            "n_tiles": 25,
        }
    )


@pytest.fixture
def clock(people):
    # The clock was fitted on other people: its mean is not the mean of these.
    mean = people[NAMES].mean().to_numpy() + 0.5
    scale, coefficients = np.array([2.0, 0.5, 1.0, 3.0]), np.array([4.0, -6.0, 1.0, 0.1])
    model = LinearModel(mean, scale, coefficients, np.array(52.0))
    metadata = {"feature_names": NAMES, "encoder_hash": None, "statistics": None}
    return Clock(metadata, Ridge(), model, None, None)


def test_shap_values_are_the_closed_form(clock, people):
    explanation = shap_values(clock, people)
    terms = clock.linear
    expected = terms.coefficients * (people[NAMES].to_numpy() - terms.mean) / terms.scale
    np.testing.assert_allclose(explanation.values, expected, atol=1e-10)
    np.testing.assert_allclose(explanation.base_values, 52.0)
    assert explanation.feature_names == NAMES


def test_shap_values_add_up_to_the_predicted_age(clock, people):
    explanation = shap_values(clock, people)
    total = np.sum(explanation.values, axis=1) + explanation.base_values
    np.testing.assert_allclose(total, clock.predict(people))


def test_features_are_named_after_what_they_follow(people, morphology):
    named = name_features(people, morphology).set_index("feature")
    assert list(named.index) == NAMES
    assert named.loc["mean_0000", "measure"] == "gaps"
    assert named.loc["mean_0000", "spearman_r"] == pytest.approx(1)
    assert named.loc["mean_0001", "measure"] == "fibre_coherency"
    expected = spearmanr(people["mean_0001"], morphology["fibre_coherency"]).statistic
    assert named.loc["mean_0001", "spearman_r"] == pytest.approx(expected)
    assert expected < -0.8
    assert named.loc["std_0000", "measure"] is None
    assert np.isnan(named.loc["std_0000", "spearman_r"])


def test_tables_are_matched_by_person_not_by_row(people, morphology):
    shuffled = morphology.sample(frac=1, random_state=0)
    shuffled.loc["stranger"] = 0.5
    pd.testing.assert_frame_equal(
        name_features(people, shuffled), name_features(people, morphology)
    )


def test_a_person_without_a_measure_drops_no_feature(people, morphology):
    morphology.iloc[3, 0] = np.nan
    named = name_features(people, morphology).set_index("feature")
    assert named.loc["mean_0000", "measure"] == "gaps"
    assert named.loc["mean_0000", "spearman_r"] > 0.95


def test_drivers_come_strongest_first(clock, people, morphology):
    table = feature_importance(clock, people, morphology, n=3)
    assert len(table) == 3
    strength = np.abs(shap_values(clock, people).values).mean(axis=0)
    assert list(table["feature"]) == [NAMES[k] for k in np.argsort(-strength)[:3]]
    np.testing.assert_allclose(table["mean_abs_years"], np.sort(strength)[::-1][:3])
    row = table.set_index("feature").loc["mean_0001"]
    assert row["years_per_sd"] == -6
    assert row["label"] == f"mean_0001: fibre coherency (r = {row['spearman_r']:.2f})"


def test_a_feature_that_is_missing(clock, people):
    with pytest.raises(StageError, match=r"1 of the clock's 4 features are missing .* 'std_0001'"):
        shap_values(clock, people.drop(columns="std_0001"))


def test_too_few_people_in_common(people, morphology):
    with pytest.raises(StageError, match="4 people are in both tables"):
        name_features(people, morphology[:4])
