import warnings

import numpy as np
import pandas as pd
import pytest

from skinage.clock.fit_clock import fit_clock
from skinage.clock.learners.pooled import Pooled
from skinage.clock.learners.stacked import Stacked
from skinage.clock.persistence import load_clock
from skinage.clock.prediction import predict_age
from skinage.errors import LeakageError, StageError
from skinage.evaluation.report_card import report_card
from skinage.people.pool import pool


def linear_features(ages_years, n_features, noise, seed=0):
    generator = np.random.default_rng(seed)
    signal = np.outer((ages_years - 55) / 20, generator.normal(size=n_features))
    return 3 + signal + noise * generator.normal(size=signal.shape)


@pytest.fixture
def clock_and_people(make_cohort, make_people):
    cohort = make_cohort(40)
    people = make_people(linear_features(cohort["age_years"], 50, noise=0.1))
    people.attrs["encoder_hash"] = "abc"
    return fit_clock(people, cohort), people, cohort


def test_a_fitted_clock_is_the_sum_it_says(clock_and_people):
    clock, people, cohort = clock_and_people
    features = people.to_numpy()[:, :-1]
    terms = clock.linear
    by_hand = terms.intercept + ((features - terms.mean) / terms.scale * terms.coefficients).sum(1)
    np.testing.assert_allclose(clock.predict(people), by_hand)
    np.testing.assert_allclose(clock.predict(people), cohort["age_years"], atol=2)
    np.testing.assert_allclose(terms.scale, features.std(0))


def test_a_saved_clock_predicts_the_same(clock_and_people, tmp_path):
    clock, people, _ = clock_and_people
    clock.save(tmp_path / "clock")
    loaded = load_clock(tmp_path / "clock")
    assert loaded.metadata == clock.metadata
    assert loaded.predict(people).equals(clock.predict(people))


def test_what_its_people_were_predicted_out_of_fold_is_kept(clock_and_people, tmp_path):
    clock, people, cohort = clock_and_people
    ages = predict_age(people, cohort, coverage=None)  # whose folds are those of the intervals
    clock.save(tmp_path / "clock")
    for one in (clock, load_clock(tmp_path / "clock")):
        np.testing.assert_allclose(one.calibration.predicted_years, ages["predicted_years"])
        np.testing.assert_array_equal(one.calibration.age_low, cohort["age_years"])
        np.testing.assert_array_equal(one.calibration.age_high, cohort["age_years"])


def test_a_clock_refuses_other_features(clock_and_people):
    clock, people, _ = clock_and_people
    with pytest.raises(StageError, match=r"fitted on 50 features .* got 49"):
        clock.predict(people.drop(columns="mean_0007"))
    other = people.copy()
    other.attrs["encoder_hash"] = "def"
    with pytest.raises(StageError, match="encoder abc, got def"):
        clock.predict(other)


@pytest.fixture
def new_cohort(make_cohort):
    cohort = make_cohort(300, seed=7)
    return cohort.assign(person_id="N" + cohort["person_id"])


def features_like(cohort, template):
    values = linear_features(cohort["age_years"], template.shape[1] - 1, noise=0.1, seed=0)
    people = pd.DataFrame(values, cohort["person_id"], template.columns[:-1])
    people.attrs["encoder_hash"] = "abc"
    return people


def test_a_new_cohort_gets_ages_intervals_and_a_report(clock_and_people, new_cohort):
    clock, people, _ = clock_and_people
    new = features_like(new_cohort, people)
    with pytest.warns(UserWarning, match="9 of 300 people lie outside"):  # hardly more than 2 %
        table = clock.apply(new, new_cohort, coverage=0.8)
    assert [*table.columns] == [
        "person_id", "age_years", "sex", "predicted_years", "lower_years", "upper_years", "outside",
        "encoder",
    ]  # fmt: skip
    inside = table["age_years"].between(table["lower_years"], table["upper_years"])
    assert abs(inside.mean() - 0.8) < 0.2  # of forty people, the coverage itself varies
    assert (table["outside"] != "").sum() == 9
    metadata = report_card(table).set_index("metric")["value"]
    assert metadata["r2"] > 0.9
    assert "baseline_mae_years" not in metadata


def test_people_outside_of_what_the_clock_knows_are_told(clock_and_people, new_cohort):
    clock, people, cohort = clock_and_people
    new = features_like(new_cohort, people)
    new.iloc[0] += 50
    told = new_cohort.assign(age_years=new_cohort["age_years"].where(new_cohort.index != 1, 101))
    with pytest.warns(UserWarning, match="people lie outside of what it was fitted on"):
        table = clock.apply(new, told)
    assert "times as far out" in table["outside"][0]
    oldest = cohort["age_years"].max()
    assert table["outside"][1].startswith(f"age 101 is not within 20 to {oldest:.0f} years")


def test_people_the_clock_was_fitted_on_are_refused(clock_and_people):
    clock, people, cohort = clock_and_people
    with pytest.raises(LeakageError, match=r"fitted on 40 of these 40 people, such as \['P0000'"):
        clock.apply(people, cohort)
    assert all(person not in str(clock.metadata) for person in people.index)


def test_people_whose_age_the_encoder_saw_are_refused(clock_and_people, new_cohort):
    clock, people, _ = clock_and_people
    new = features_like(new_cohort, people).assign(label_seen=new_cohort.index.to_numpy() == 3)
    with pytest.raises(LeakageError, match="encoder saw the ages of 1 of these 300 people"):
        clock.apply(new, new_cohort)


def test_an_encoder_that_is_not_named_is_told(clock_and_people, new_cohort):
    clock, people, _ = clock_and_people
    new = features_like(new_cohort, people)
    new.attrs.clear()
    with pytest.warns(UserWarning, match="nothing says which encoder .* expected abc"):
        clock.predict(new)


@pytest.mark.parametrize("model", ["ridge", "LassoLars", "trees"])
def test_every_clock_is_kept_with_its_intervals(model, make_cohort, make_atlas, tmp_path):
    cohort = make_cohort(40)
    atlas = make_atlas(cohort)
    clock = fit_clock(atlas, cohort, Pooled(model, ("mean", "proportions")))
    clock.save(tmp_path / "clock")
    loaded = load_clock(tmp_path / "clock")
    new = atlas[:24].copy()
    new.obs["person_id"] = ["N1"] * 12 + ["N2"] * 12
    sexes = pd.DataFrame({"person_id": ["N1", "N2"], "sex": ["F", "M"], "age_years": [40.0, 50]})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # these two may well lie outside
        found, again = clock.apply(new, sexes), loaded.apply(new, sexes)
    pd.testing.assert_frame_equal(found, again)
    assert found["n_tiles"].tolist() == [12, 12]
    with pytest.raises(StageError, match="give an atlas where the clock was fitted on one"):
        loaded.predict(pool(atlas))


def test_a_clock_of_attention_is_kept(make_cohort, make_atlas, tmp_path):
    cohort = make_cohort(30)
    atlas = make_atlas(cohort)
    clock = fit_clock(atlas, cohort, "attention", calibrated=False)
    clock.save(tmp_path)
    loaded = load_clock(tmp_path)
    assert loaded.predict(atlas).equals(clock.predict(atlas))
    assert loaded.calibration is None
    with pytest.raises(StageError, match="attention is no sum of features"):
        _ = loaded.linear


@pytest.mark.parametrize("model", ["ridge", "ElasticNetCV"])
def test_a_stacked_clock_is_kept_with_its_intervals(model, make_cohort, make_people, tmp_path):
    cohort = make_cohort(60)
    people = make_people(linear_features(cohort["age_years"], 6, noise=1))
    clock = fit_clock(people, cohort, Stacked((2, 4), model))
    clock.save(tmp_path)
    loaded = load_clock(tmp_path)
    assert loaded.predict(people).equals(clock.predict(people))
    assert len(loaded.calibration.models) == len(clock.calibration.models)


def test_a_damaged_clock_is_refused(clock_and_people, tmp_path):
    clock, _, _ = clock_and_people
    clock.save(tmp_path)
    whole = (tmp_path / "clock.safetensors").read_bytes()
    (tmp_path / "clock.safetensors").write_bytes(whole[:-10])
    with pytest.raises(StageError, match="not a whole safetensors file"):
        load_clock(tmp_path)
    (tmp_path / "clock.safetensors").write_bytes(b"\x80\x04" + whole)
    with pytest.raises(StageError, match="pickle"):
        load_clock(tmp_path)
    with pytest.raises(StageError, match=r"expected a folder that Clock\.save wrote"):
        load_clock(tmp_path / "nothing")


def test_no_intervals_where_the_encoder_saw_the_ages(make_cohort, make_people):
    cohort = make_cohort(40)
    people = make_people(linear_features(cohort["age_years"], 10, noise=1))
    assert fit_clock(people, cohort).calibration is not None
    assert fit_clock(people.assign(label_seen=True), cohort).calibration is None


def test_kinds_of_tissue_found_in_one_table_are_no_features_of_another(make_cohort, make_atlas):
    cohort = make_cohort(40)
    with pytest.raises(LeakageError, match="Give the atlas itself"):
        fit_clock(pool(make_atlas(cohort), statistics=("mean", "proportions")), cohort)


def test_a_copy_of_a_slide_would_narrow_the_intervals(make_cohort, make_atlas):
    cohort = make_cohort(40)
    atlas = make_atlas(cohort, dim=10)
    atlas.X[12:24] = atlas.X[:12]
    with pytest.raises(LeakageError, match=r"row of features .* P0000 .* P0001"):
        fit_clock(atlas, cohort)
