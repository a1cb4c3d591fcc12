import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from skinage.ageing.card import compare_clocks, report_card
from skinage.ageing.clock import predict_age
from skinage.errors import StageError


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
        card = report_card(ages, 300, seed).set_index("metric")
        covered += (
            card.loc["mae_years", "lower"] < 5 * np.sqrt(2 / np.pi) < card.loc["mae_years", "upper"]
        )
    assert 88 <= covered <= 99


def test_a_perfect_clock_and_a_constant_one(make_ages):
    ages, _ = make_ages()
    perfect = report_card(ages.assign(predicted_years=ages["age_years"])).set_index("metric")
    for metric, value in {"mae_years": 0, "r2": 1, "r": 1, "calibration_slope": 1}.items():
        np.testing.assert_allclose(perfect.loc[metric], value, atol=1e-9)
    constant = report_card(ages.assign(predicted_years=50.0)).set_index("metric")["value"]
    assert np.isnan(constant["calibration_slope"])
    assert constant["r2"] <= 0


def test_the_seed_fixes_the_intervals(make_ages):
    ages, _ = make_ages()
    pd.testing.assert_frame_equal(report_card(ages), report_card(ages))
    assert not report_card(ages, seed=1)["lower"].equals(report_card(ages)["lower"])


def test_unusable_ages_are_refused(make_ages):
    ages, _ = make_ages()
    with pytest.raises(StageError, match="no column fold"):
        report_card(ages.drop(columns="fold"))
    with pytest.raises(StageError, match=r"1 people .* \['P0002'\]"):
        report_card(ages.assign(age_years=ages["age_years"].mask(ages["person_id"] == "P0002")))
    with pytest.raises(StageError, match="two folds"):
        report_card(ages.assign(fold=0))


@pytest.fixture
def rivals(make_cohort, make_people):
    cohort, generator = make_cohort(100), np.random.default_rng(0)
    signal = np.outer((cohort["age_years"] - 55) / 20, generator.normal(size=40))
    tables = {
        name: make_people(signal + noise * generator.normal(size=signal.shape))
        for name, noise in {"trained": 1, "untrained": 4}.items()
    }
    return tables, cohort


def test_rivals_are_ranked_and_the_null_is_null(rivals):
    tables, cohort = rivals
    table = compare_clocks(tables, cohort).set_index("features")
    assert [*table.index] == ["trained", "untrained", "predict the mean", "shuffled ages"]
    assert table.loc["trained", "mae_years"] < table.loc["untrained", "mae_years"]
    assert table.loc["untrained", "difference_lower_years"] > 0
    assert (table.loc["trained", table.columns.str.startswith("difference")] == 0).all()
    assert -0.3 < table.loc["shuffled ages", "r2"] < 0.05
    assert -0.1 < table.loc["predict the mean", "r2"] <= 0
    assert table["mae_years"].between(table["lower_years"], table["upper_years"]).all()


def test_a_rival_is_the_clock_of_its_own(rivals):
    tables, cohort = rivals
    table = compare_clocks(tables, cohort, seed=3).set_index("features")
    card = report_card(predict_age(tables["untrained"], cohort, seed=3), seed=3).set_index("metric")
    row = table.loc["untrained"]
    np.testing.assert_allclose(row[["mae_years", "lower_years", "upper_years"]].astype(float),
                               card.loc["mae_years"])  # fmt: skip
    np.testing.assert_allclose(row["r2"], card.loc["r2", "value"])
    np.testing.assert_allclose(
        table.loc["predict the mean", "mae_years"], card.loc["baseline_mae_years", "value"]
    )


def test_rivals_meet_on_the_people_they_share(rivals):
    tables, cohort = rivals
    tables["untrained"] = tables["untrained"].iloc[::-1].iloc[:-4]
    cohort = cohort.iloc[4:]
    with pytest.warns(UserWarning, match="4 of 100 people are not in every table"):
        table = compare_clocks(tables, cohort)
    assert (table["n_people"] == 96).all()
    with pytest.raises(StageError, match="no rivals"):
        compare_clocks({}, cohort)
