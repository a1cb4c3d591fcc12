import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from skinage.clock.fit_clock import fit_fold_clock
from skinage.clock.learners.pooled import Pooled
from skinage.clock.learners.ridge import Ridge as OurRidge
from skinage.clock.prediction import inner_of, predict_age
from skinage.cohort.folds import person_folds
from skinage.errors import CohortError, LeakageError, SettingError, StageError
from skinage.evaluation.metrics import covered
from skinage.evaluation.report_card import report_card
from skinage.people.clock_inputs import ClockInputs
from skinage.people.pool import pool
from skinage.skip_log import skipped


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
    assert r2(predict_age(people, cohort, coverage=None)) > 0.95


@pytest.mark.parametrize("seed", range(4))
def test_noise_tells_nothing(seed, make_cohort, make_people):
    people = make_people(np.random.default_rng(seed).normal(size=(100, 2000)))
    ages = predict_age(people, make_cohort(100, seed), coverage=None, seed=seed)
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


def test_intervals_widen_with_coverage_and_can_be_left_out(make_cohort, make_people):
    cohort = make_cohort(80)
    people = make_people(linear_features(cohort["age_years"], 10, noise=1))
    narrow, wide = (predict_age(people, cohort, coverage=share) for share in (0.5, 0.9))
    assert (narrow["predicted_years"] == wide["predicted_years"]).all()
    width = [table["upper_years"] - table["lower_years"] for table in (narrow, wide)]
    assert (width[0] < width[1]).all()
    assert "lower_years" not in predict_age(people, cohort, coverage=None)


def test_repeats_are_the_same_clock_with_other_folds(make_cohort, make_people):
    cohort = make_cohort(60)
    people = make_people(linear_features(cohort["age_years"], 10, noise=1))
    three = predict_age(people, cohort, n_repeats=3, seed=4)
    for repeat, ending in enumerate(("", "_2", "_3")):
        alone = predict_age(people, cohort, seed=4 + repeat)
        for name in ("predicted_years", "fold"):
            assert (three[f"{name}{ending}"] == alone[name]).all()
    with pytest.raises(SettingError, match="0 repeats; at least one"):
        predict_age(people, cohort, n_repeats=0)
    with pytest.raises(SettingError, match="repeats assign folds anew"):
        predict_age(people, cohort.assign(scanner="A"), folds="scanner", n_repeats=2)


def test_a_scanner_held_out_is_met_by_a_clock_of_the_others(make_cohort, make_people):
    cohort = make_cohort(90)
    cohort["scanner"] = [*"ABC"] * 30
    people = make_people(linear_features(cohort["age_years"], 10, noise=1))
    ages = predict_age(people, cohort, folds="scanner").set_index("person_id")
    assert (ages["fold"].to_numpy() == np.arange(90) % 3).all()
    # What the people of A look like has no part in their own prediction.
    of_a = cohort["scanner"].to_numpy() == "A"
    features, age = people.to_numpy()[:, :-1], cohort["age_years"].to_numpy()
    model = OurRidge().fit(ClockInputs(features[~of_a], np.zeros(60)), age[~of_a], seed=0)
    expected = model.predict(ClockInputs(features[of_a], np.zeros(30)))
    np.testing.assert_allclose(ages["predicted_years"][of_a], expected)


def test_inner_folds_are_groups_where_groups_are_held_out(make_cohort):
    training = make_cohort(60).set_index("person_id").assign(group=[*"ABCD"] * 15)
    found = pd.Series(inner_of(training, seed=0), training["group"])
    assert found.groupby(level=0).std().eq(0).all()
    people = inner_of(training.assign(group=None), seed=0)
    assert (people == person_folds(training["age_years"], 5, seed=0)).all()


def scanned(n_scanners, seed, make_cohort, make_people):
    """Return features that each scanner shifts in its own way, and the cohort."""
    cohort = make_cohort(50 * n_scanners, seed)
    cohort["scanner"] = [f"S{k % n_scanners}" for k in range(len(cohort))]
    shifts = np.random.default_rng(seed).normal(0, 0.8, (n_scanners, 10))
    features = linear_features(cohort["age_years"], 10, noise=1, seed=seed)
    return make_people(features + shifts[np.arange(len(cohort)) % n_scanners]), cohort


@pytest.mark.slow
def test_intervals_cover_scanners_that_were_held_out(make_cohort, make_people):
    inside, by_people = [], []
    for seed in range(12):
        people, cohort = scanned(4, seed, make_cohort, make_people)
        ages = predict_age(people, cohort, folds="scanner", seed=seed)
        inside.append(covered(ages).mean())
        # The same scanners, as if they were people held out: the intervals are too narrow.
        folds = ages.set_index("person_id")["fold"]
        by_people.append(covered(predict_age(people, cohort, folds=folds, seed=seed)).mean())
    assert abs(np.mean(inside) - 0.9) < 0.05
    assert np.mean(by_people) < 0.85


def test_intervals_of_too_few_scanners_are_blank_with_the_reason(make_cohort, make_people):
    people, cohort = scanned(3, 0, make_cohort, make_people)
    ages = predict_age(people, cohort, folds="scanner")
    assert ages[["lower_years", "upper_years"]].isna().all(axis=None)
    assert ages["predicted_years"].notna().all()
    found = skipped(ages)
    assert found["item"].tolist() == ["intervals of 150 people"]
    assert "each scanner was held out of 3" in found["reason"][0]
    assert (
        report_card(ages).set_index("metric")["value"][["coverage", "mae_years"]].isna().sum() == 1
    )
    clock = fit_fold_clock(people, cohort, ages, fold=1)
    assert clock.calibration is None
    assert skipped(clock)["item"].tolist() == ["intervals"]
    assert skipped(predict_age(people, cohort, folds="scanner", coverage=None)).empty


def test_learners_see_the_groups_only_where_groups_are_held_out(make_cohort, make_people):
    seen = []

    class Watching(OurRidge):
        def fit(self, inputs, target, *, seed):
            seen.append(None if inputs.groups is None else (len(inputs), {*inputs.groups}))
            return super().fit(inputs, target, seed=seed)

    people, cohort = scanned(4, 0, make_cohort, make_people)
    predict_age(people, cohort, Watching())
    assert {*seen} == {None}
    seen.clear()
    predict_age(people, cohort, Watching(), folds="scanner")
    sizes = [(n_people, len(groups)) for n_people, groups in seen]
    # Of four scanners each is left out, and of the other three each again for the intervals.
    assert sorted(sizes) == [(100, 2)] * 12 + [(150, 3)] * 4


def test_folds_may_be_given(make_cohort, make_people):
    cohort = make_cohort(40)
    people = make_people(linear_features(cohort["age_years"], 10, noise=1))
    usual = predict_age(people, cohort)
    folds = usual.set_index("person_id")["fold"]
    pd.testing.assert_frame_equal(predict_age(people, cohort, folds=folds[::-1]), usual)
    with pytest.raises(StageError, match="1 people have no fold"):
        predict_age(people, cohort, folds=folds.iloc[1:])
    with pytest.raises(LeakageError, match="in more than one fold"):
        predict_age(people, cohort, folds=pd.concat([folds, folds.iloc[:1] + 1]))


def test_the_same_slide_under_two_names_is_refused(make_cohort, make_people):
    cohort = make_cohort(40)
    people = make_people(linear_features(cohort["age_years"], 10, noise=1))
    folds = predict_age(people, cohort).set_index("person_id")["fold"]
    twin = folds.index[folds != folds.iloc[0]][0]
    people.loc[twin] = people.iloc[0]
    with pytest.raises(LeakageError, match=f"P0000 .* {twin}"):
        predict_age(people, cohort)


def test_an_atlas_is_pooled_inside_and_gives_the_same(make_cohort, make_atlas):
    cohort = make_cohort(40)
    atlas = make_atlas(cohort)
    inside = predict_age(atlas, cohort, Pooled("ridge", ("mean", "q90")))
    outside = predict_age(pool(atlas, statistics=("mean", "q90")), cohort)
    np.testing.assert_allclose(inside["predicted_years"], outside["predicted_years"])
    assert (inside["n_tiles"] == 12).all()


@pytest.mark.parametrize("model", ["attention", Pooled("ridge", ("mean", "proportions"))])
def test_what_tiles_alone_can_tell(model, make_cohort, make_atlas):
    cohort = make_cohort(40)
    ages = predict_age(make_atlas(cohort), cohort, model, folds=2, coverage=None)
    assert r2(ages) > 0.8


def test_shares_of_everybody_are_refused(make_cohort, make_atlas):
    cohort = make_cohort(40)
    with pytest.raises(LeakageError, match="Give the atlas itself"):
        predict_age(pool(make_atlas(cohort), statistics=("mean", "proportions")), cohort)


def test_tiles_that_are_not_finite_are_named(make_cohort, make_atlas):
    cohort = make_cohort(40)
    atlas = make_atlas(cohort)
    atlas.X[15, 2] = np.nan
    with pytest.raises(StageError, match=r"1 people have tiles .*'P0001'"):
        predict_age(atlas, cohort)


def test_brackets_are_fitted_as_intervals(make_cohort, make_people):
    """Two brackets of unlike width: their middles bend the ages, intervals do not."""
    cohort = make_cohort(400)
    people = make_people(linear_features(cohort["age_years"], 10, noise=0.5))
    old = cohort["age_years"] >= 40
    told = cohort.assign(age_low=np.where(old, 40.0, 20), age_high=np.where(old, 90.0, 40))
    told["age_years"] = (told["age_low"] + told["age_high"]) / 2
    found = predict_age(people, told, coverage=0.8)
    middles = predict_age(people, told.drop(columns=["age_low", "age_high"]), coverage=None)
    error = [np.abs(t["predicted_years"] - cohort["age_years"]).mean() for t in (found, middles)]
    assert error[0] < 0.8 * error[1]
    assert [*found["age_low"].unique()] == [*told["age_low"].unique()]
    inside = (found["lower_years"] <= found["age_low"]) & (
        found["age_high"] <= found["upper_years"]
    )
    assert inside.mean() > 0.75
    assert "age_low" not in middles


def test_other_bad_input_is_named(make_cohort, make_people):
    cohort = make_cohort(30)
    people = make_people(linear_features(cohort["age_years"], 4, noise=1))
    with pytest.raises(StageError, match="31 folds for 30 people"):
        predict_age(people, cohort, folds=31)
    with pytest.raises(StageError, match="19 people have features and an age; at least 20"):
        predict_age(people.iloc[:19], cohort.iloc[:19])
    with pytest.raises(StageError, match="all 30 people have age 40"):
        predict_age(people, cohort.assign(age_years=40.0))
    with pytest.warns(UserWarning, match="3 of 30 people with features have no age"):
        ages = predict_age(
            people, cohort.assign(age_years=cohort["age_years"].mask(cohort.index < 3))
        )
    assert len(ages) == 27
    with pytest.raises(CohortError, match="no column 'scanner'"):
        predict_age(people, cohort, folds="scanner")
