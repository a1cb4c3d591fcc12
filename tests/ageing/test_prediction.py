import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from skinage.ageing.prediction import predict_age
from skinage.errors import CohortError, LeakageError, StageError


def linear_features(ages_years, n_features, noise, seed=0):
    generator = np.random.default_rng(seed)
    signal = np.outer((ages_years - 55) / 20, generator.normal(size=n_features))
    return 3 + signal + noise * generator.normal(size=signal.shape)


def r2(ages):
    error = ages["predicted_years"] - ages["age_years"]
    return 1 - (error**2).mean() / ages["age_years"].var(ddof=0)


def test_linear_features_tell_the_age(make_cohort, make_people):
    cohort = make_cohort(100)
    people = make_people(linear_features(cohort["age_years"], 30, noise=0.02))
    ages = predict_age(people, cohort)
    assert [*ages.columns] == [
        "person_id",
        "age_years",
        "sex",
        "predicted_years",
        "lower_years",
        "upper_years",
        "fold",
        "n_tiles",
    ]
    assert np.abs(ages["predicted_years"] - ages["age_years"]).max() < 1
    assert (ages["n_tiles"] == 7).all()


def test_many_more_features_than_people_still_tell_the_age(make_cohort, make_people):
    cohort = make_cohort(100)
    people = make_people(linear_features(cohort["age_years"], 2048, noise=3))
    assert r2(predict_age(people, cohort)) > 0.95


@pytest.mark.parametrize("seed", range(4))
def test_noise_tells_nothing(seed, make_cohort, make_people):
    people = make_people(np.random.default_rng(seed).normal(size=(100, 2000)))
    ages = predict_age(people, make_cohort(100, seed), seed=seed)
    assert r2(ages) < 0.1
    spread = np.abs(ages["age_years"] - ages["age_years"].mean()).mean()
    assert np.abs(ages["predicted_years"] - ages["age_years"]).mean() > 0.95 * spread


def test_a_persons_own_age_has_no_part_in_their_prediction(make_cohort, make_people):
    cohort = make_cohort(60)
    people = make_people(linear_features(cohort["age_years"], 200, noise=1))
    before = predict_age(people, cohort)
    # The oldest person stays the oldest, so the folds are the same.
    oldest = cohort["age_years"].idxmax()
    cohort.loc[oldest, "age_years"] += 25
    after = predict_age(people, cohort)
    assert after["fold"].equals(before["fold"])
    same_fold = before["fold"] == before["fold"][oldest]
    unchanged = after["predicted_years"] == before["predicted_years"]
    assert unchanged[same_fold].all()
    assert not unchanged[~same_fold].any()


def test_features_of_a_held_out_fold_have_no_part_in_its_scaling(make_cohort, make_people):
    cohort = make_cohort(60)
    people = make_people(linear_features(cohort["age_years"], 20, noise=1))
    before = predict_age(people, cohort)
    first = people.index[0]
    people.loc[first, people.columns[:-1]] *= 100
    after = predict_age(people, cohort)
    others = (before["fold"] == before["fold"][0]) & (before["person_id"] != first)
    assert others.sum() == 11
    assert after["predicted_years"][others].equals(before["predicted_years"][others])


def test_predictions_are_those_of_ridge_on_the_other_folds(make_cohort, make_people):
    cohort = make_cohort(60)
    people = make_people(linear_features(cohort["age_years"], 8, noise=1))
    ages = predict_age(people, cohort)
    held_out = (ages["fold"] == 2).to_numpy()
    features, target = people.to_numpy()[:, :-1], cohort["age_years"].to_numpy()
    mean, scale = features[~held_out].mean(0), features[~held_out].std(0)
    x, y = (features - mean) / scale, target[~held_out]
    # Leave one person out the slow way, over the same penalties.
    errors = {}
    for penalty in 8 * np.logspace(-4, 3, 29)[8:24]:
        train, rows = x[~held_out], range((~held_out).sum())
        left_out = [
            Ridge(penalty).fit(np.delete(train, k, 0), np.delete(y, k)).predict(train[[k]])[0]
            for k in rows
        ]
        errors[penalty] = np.mean((left_out - y) ** 2)
    best = Ridge(min(errors, key=errors.get)).fit(x[~held_out], y)
    np.testing.assert_allclose(ages["predicted_years"][held_out], best.predict(x[held_out]))


def test_seed_and_order(make_cohort, make_people):
    cohort = make_cohort(50)
    people = make_people(linear_features(cohort["age_years"], 40, noise=2))
    ages = predict_age(people, cohort, seed=1)
    pd.testing.assert_frame_equal(ages, predict_age(people, cohort, seed=1))
    mixed = predict_age(people, cohort.sample(frac=1, random_state=0), seed=1)
    pd.testing.assert_frame_equal(ages, mixed)
    assert not ages["fold"].equals(predict_age(people, cohort, seed=2)["fold"])


def test_errors_reach_the_user(make_cohort, make_people, tmp_path):
    cohort = make_cohort(30)
    people = make_people(linear_features(cohort["age_years"], 4, noise=1))
    with pytest.raises(CohortError, match="age_years of person P0003"):
        predict_age(people, pd.concat([cohort, cohort.loc[[3]].assign(age_years=1.0)]))
    with pytest.raises(StageError, match="mean_0002 of person P0004"):
        predict_age(
            people.assign(mean_0002=people["mean_0002"].mask(people.index == "P0004")), cohort
        )
    with pytest.raises(StageError, match="no feature columns"):
        predict_age(people[["n_tiles"]], cohort)
    (tmp_path / "slide.tiff").write_bytes(b"the same")
    with pytest.raises(LeakageError, match="slide file"):
        predict_age(people, cohort.assign(path=str(tmp_path / "slide.tiff")))


def test_sex_stays_unknown_where_it_is(make_cohort, make_people):
    cohort = make_cohort(30).drop(columns="sex")
    people = make_people(linear_features(cohort["age_years"], 4, noise=1))
    assert "sex" not in predict_age(people, cohort)
