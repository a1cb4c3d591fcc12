import warnings

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import stats

from skinage.age_acceleration.acceleration import acceleration
from skinage.age_acceleration.recalibration import recalibrate
from skinage.clock.clock import Clock
from skinage.clock.fit_clock import fit_clock
from skinage.clock.persistence import load_clock
from skinage.clock.prediction import predict_age
from skinage.errors import StageError
from skinage.evaluation.report_card import report_card

pytestmark = pytest.mark.filterwarnings("ignore:clock. .* people lie outside")


def cohort_and_features(make_cohort, make_people, seed=0, prefix="", n_people=150, older=0.0):
    """People whose skin is some years older than their age, so many years in everybody."""
    cohort = make_cohort(n_people, seed)
    generator = np.random.default_rng(seed + 1)
    skin = cohort["age_years"] + older + generator.normal(0, 5, n_people)
    # The same directions in every cohort, own noise.
    directions = np.random.default_rng(99).normal(size=6)
    features = np.outer((skin - 55) / 20, directions) + generator.normal(0, 0.5, (n_people, 6))
    people = make_people(features)
    people.index = prefix + people.index
    return cohort.assign(person_id=prefix + cohort["person_id"]), people


@pytest.fixture
def known(make_cohort, make_people):
    return cohort_and_features(make_cohort, make_people)


@pytest.fixture
def clock(known):
    cohort, people = known
    return fit_clock(people, cohort)


def new_ages(make_cohort, make_people, clock, **how):
    cohort, people = cohort_and_features(make_cohort, make_people, seed=7, prefix="N", **how)
    return clock.apply(people, cohort)


def test_a_clock_holds_its_own_people_predicted_without_them(clock, known):
    cohort, people = known
    reference = clock.reference
    assert [*reference] == ["age_years", "age_low", "age_high", "male", "predicted_years"]
    by_person = cohort.set_index("person_id").loc[people.index]
    np.testing.assert_allclose(reference["age_years"], by_person["age_years"])
    np.testing.assert_array_equal(reference["male"], by_person["sex"] == "M")
    in_sample = clock.predict(people)
    error = (reference["predicted_years"] - reference["age_years"].to_numpy()).std()
    assert error > (in_sample.to_numpy() - reference["age_years"]).std()


def test_a_clock_of_before_that_kept_no_sex_is_refused_on_reading(clock, tmp_path):
    from safetensors.numpy import load_file, save_file

    clock.save(tmp_path)
    arrays = load_file(tmp_path / "clock.safetensors")
    del arrays["calibration/sex_male"]
    save_file(arrays, tmp_path / "clock.safetensors")
    with pytest.raises(StageError, match=r"sex_male.*; fit it again"):
        load_clock(tmp_path)


@pytest.mark.parametrize("definition", ["linear", "cole", "spline", "lowess", "zscore", "ratio"])
def test_new_people_are_compared_with_the_line_of_the_clock(
    definition, clock, make_cohort, make_people
):
    ages = new_ages(make_cohort, make_people, clock)
    found = acceleration(ages, definition, reference=clock)
    own = clock.reference.assign(sex=clock.reference["male"].map({1.0: "M", 0.0: "F"}))
    own["person_id"] = [f"K{k}" for k in range(len(own))]
    table = acceleration(ages, definition, reference=own)
    pd.testing.assert_frame_equal(
        found.drop(columns="definition"), table.drop(columns="definition")
    )
    assert "fitted on 150 people of the clock, each predicted without" in found["definition"][0]
    assert "fitted on 150 people of the reference" in table["definition"][0]
    assert "fold" not in found
    if definition == "linear":
        fit = smf.ols("predicted_years ~ age_years + sex", own).fit()
        expected = ages["predicted_years"] - fit.predict(ages)
        np.testing.assert_allclose(found["acceleration_years"], expected, atol=1e-9)
        assert found["slope"].unique() == pytest.approx([fit.params["age_years"]])


def test_a_clock_read_back_compares_in_the_same_way(clock, make_cohort, make_people, tmp_path):
    clock.save(tmp_path)
    ages = new_ages(make_cohort, make_people, clock)
    one, two = (acceleration(ages, reference=one) for one in (clock, load_clock(tmp_path)))
    pd.testing.assert_frame_equal(one, two)


def test_a_cohort_ten_years_older_stays_so(clock, make_cohort, make_people):
    ages = new_ages(make_cohort, make_people, clock, older=10.0)
    slope = acceleration(ages, reference=clock)["slope"][0]
    for definition, expected in (("linear", 10 * slope), ("cole", 10.0), ("spline", 10 * slope)):
        found = acceleration(ages, definition, reference=clock)["acceleration_years"]
        own_error = found.sem()
        # The line of the reference has an error too: about that of its residuals.
        error = np.hypot(own_error, found.std() / np.sqrt(150))
        assert abs(found.mean() - expected) < 3 * error
        assert found.mean() > 5 * error
    folds = ages.assign(fold=np.arange(150) % 5)
    assert abs(acceleration(folds)["acceleration_years"].mean()) < 0.2
    same = new_ages(make_cohort, make_people, clock)
    found = acceleration(same, reference=clock)["acceleration_years"]
    assert abs(found.mean()) < 3 * np.hypot(found.sem(), found.std() / np.sqrt(150))


@pytest.mark.filterwarnings("ignore:acceleration. a parabola")
def test_a_change_of_ten_years_is_ten_years_in_every_person(clock, make_ages):
    ages, _ = make_ages(100)
    older = ages.assign(predicted_years=ages["predicted_years"] + 10)
    for reference in (clock, make_ages(300, 1)[0]):
        one, two = (acceleration(table, reference=reference) for table in (ages, older))
        np.testing.assert_allclose(two["acceleration_years"] - one["acceleration_years"], 10)


def test_sex_is_that_of_the_reference_where_all_people_are_women(make_ages):
    known, (ages, _) = make_ages(300, 1)[0], make_ages(60)
    known["predicted_years"] += 9 * (known["sex"] == "M")
    women = acceleration(ages.assign(sex="F"), reference=known)
    unknown = acceleration(ages.drop(columns="sex"), reference=known)
    assert "on age and sex (" in women["definition"][0]
    share = (known["sex"] == "M").mean()
    difference = women["acceleration_years"] - unknown["acceleration_years"]
    np.testing.assert_allclose(difference, difference[0])
    assert difference[0] == pytest.approx(9 * share, abs=1)


def test_later_visits_are_compared_with_first_visits_of_others(make_ages):
    ages, _ = make_ages(200)
    first = ages.assign(visit="b")
    later = ages.iloc[:60].assign(visit="a")
    later["age_years"] += 5
    later["predicted_years"] += 8
    both = pd.concat([later, first], ignore_index=True)
    table = acceleration(both)
    alone = acceleration(first)
    of_first = table[table["visit"] == "b"].reset_index(drop=True)
    np.testing.assert_allclose(of_first["acceleration_years"], alone["acceleration_years"])
    for fold in range(5):
        own = (both["fold"] == fold) & (both["visit"] == "a")
        fit = smf.ols("predicted_years ~ age_years + sex", first[first["fold"] != fold]).fit()
        expected = both["predicted_years"][own] - fit.predict(both[own])
        np.testing.assert_allclose(table["acceleration_years"][own], expected)
    again = acceleration(both, reference=both)
    np.testing.assert_allclose(
        again["acceleration_years"], acceleration(both, reference=first)["acceleration_years"]
    )
    with pytest.raises(StageError, match="listed more than once"):
        acceleration(pd.concat([both, both.iloc[:1]]))


def test_a_reference_too_small_is_refused(make_ages, make_cohort, make_people):
    ages, _ = make_ages(60)
    with pytest.raises(StageError, match=r"the reference has 3 people; at least 20 are needed"):
        acceleration(ages, reference=ages.iloc[:3])
    visits = pd.concat([ages.iloc[:15].assign(visit=k) for k in (1, 2)])
    with pytest.raises(StageError, match="the reference has 15 people"):
        acceleration(ages, reference=visits)


def test_a_clock_without_intervals_has_nobody_to_compare_with(known, make_ages):
    cohort, people = known
    bare = fit_clock(people, cohort, calibrated=False)
    with pytest.raises(StageError, match=r"fitted without intervals.*calibrated=True"):
        acceleration(make_ages(50)[0], reference=bare)


@pytest.mark.filterwarnings("ignore:acceleration. a parabola")
def test_a_clock_of_another_encoder_is_refused(clock, make_ages):
    ages = make_ages(50)[0].assign(encoder="beef")
    other = Clock({**clock.metadata, "encoder_hash": "abc"}, *list(vars(clock).values())[1:])
    with pytest.raises(StageError, match=r"of encoder abc, .* features of encoder beef"):
        acceleration(ages, reference=other)
    acceleration(ages.assign(encoder="abc"), reference=other)


def test_ages_without_folds_are_told_of_the_reference(make_ages):
    with pytest.raises(StageError, match=r"no column fold.*acceleration\(ages, reference=clock\)"):
        acceleration(make_ages()[0].drop(columns="fold"))


def test_out_of_fold_ages_and_their_own_clock_agree(known, clock):
    cohort, people = known
    ages = predict_age(people, cohort, seed=0)
    one = acceleration(ages)["acceleration_years"]
    two = acceleration(ages, reference=clock)["acceleration_years"]
    assert np.corrcoef(one, two)[0, 1] > 0.99


def stained(ages, shift=6.0):
    predicted = ages["predicted_years"] + shift
    return ages.assign(
        predicted_years=predicted, lower_years=predicted - 8, upper_years=predicted + 8
    )


def test_recalibration_takes_the_mean_shift_away_and_says_so(make_ages):
    known, (ages, _) = make_ages(400, 1)[0], make_ages(100)
    moved = recalibrate(stained(ages), known)
    assert abs(acceleration(moved, reference=known)["acceleration_years"].mean()) < 1e-9
    shift = stained(ages)["predicted_years"] - moved["predicted_years"]
    np.testing.assert_allclose(shift, shift[0])
    assert shift[0] == pytest.approx(6, abs=1.5)
    np.testing.assert_allclose(moved["upper_years"], moved["predicted_years"] + 8)
    words = acceleration(moved, reference=known)["definition"][0]
    assert f"; predictions shifted by -{shift[0]:.1f} years (SE 0." in words
    assert "100 people of this laboratory lie on the line of the reference" in words
    pd.testing.assert_frame_equal(stained(ages), stained(make_ages(100)[0]))  # left as it was


def test_recalibration_by_controls_leaves_what_the_others_have(make_ages):
    known, (ages, _) = make_ages(400, 1)[0], make_ages(200)
    treated = ages["person_id"].isin(ages["person_id"][100:])
    ages = stained(ages.assign(predicted_years=ages["predicted_years"] - 4 * treated))
    moved = recalibrate(ages, known, people=ages["person_id"][:100])
    found = acceleration(moved, reference=known)["acceleration_years"]
    assert abs(found[:100].mean()) < 1e-9
    assert found[100:].mean() == pytest.approx(-4, abs=3 * np.sqrt(2) * found[:100].sem())
    assert stats.ttest_ind(found[:100], found[100:]).pvalue < 1e-6


def test_recalibrated_predictions_are_no_accuracy(make_ages, tmp_path):
    known, (ages, _) = make_ages(400, 1)[0], make_ages(100)
    moved = recalibrate(ages, known)
    moved.to_csv(tmp_path / "ages.csv", index=False)
    for table in (moved, pd.read_csv(tmp_path / "ages.csv")):
        with pytest.raises(StageError, match=r"it was shifted by .* years \(SE"):
            report_card(table)
        with pytest.raises(StageError, match=r"recalibrate: predictions were shifted .* already"):
            recalibrate(table, known)


def test_recalibration_needs_ten_people_and_one_prediction_each(make_ages):
    known, (ages, _) = make_ages(400, 1)[0], make_ages(100)
    with pytest.raises(StageError, match="recalibrate: 9 people; at least 10 are needed"):
        recalibrate(ages, known, people=ages["person_id"][:9])
    with pytest.raises(StageError, match="one prediction per person, found repeats"):
        recalibrate(ages.assign(predicted_years_2=50.0, fold_2=0), known)
    with pytest.raises(StageError, match="the reference has 3 people"):
        recalibrate(ages, known.iloc[:3])


def test_no_warning_where_the_reference_fits(make_ages):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        acceleration(make_ages(200)[0], reference=make_ages(400, 1)[0])


def test_a_shift_of_the_laboratory_comes_from_first_visits(make_ages):
    ages, known = make_ages(300)[0], make_ages(200, seed=3)[0]
    ages = ages.assign(visit=1)
    later = ages.head(50).assign(visit=2, predicted_years=ages["predicted_years"] - 20)
    later["age_years"] += 3
    both = pd.concat([ages, later], ignore_index=True)
    moved = recalibrate(both, known)
    alone = recalibrate(ages, known)
    np.testing.assert_allclose(moved["predicted_years"][:300], alone["predicted_years"])
    assert (both["predicted_years"] - moved["predicted_years"]).std() < 1e-9


def test_a_table_of_another_encoder_is_refused(make_ages):
    ages, known = make_ages(100)[0], make_ages(100, seed=3)[0]
    with pytest.raises(StageError, match=r"reference is of encoder one, .* of encoder two"):
        acceleration(ages.assign(encoder="two"), reference=known.assign(encoder="one"))
    acceleration(ages.assign(encoder="one"), reference=known.assign(encoder="one"))
