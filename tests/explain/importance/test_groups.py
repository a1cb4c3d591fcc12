import numpy as np
import pandas as pd
import pytest

from skinage.clock.fit_clock import fit_fold_clock
from skinage.clock.prediction import predict_age
from skinage.errors import SettingError, StageError
from skinage.explain.importance.groups import group_features, sum_groups
from skinage.explain.importance.shapley import shap_values


@pytest.fixture
def planted():
    """Three sources; 5, 3 and 1 features follow them, some upside down; one is the same in all."""
    rng = np.random.default_rng(0)
    sources = rng.normal(size=(60, 3))
    columns = {
        f"mean_{k:04d}": sources[:, of] * (-1) ** k + 0.2 * rng.normal(size=60)
        for k, of in enumerate([0, 0, 0, 0, 0, 1, 1, 1, 2])
    }
    index = pd.Index([f"P{k:02d}" for k in range(60)], name="person_id")
    return pd.DataFrame(columns, index).assign(std_0000=0.1 + 0.2, n_tiles=9)


def test_features_that_go_together_are_one_group_whatever_their_sign(planted):
    groups = group_features(planted)
    assert list(groups) == ["group 01"] * 5 + ["group 02"] * 3 + ["group 03", "group 04"]
    assert groups.index.name == "feature"
    assert "n_tiles" not in groups
    assert len(set(group_features(planted, least_r=0))) == 1
    assert len(set(group_features(planted, least_r=1))) == 10


def test_one_feature_is_one_group(planted):
    assert group_features(planted[["mean_0003"]]).to_dict() == {"mean_0003": "group 01"}


def test_what_cannot_be_grouped(planted):
    with pytest.raises(SettingError, match=r"least_r is 1\.5"):
        group_features(planted, least_r=1.5)
    with pytest.raises(StageError, match="2 people with 10 features"):
        group_features(planted[:2])
    planted.iloc[3:5, 1] = np.nan
    with pytest.raises(StageError, match="'mean_0001' is not a number for 2 people"):
        group_features(planted)


@pytest.mark.parametrize("model", ["ridge", "trees"])
def test_years_of_groups_add_up_to_what_the_model_of_the_fold_predicted(people, cohort, model):
    people = people.drop(columns="std_0000").assign(mean_0002=-people["mean_0001"])
    ages = predict_age(people, cohort, model, folds=2, coverage=None, seed=3)
    clocks = {
        fold: fit_fold_clock(people, cohort, ages, fold=fold, model=model, calibrated=False, seed=3)
        for fold in ages["fold"].unique()
    }
    explanation = shap_values(clocks, people[::-1], cohort, ages=ages)
    groups = group_features(people)
    summed = sum_groups(explanation, groups)
    assert list(summed.instance_names) == list(people.index[::-1])
    total = np.asarray(summed.values).sum(axis=1) + summed.base_values
    predicted = ages.set_index("person_id")["predicted_years"].loc[people.index[::-1]]
    np.testing.assert_allclose(total, predicted, atol=1e-3 if model == "trees" else 1e-9)
    # Sex, which no group of features holds, stays alone.
    expected = sorted(groups.unique()) + ["sex_male"] * (model == "trees")
    assert list(summed.feature_names) == expected
    twins = ["mean_0001", "mean_0002"]
    assert len(set(groups[twins])) == 1
    years = pd.DataFrame(explanation.values, columns=explanation.feature_names)[twins].sum(axis=1)
    place = expected.index(groups["mean_0001"])
    np.testing.assert_allclose(np.asarray(summed.values)[:, place], years)


def test_the_level_of_a_group_is_turned_the_way_of_its_strongest_member(clock, people):
    explanation = shap_values(clock, people)
    groups = pd.Series("all", ["mean_0000", "mean_0001", "std_0000", "std_0001"])
    level = np.asarray(sum_groups(explanation, groups).data)[:, 0]
    strongest = np.abs(explanation.values).mean(axis=0).argmax()
    assert np.corrcoef(level, explanation.data[:, strongest])[0, 1] > 0.5


def test_groups_of_other_features_are_refused(clock, people):
    explanation = shap_values(clock, people)
    with pytest.raises(StageError, match=r"none of the 4 .* 'mean_0000'"):
        sum_groups(explanation, pd.Series({"other": "group 01"}))
