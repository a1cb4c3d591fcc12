import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import (
    cohen_kappa_score,
    mean_absolute_error,
    r2_score,
    root_mean_squared_error,
)

from skinage.errors import StageError
from skinage.evaluation.metrics import person_weights
from skinage.evaluation.report_card import report_card

LIMITS = ["value", "lower", "upper"]


def test_metrics_agree_with_scikit_learn_and_scipy(make_ages):
    ages, _ = make_ages(150)
    card = report_card(ages).set_index("metric")["value"]
    actual, predicted = ages["age_years"], ages["predicted_years"]
    line = stats.linregress(predicted, actual)
    baseline = [
        abs(row.age_years - ages.loc[ages["fold"] != row.fold, "age_years"].mean())
        for row in ages.itertuples()
    ]
    expected = {
        "mae_years": mean_absolute_error(actual, predicted),
        "rmse_years": root_mean_squared_error(actual, predicted),
        "r2": r2_score(actual, predicted),
        "r": stats.pearsonr(actual, predicted).statistic,
        "bias_years": (predicted - actual).mean(),
        "calibration_slope": line.slope,
        "calibration_intercept": line.intercept,
        "age_sd_years": actual.std(),
        "baseline_mae_years": np.mean(baseline),
        "n_people": 150,
    }
    assert set(card.index) == set(expected)
    np.testing.assert_allclose(card[list(expected)], list(expected.values()))


def test_intervals_agree_with_scipys_bootstrap(make_ages):
    ages, _ = make_ages(150)
    card = report_card(ages, n_bootstrap=2000).set_index("metric")
    pairs = ages["age_years"].to_numpy(), ages["predicted_years"].to_numpy()
    for metric, function, tolerance in [
        ("mae_years", lambda a, p: np.abs(a - p).mean(), 0.08),
        ("r2", r2_score, 0.007),
        ("calibration_slope", lambda a, p: stats.linregress(p, a).slope, 0.015),
    ]:
        other = stats.bootstrap(
            pairs, function, n_resamples=600, paired=True, vectorized=False,
            method="percentile", rng=np.random.default_rng(0),
        ).confidence_interval  # fmt: skip
        np.testing.assert_allclose(card.loc[metric, ["lower", "upper"]], other, atol=tolerance)


def test_the_interval_covers_the_truth_as_often_as_it_says():
    covered = 0
    for seed in range(100):
        generator = np.random.default_rng(seed)
        actual = generator.uniform(20, 90, 100)
        predicted = actual + generator.normal(0, 5, 100)
        ages = pd.DataFrame({
            "person_id": range(100), "age_years": actual, "predicted_years": predicted,
            "fold": np.arange(100) % 5,
        })  # fmt: skip
        card = report_card(ages, n_bootstrap=300, seed=seed).set_index("metric")
        covered += (
            card.loc["mae_years", "lower"] < 5 * np.sqrt(2 / np.pi) < card.loc["mae_years", "upper"]
        )
    assert 88 <= covered <= 99


def test_a_perfect_clock_and_a_constant_one(make_ages):
    ages, _ = make_ages()
    perfect = report_card(ages.assign(predicted_years=ages["age_years"])).set_index("metric")
    for metric, value in {"mae_years": 0, "r2": 1, "r": 1, "calibration_slope": 1}.items():
        np.testing.assert_allclose(perfect.loc[metric, LIMITS], value, atol=1e-9)
    constant = report_card(ages.assign(predicted_years=50.0)).set_index("metric")["value"]
    assert np.isnan(constant["calibration_slope"])
    assert constant["r2"] <= 0


def test_the_seed_fixes_the_intervals(make_ages):
    ages, _ = make_ages()
    pd.testing.assert_frame_equal(report_card(ages), report_card(ages))
    assert not report_card(ages, seed=1)["lower"].equals(report_card(ages)["lower"])


def test_people_of_another_cohort_have_no_folds_and_no_baseline(make_ages):
    ages, _ = make_ages()
    card = report_card(ages).set_index("metric")
    external = report_card(ages.drop(columns="fold")).set_index("metric")
    pd.testing.assert_frame_equal(external, card.drop("baseline_mae_years"))


def bracketed(ages, width=10, gap=1):
    """Ages known as 20 to 29, 30 to 39 and so on only."""
    low = ages["age_years"] // width * width
    middle = low + (width - gap) / 2
    return ages.assign(age_years=middle, age_low=low, age_high=low + width - gap)


def test_the_error_of_a_bracket_is_the_distance_to_it():
    ages = pd.DataFrame({
        "person_id": list("abcde"), "age_years": [24.5, 34.5, 34.5, 44.5, 44.5],
        "age_low": [20, 30, 30, 40, 40], "age_high": [29, 39, 39, 49, 49],
        "predicted_years": [26, 27, 39, 52, 29.9], "fold": [0, 1, 0, 1, 0],
    })  # fmt: skip
    value = report_card(ages).set_index("metric")["value"]
    # 0, 3 too young, 0, 3 too old, 10.1 too young; the mean of the middles, 36.5, misses by
    # 7.5, 0, 0, 3.5, 3.5; the means of the other folds, 39.5 and 34.5, by 10.5, 0, 0.5, 5.5, 0.5.
    expected = {
        "mae_years": 16.1 / 5,
        "rmse_years": np.sqrt((9 + 9 + 10.1**2) / 5),
        "bias_years": -10.1 / 5,
        "r2": 1 - (9 + 9 + 10.1**2) / (7.5**2 + 2 * 3.5**2),
        "baseline_mae_years": (10.5 + 0.5 + 5.5 + 0.5) / 5,
        "bracket_accuracy": 2 / 5,
        "mae_midpoint_years": (1.5 + 7.5 + 4.5 + 7.5 + 14.6) / 5,
        # Nearest brackets 0 0 1 2 1 of 0 1 1 2 2; 29.9 is nearer to 30 than to 29.
        "weighted_kappa": cohen_kappa_score([0, 1, 1, 2, 2], [0, 0, 1, 2, 1], weights="quadratic"),
        "r": stats.pearsonr(ages["age_years"], ages["predicted_years"]).statistic,
        "calibration_slope": stats.linregress(ages["predicted_years"], ages["age_years"]).slope,
    }
    np.testing.assert_allclose(value[list(expected)], list(expected.values()))


def test_a_perfect_clock_has_no_error_where_ages_are_brackets(make_ages):
    ages, _ = make_ages()
    ages = ages.assign(age_years=np.floor(ages["age_years"]))
    perfect = bracketed(ages).assign(predicted_years=ages["age_years"])
    card = report_card(perfect).set_index("metric")
    for metric, value in {
        "mae_years": 0, "rmse_years": 0, "bias_years": 0, "r2": 1, "bracket_accuracy": 1,
        "weighted_kappa": 1,
    }.items():  # fmt: skip
        np.testing.assert_allclose(card.loc[metric, LIMITS], value, atol=1e-12)
    assert 2 < card.loc["mae_midpoint_years", "value"] < 3


def test_brackets_without_width_are_exact_ages(make_ages):
    ages, _ = make_ages()
    as_brackets = ages.assign(age_low=ages["age_years"], age_high=np.nan)
    pd.testing.assert_frame_equal(report_card(as_brackets), report_card(ages))
    wide = bracketed(ages)
    some = ages["person_id"] > "P0100"
    mixed = wide.where(some, as_brackets)
    mixed = mixed.astype(dict.fromkeys(("age_low", "age_high", "predicted_years"), float))
    card = report_card(mixed).set_index("metric")["value"]
    inside = mixed["predicted_years"].between(mixed["age_low"], mixed["age_high"])
    np.testing.assert_allclose(card["bracket_accuracy"], inside[some].mean())


def test_weighted_kappa_and_its_interval_agree_with_scikit_learn(make_ages):
    ages = bracketed(make_ages(60)[0])
    middles = np.unique(ages["age_years"])
    nearest = np.abs(ages["predicted_years"].to_numpy()[:, None] - middles).argmin(axis=1)
    actual = np.searchsorted(middles, ages["age_years"])
    kappas = [
        cohen_kappa_score(np.repeat(actual, n), np.repeat(nearest, n), weights="quadratic")
        for n in (60 * person_weights(60, 50, 3)).round().astype(int)
    ]
    row = (
        report_card(ages, n_bootstrap=50, seed=3).set_index("metric").loc["weighted_kappa", LIMITS]
    )
    np.testing.assert_allclose(row, [kappas[0], *np.percentile(kappas[1:], [2.5, 97.5])])


def test_brackets_that_overlap_have_no_common_scale(make_ages):
    ages = bracketed(make_ages()[0])
    ages["age_high"] += 1  # 20 to 30 and 30 to 40 only touch
    assert report_card(ages).set_index("metric").loc["weighted_kappa", "value"] > 0.5
    ages["age_high"] += 1
    card = report_card(ages).set_index("metric")
    assert card.loc["weighted_kappa", LIMITS].isna().all()
    assert card.loc["bracket_accuracy", LIMITS].notna().all()


def test_coverage_counts_whole_brackets(make_ages):
    ages, _ = make_ages(400)
    spread = np.std(ages["predicted_years"] - ages["age_years"])
    ages["lower_years"] = ages["predicted_years"] - spread
    ages["upper_years"] = ages["predicted_years"] + 2 * spread
    covered = ages["age_years"].between(ages["lower_years"], ages["upper_years"])
    card = report_card(ages).set_index("metric")
    lower, upper = stats.binomtest(int(covered.sum()), 400).proportion_ci(method="wilson")
    np.testing.assert_allclose(card.loc["coverage", "value"], covered.mean())
    np.testing.assert_allclose(card.loc["coverage", ["lower", "upper"]], [lower, upper], atol=0.01)
    np.testing.assert_allclose(card.loc["interval_width_years", LIMITS], 3 * spread)
    wide = bracketed(ages)
    both = (ages["lower_years"] <= wide["age_low"]) & (wide["age_high"] <= ages["upper_years"])
    found = report_card(wide).set_index("metric").loc["coverage", "value"]
    assert found == pytest.approx(both.mean())
    assert both.mean() < covered.mean() - 0.1


def test_repeats_share_the_people_of_a_resample_and_tell_their_spread(make_ages):
    ages, _ = make_ages(80)
    noise = np.random.default_rng(1).normal(0, 3, (2, 80))
    for number, extra in zip((2, 3), noise, strict=True):
        ages[f"predicted_years_{number}"] = ages["predicted_years"] + extra
        ages[f"fold_{number}"] = np.arange(80) * number // 80  # 2 and 3 folds
    alone = [
        report_card(pd.DataFrame({
            "person_id": ages["person_id"], "age_years": ages["age_years"],
            "predicted_years": ages[f"predicted_years{ending}"], "fold": ages[f"fold{ending}"],
        })).set_index("metric")["value"]
        for ending in ("", "_2", "_3")
    ]  # fmt: skip
    card = report_card(ages, n_bootstrap=200, seed=5).set_index("metric")
    together = pd.concat(alone, axis=1).drop("n_people")
    np.testing.assert_allclose(card.loc[together.index, "value"], together.mean(axis=1))
    np.testing.assert_allclose(
        card.loc[together.index, "sd_over_repeats"], together.std(axis=1), atol=1e-12
    )
    errors = np.abs(ages.filter(like="predicted_years").sub(ages["age_years"], axis=0))
    means = (person_weights(80, 200, 5) @ errors.mean(axis=1).to_numpy())[1:]
    np.testing.assert_allclose(
        card.loc["mae_years", ["lower", "upper"]], np.percentile(means, [2.5, 97.5])
    )
    assert report_card(ages[ages.columns[:6]])["sd_over_repeats"].isna().all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda ages: ages.drop(columns="predicted_years"), "no column predicted_years; found"),
        (lambda ages: ages.assign(predicted_years_2=50.0), "no column fold_2; found"),
        (lambda ages: ages.assign(age_low=20), "no column age_high; found"),
        (lambda ages: ages.assign(upper_years=20), "no column lower_years; found"),
        (
            lambda ages: ages.assign(age_years=ages["age_years"].mask(ages.index == 2)),
            r"1 people .* not finite, such as \['P0002'\]",
        ),
        (lambda ages: ages.assign(age_low=0, age_high=np.inf), "200 people .* not finite"),
        (lambda ages: ages.assign(age_low=60, age_high=50), "200 people have an age_low above"),
        (
            lambda ages: ages.assign(person_id="P"),
            r"1 people are listed more than once, such as \['P'\]",
        ),
        (lambda ages: ages.assign(fold=0), "two folds"),
        (lambda ages: ages.drop(columns="fold").iloc[:1], "two people"),
    ],
)
def test_unusable_ages_are_refused(make_ages, change, message):
    with pytest.raises(StageError, match=message):
        report_card(change(make_ages()[0]))
