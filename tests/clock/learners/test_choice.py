import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from skinage.clock.data import pooled_learner
from skinage.clock.learners.choice import LEARNERS, learner_of
from skinage.clock.learners.pooled import Pooled
from skinage.errors import SettingError


def test_models_are_found_by_name():
    assert learner_of("ridge") is LEARNERS["ridge"]
    assert learner_of("ElasticNetCV").name == "ElasticNetCV"
    assert learner_of(LinearRegression(positive=True)).regressor.positive
    own = Pooled("trees")
    assert learner_of(own) is own


@pytest.mark.parametrize(
    ("wrong", "near"),
    [
        ("elastic_net", "did you mean ElasticNet or"),
        ("gaussian_process", "GaussianProcessRegressor"),
        ("rigde", "did you mean ridge"),
        ("xyz", "no model 'xyz' Choose from ridge, trees, attention"),
    ],
)
def test_a_misspelt_name_is_answered_by_the_near_ones(wrong, near):
    with pytest.raises(SettingError, match=near):
        learner_of(wrong)


def test_what_is_no_model_is_refused():
    with pytest.raises(SettingError, match="an object, not a class"):
        learner_of(LinearRegression)
    with pytest.raises(SettingError, match="VotingRegressor cannot be made without arguments"):
        learner_of("VotingRegressor")
    with pytest.raises(SettingError, match="is no model"):
        learner_of(7)


def test_statistics_of_one_person_are_pooled_once_and_proportions_in_each_fold(
    make_cohort, make_atlas, make_people
):
    atlas, table = make_atlas(make_cohort(20)), make_people(np.ones((3, 2)))
    assert pooled_learner("ridge", atlas) == (LEARNERS["ridge"], ("mean", "std"))
    assert pooled_learner(Pooled("ridge", ["q10"]), atlas) == (LEARNERS["ridge"], ("q10",))
    proportions = Pooled("ridge", ("mean", "proportions"))
    assert pooled_learner(proportions, atlas) == (proportions, ("mean", "proportions"))
    for model in ("attention", proportions):
        with pytest.raises(SettingError, match="pools the tiles itself; give the atlas"):
            pooled_learner(model, table)
    with pytest.raises(SettingError, match="attention pools the tiles itself; give it alone"):
        Pooled("attention")
    with pytest.raises(SettingError, match="unknown statistics"):
        Pooled("ridge", ("skew",))
