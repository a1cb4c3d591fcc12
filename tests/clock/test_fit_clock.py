"""The clock of one fold is the one that predicted the fold."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestRegressor

from skinage.clock.fit_clock import fit_fold_clock
from skinage.clock.learners.pooled import Pooled
from skinage.clock.persistence import load_clock
from skinage.clock.prediction import predict_age
from skinage.errors import LeakageError, SettingError, StageError
from skinage.people.pool import pool


@pytest.fixture
def cohort(make_cohort):
    """Forty people, ten with a later visit, the scanners' names not in the order of the folds."""
    first = make_cohort(40).assign(visit=1, scanner=[*"DACB"] * 10)
    later = first.head(10).assign(visit=2, slide_id=lambda one: one["person_id"] + "_2")
    later["age_years"] += 3
    return pd.concat([later, first], ignore_index=True)


@pytest.mark.filterwarnings("ignore:clock. .* people lie outside")
@pytest.mark.parametrize("model", ["ridge", "trees", RandomForestRegressor(5),
                                   Pooled("ridge", ("proportions", "q50"))],
                         ids=["ridge", "trees", "forest", "proportions"])  # fmt: skip
@pytest.mark.parametrize("folds", [3, "scanner"])
def test_the_clock_of_a_fold_predicts_what_the_table_says(
    model, folds, cohort, make_atlas, tmp_path, monkeypatch
):
    monkeypatch.setattr("skinage.clock.learners.trees.MOST_ROUNDS", 5)
    atlas = make_atlas(cohort)
    ages = predict_age(atlas, cohort, model, folds=folds, seed=4)
    ages.to_csv(tmp_path / "ages.csv", index=False)
    ages = pd.read_csv(tmp_path / "ages.csv").set_index("person_id")
    clock = fit_fold_clock(atlas, cohort, ages.reset_index(), fold=1, model=model, seed=4)
    tested = ages[ages["fold"] == 1]
    found = clock.predict(atlas, cohort)[tested.index]
    np.testing.assert_allclose(found, tested["predicted_years"], atol=1e-9)
    assert clock.metadata["n_people"] == 40 - len(tested)
    # Its intervals are those of the table too, and only people of other folds are its own.
    own = atlas.obs["person_id"].isin(tested.index).to_numpy()
    applied = clock.apply(atlas[own].copy(), cohort).set_index("person_id")
    np.testing.assert_allclose(applied["lower_years"], tested["lower_years"], atol=1e-9)
    with pytest.raises(LeakageError, match="it was fitted on"):
        clock.apply(atlas, cohort)


def test_a_table_of_all_visits_and_of_pooled_people_will_do(cohort, make_atlas):
    atlas = make_atlas(cohort)
    ages = predict_age(atlas, cohort, visits="all", coverage=None)
    clock = fit_fold_clock(pool(atlas, cohort), cohort, ages, fold=0, calibrated=False)
    assert clock.calibration is None
    tested = ages[(ages["fold"] == 0) & (ages["visit"] == 1)].set_index("person_id")
    found = clock.predict(pool(atlas, cohort), cohort)[tested.index]
    np.testing.assert_allclose(found, tested["predicted_years"], atol=1e-9)


def test_folds_and_people_that_are_not_there_are_named(cohort, make_atlas):
    atlas = make_atlas(cohort)
    ages = predict_age(atlas, cohort, coverage=None)
    with pytest.raises(SettingError, match=r"no fold 7; choose from \[0, 1, 2, 3, 4\]"):
        fit_fold_clock(atlas, cohort, ages, fold=7)
    more = pd.concat([ages, ages.head(1).assign(person_id="X")])
    with pytest.raises(StageError, match=r"1 people of the table of ages .*'X'"):
        fit_fold_clock(atlas, cohort, more, fold=0)


def test_your_own_learner_reads_its_clock_back(make_cohort, make_people, tmp_path):
    class Constant:
        name, needs_tiles = "constant", False

        def __init__(self, years=None):
            self.years = years

        def fit(self, inputs, target, *, seed):
            return Constant(target.mean())

        def load(self, arrays):
            return Constant(float(arrays["years"]))

        def predict(self, inputs):
            return np.full(len(inputs), self.years)

        def arrays(self):
            return {"years": np.array(self.years)}

    cohort = make_cohort(30)
    people = make_people(np.random.default_rng(0).normal(size=(30, 4)))
    ages = predict_age(people, cohort, Constant(), coverage=None)
    clock = fit_fold_clock(people, cohort, ages, fold=2, model=Constant())
    clock.save(tmp_path)
    found = load_clock(tmp_path, Constant()).predict(people)
    training = ages["age_years"][ages["fold"] != 2]
    assert np.allclose(found, training.mean())
