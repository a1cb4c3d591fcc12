import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from skinage.clock.fit_clock import fit_clock
from skinage.errors import StageError
from skinage.explain.importance import feature_importance, name_features
from skinage.explain.shapley import shap_values

NAMES = ["mean_0000", "mean_0001", "std_0000", "std_0001"]


def test_sex_is_a_feature_without_a_measure(people, morphology, cohort):
    clock = fit_clock(people, cohort, "trees", calibrated=False)
    table = feature_importance(shap_values(clock, people, cohort), people, morphology)
    row = table.set_index("feature").loc["sex_male"]
    assert row["label"] == "sex_male"
    assert row["years_per_sd"] > 0.5


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
    shuffled.loc["another"] = 0.5
    pd.testing.assert_frame_equal(
        name_features(people, shuffled), name_features(people, morphology)
    )


def test_a_person_without_a_measure_drops_no_feature(people, morphology):
    morphology.iloc[3, 0] = np.nan
    named = name_features(people, morphology).set_index("feature")
    assert named.loc["mean_0000", "measure"] == "gaps"
    assert named.loc["mean_0000", "spearman_r"] > 0.95


def test_important_features_come_strongest_first(clock, people, morphology):
    explanation = shap_values(clock, people)
    table = feature_importance(explanation, people, morphology, n=3)
    assert len(table) == 3
    strength = np.abs(explanation.values).mean(axis=0)
    assert list(table["feature"]) == [NAMES[k] for k in np.argsort(-strength)[:3]]
    np.testing.assert_allclose(table["mean_abs_years"], np.sort(strength)[::-1][:3])
    row = table.set_index("feature").loc["mean_0001"]
    assert row["years_per_sd"] == pytest.approx(-6 / 0.5 * people["mean_0001"].std(ddof=0))
    assert row["label"] == f"mean_0001: fibre coherency (r = {row['spearman_r']:.2f})"


def test_too_few_people_in_common(people, morphology):
    with pytest.raises(StageError, match="4 people are in both tables"):
        name_features(people, morphology[:4])
