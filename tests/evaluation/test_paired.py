import numpy as np

from skinage.clock.prediction import predict_age
from skinage.evaluation.baselines import compare_clocks
from skinage.evaluation.report_card import report_card


def test_each_row_is_the_report_card_of_its_own_clock(feature_sets):
    tables, cohort = feature_sets
    table = compare_clocks(tables, cohort, seed=3, n_shuffles=0).set_index("features")
    ages = predict_age(tables["untrained"], cohort, n_repeats=5, seed=3)
    card = report_card(ages, seed=3).set_index("metric")
    row = table.loc["untrained"]
    np.testing.assert_allclose(row[["mae_years", "lower_years", "upper_years"]].astype(float),
                               card.loc["mae_years", ["value", "lower", "upper"]])  # fmt: skip
    np.testing.assert_allclose(row["r2"], card.loc["r2", "value"])
    np.testing.assert_allclose(
        table.loc["predict the mean", "mae_years"], card.loc["baseline_mae_years", "value"]
    )


def test_differences_are_paired_and_their_sd_is_over_deals_and_seeds(feature_sets, make_people):
    tables, cohort = feature_sets
    generator = np.random.default_rng(1)
    trained = [
        tables["trained"] + noise * generator.normal(size=tables["trained"].shape)
        for noise in (0, 1, 2)
    ]
    sets = {"trained": trained, "untrained": tables["untrained"]}
    table = compare_clocks(sets, cohort, n_deals=3, n_shuffles=0).set_index("features")

    def errors(people):  # (n_deals, n_people)
        ages = predict_age(people, cohort, n_repeats=3, coverage=None)
        predicted = ages.filter(regex="^predicted").to_numpy().T
        return np.abs(predicted - ages["age_years"].to_numpy())

    of_trained = np.stack([errors(people) for people in trained])
    of_untrained = errors(tables["untrained"])
    row = table.loc["untrained"]
    np.testing.assert_allclose(table.loc["trained", "mae_years"], of_trained.mean())
    by_deal = of_untrained.mean(axis=1) - of_trained.mean(axis=(0, 2))
    np.testing.assert_allclose(row["difference_years"], by_deal.mean())
    np.testing.assert_allclose(row["difference_sd_over_deals"], by_deal.std(ddof=1))
    by_seed = of_trained.mean(axis=(1, 2))
    np.testing.assert_allclose(row["difference_sd_over_seeds"], by_seed.std(ddof=1))
    paired = of_untrained.mean(axis=0) - of_trained.mean(axis=(0, 1))
    people = np.random.default_rng(2).integers(0, 100, (2000, 100))
    expected = np.percentile(paired[people].mean(axis=1), [2.5, 97.5])
    found = row[["difference_lower_years", "difference_upper_years"]].astype(float)
    np.testing.assert_allclose(found, expected, atol=0.1)


def test_brackets_are_scored_by_their_distance(feature_sets):
    tables, cohort = feature_sets
    low = np.floor(cohort["age_years"] / 20) * 20
    rounded = cohort.assign(age_low=low, age_high=low + 20, age_years=low + 10)
    first = {"trained": tables["trained"]}
    table = compare_clocks(first, rounded, folds=2, n_deals=1, n_shuffles=0).set_index("features")
    ages = predict_age(tables["trained"], rounded, folds=2, coverage=None)
    card = report_card(ages).set_index("metric")["value"]
    np.testing.assert_allclose(table.loc["trained", "mae_years"], card["mae_years"])
    assert table.loc["trained", "mae_years"] < 1.5
