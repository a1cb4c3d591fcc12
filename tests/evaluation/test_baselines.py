import numpy as np
import pytest

from skinage.clock.prediction import predict_age
from skinage.errors import LeakageError, SettingError
from skinage.evaluation.baselines import compare_clocks
from skinage.evaluation.report_card import report_card
from skinage.skip_log import skipped


@pytest.fixture
def feature_sets(make_cohort, make_people):
    cohort, generator = make_cohort(100), np.random.default_rng(0)
    signal = np.outer((cohort["age_years"] - 55) / 20, generator.normal(size=40))
    tables = {
        name: make_people(signal + noise * generator.normal(size=signal.shape))
        for name, noise in {"trained": 1, "untrained": 4}.items()
    }
    return tables, cohort


def test_feature_sets_are_ranked_and_the_null_is_null(feature_sets):
    tables, cohort = feature_sets
    table = compare_clocks(tables, cohort).set_index("features")
    assert [*table.index] == ["trained", "untrained", "predict the mean", "shuffled ages"]
    assert table.loc["trained", "mae_years"] < table.loc["untrained", "mae_years"]
    assert table.loc["untrained", "difference_lower_years"] > 0
    assert (table.loc["trained", table.columns.str.startswith("difference")] == 0).all()
    assert -0.3 < table.loc["shuffled ages", "r2"] < 0.05
    assert -0.1 < table.loc["predict the mean", "r2"] <= 0
    assert table["mae_years"].between(table["lower_years"], table["upper_years"]).all()


def test_each_row_is_the_report_card_of_its_own_clock(feature_sets):
    tables, cohort = feature_sets
    table = compare_clocks(tables, cohort, seed=3).set_index("features")
    card = report_card(predict_age(tables["untrained"], cohort, seed=3), seed=3).set_index("metric")
    row = table.loc["untrained"]
    np.testing.assert_allclose(row[["mae_years", "lower_years", "upper_years"]].astype(float),
                               card.loc["mae_years", ["value", "lower", "upper"]])  # fmt: skip
    np.testing.assert_allclose(row["r2"], card.loc["r2", "value"])
    np.testing.assert_allclose(
        table.loc["predict the mean", "mae_years"], card.loc["baseline_mae_years", "value"]
    )


def test_feature_sets_are_compared_on_the_people_they_share(feature_sets):
    tables, cohort = feature_sets
    tables["untrained"] = tables["untrained"].iloc[::-1].iloc[:-4]
    cohort = cohort.iloc[4:]
    with pytest.warns(UserWarning, match="4 of 100 people are not in every table"):
        table = compare_clocks(tables, cohort)
    assert (table["n_people"] == 96).all()
    assert skipped(table).to_numpy().tolist() == [
        ["compare_clocks", "4 of 100 people", "not in every feature set"]
    ]
    with pytest.raises(SettingError, match="no feature sets"):
        compare_clocks({}, cohort)


def test_shuffles_keep_people_and_folds_and_lose_the_age(feature_sets):
    tables, cohort = feature_sets
    first = {"trained": tables["trained"]}
    rows = [compare_clocks(first, cohort, n_shuffles=n).set_index("features") for n in (0, 1, 20)]
    assert "shuffled ages" not in rows[0].index
    assert rows[1].loc["shuffled ages", "lower_years"] == rows[1].loc["shuffled ages", "mae_years"]
    null = rows[2].loc["shuffled ages"]
    assert null["lower_years"] < null["mae_years"] < null["upper_years"]
    assert null["r2"] < 0.02
    assert null["difference_lower_years"] > 8


def test_brackets_are_scored_by_their_distance(feature_sets):
    tables, cohort = feature_sets
    low = np.floor(cohort["age_years"] / 20) * 20
    rounded = cohort.assign(age_low=low, age_high=low + 20, age_years=low + 10)
    first = {"trained": tables["trained"]}
    table = compare_clocks(first, rounded, folds=2, n_shuffles=0).set_index("features")
    ages = predict_age(tables["trained"], rounded, folds=2, coverage=None)
    card = report_card(ages).set_index("metric")["value"]
    np.testing.assert_allclose(table.loc["trained", "mae_years"], card["mae_years"])
    assert table.loc["trained", "mae_years"] < 1.5


def test_leaks_are_refused_in_every_feature_set(feature_sets, tmp_path):
    tables, cohort = feature_sets
    seen = tables | {"untrained": tables["untrained"].assign(label_seen=True)}
    with pytest.raises(LeakageError, match="encoder saw the ages of 100"):
        compare_clocks(seen, cohort)
    copied = tables["untrained"].copy()
    copied.iloc[:] = np.where(np.arange(100)[:, None] < 50, copied, copied.iloc[::-1])
    with pytest.raises(LeakageError, match="row of features"):
        compare_clocks(tables | {"untrained": copied}, cohort)
    (tmp_path / "slide.tiff").write_bytes(b"the same")
    with pytest.raises(LeakageError, match="slide file"):
        compare_clocks(tables, cohort.assign(path=str(tmp_path / "slide.tiff")))
