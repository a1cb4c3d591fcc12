import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from skinage.clock.prediction import predict_age
from skinage.errors import LeakageError, SettingError
from skinage.evaluation.baselines import compare_clocks
from skinage.skip_log import skipped


def test_feature_sets_are_ranked_and_the_null_is_null(feature_sets):
    tables, cohort = feature_sets
    table = compare_clocks(tables, cohort).set_index("features")
    assert [*table.index] == [
        "trained", "untrained", "predict the mean", "shuffled ages", "shuffled within sex",
    ]  # fmt: skip
    assert table.loc["trained", "mae_years"] < table.loc["untrained", "mae_years"]
    assert table.loc["untrained", "difference_lower_years"] > 0
    differences = ["difference_years", "difference_lower_years", "difference_upper_years"]
    assert (table.loc["trained", differences] == 0).all()
    assert -0.3 < table.loc["shuffled ages", "r2"] < 0.05
    assert -0.1 < table.loc["predict the mean", "r2"] <= 0
    assert table["mae_years"].between(table["lower_years"], table["upper_years"]).all()


def test_feature_sets_are_compared_on_the_people_they_share(feature_sets):
    tables, cohort = feature_sets
    tables["untrained"] = tables["untrained"].iloc[::-1].iloc[:-4]
    cohort = cohort.iloc[4:]
    with pytest.warns(UserWarning, match="4 of 100 people are not in every table"):
        table = compare_clocks(tables, cohort, n_deals=1, n_shuffles=1)
    assert (table["n_people"] == 96).all()
    assert skipped(table).to_numpy().tolist() == [
        ["compare_clocks", "4 of 100 people", "not in every feature set"]
    ]
    with pytest.raises(SettingError, match="no feature sets"):
        compare_clocks({}, cohort)
    with pytest.raises(SettingError, match="no feature sets"):
        compare_clocks({"trained": []}, cohort)


def test_given_folds_are_one_deal(feature_sets):
    tables, cohort = feature_sets
    fold = predict_age(tables["trained"], cohort).set_index("person_id")["fold"]
    table = compare_clocks(tables, cohort, folds=fold, n_shuffles=0)
    pd.testing.assert_frame_equal(table, compare_clocks(tables, cohort, n_deals=1, n_shuffles=0))
    assert table["difference_sd_over_deals"].isna().all()


def test_only_models_that_fit_all_at_once_are_shuffled_199_times(feature_sets):
    tables, cohort = feature_sets
    first = {"trained": tables["trained"]}
    assert "shuffled ages" not in set(compare_clocks(first, cohort, n_shuffles=0)["features"])
    for model, n_shuffles in (("ridge", 199), (LinearRegression(), 19)):
        table = compare_clocks(first, cohort, model, n_deals=1).set_index("features")
        null = table.loc["shuffled ages"]
        assert null["n_shuffles"] == n_shuffles
        assert null["p_value"] == 1 / (1 + n_shuffles)
        assert null["lower_years"] < null["mae_years"] < null["upper_years"]
        assert null["difference_lower_years"] > 5
        assert null["verdict"].startswith("the clock knows something of age")
    for wrong in ({"n_deals": 0}, {"n_shuffles": -1}):
        with pytest.raises(SettingError, match="expected one deal or more"):
            compare_clocks(first, cohort, **wrong)


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


def test_each_feature_set_can_have_a_model_of_its_own(feature_sets):
    tables, cohort = feature_sets
    models = {"trained": "ridge", "untrained": LinearRegression()}
    together = compare_clocks(tables, cohort, models, n_deals=1, n_shuffles=0)
    for name, model in models.items():
        alone = compare_clocks({name: tables[name]}, cohort, model, n_deals=1, n_shuffles=0)
        row = together.set_index("features").loc[name]
        assert row["mae_years"] == alone["mae_years"].iloc[0]
    with pytest.raises(SettingError, match="Give a model for each"):
        compare_clocks(tables, cohort, {"trained": "ridge"})
