import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from skinage.errors import StageError
from skinage.outcomes.disease import prevalence
from skinage.skip_log import skipped


def test_logistic_regression_finds_the_planted_odds_ratio_and_no_other(simulate):
    table, cohort = simulate(3000)
    rows = prevalence(table, cohort)
    per_5 = rows[rows["unit"] == "per 5 years"].set_index("outcome")
    assert per_5.loc["disease_planted", "lower"] < 1.5 < per_5.loc["disease_planted", "upper"]
    assert per_5.loc["disease_none", "lower"] < 1 < per_5.loc["disease_none", "upper"]
    assert per_5.loc["disease_planted", "n_events"] == cohort["disease_planted"].sum()


def test_logistic_regression_agrees_with_scikit_learn(simulate, design):
    table, cohort = simulate(400)
    rows = prevalence(table, cohort, ["disease_planted"]).set_index("unit")
    x = design(table, cohort)
    scale = x.std(axis=0, ddof=1)
    fit = LogisticRegression(C=np.inf, tol=1e-10, max_iter=5000, solver="newton-cg").fit(
        (x - x.mean(0)) / scale, cohort["disease_planted"]
    )
    assert rows.loc["per SD", "estimate"] == pytest.approx(np.exp(fit.coef_[0, 0]), rel=1e-5)
    per_year = np.exp(5 * fit.coef_[0, 0] / scale[0])
    assert rows.loc["per 5 years", "estimate"] == pytest.approx(per_year, rel=1e-5)


def test_the_interval_of_the_odds_ratio_is_walds(simulate, design):
    table, cohort = simulate(400)
    rows = prevalence(table, cohort, ["disease_planted"]).set_index("unit")
    x = np.column_stack([np.ones(400), design(table, cohort)])
    weights = np.zeros(x.shape[1])
    for _ in range(30):  # Newton's method, written out
        share = 1 / (1 + np.exp(-x @ weights))
        information = x.T @ (x * (share * (1 - share))[:, None])
        weights += np.linalg.solve(information, x.T @ (cohort["disease_planted"] - share))
    error = np.sqrt(np.linalg.inv(information)[1, 1])
    expected = np.exp(5 * (weights[1] + np.array([-1.959964, 0, 1.959964]) * error))
    found = rows.loc["per 5 years", ["lower", "estimate", "upper"]].astype(float)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_q_values_are_benjamini_and_hochbergs(simulate):
    table, cohort = simulate(200)
    generator = np.random.default_rng(5)
    for number in range(6):
        cohort[f"disease_{number}"] = (generator.random(200) < 0.3).astype(int)
    rows = prevalence(table, cohort)
    per_sd = rows[rows["unit"] == "per SD"].sort_values("p_value")
    assert len(per_sd) == 8
    steps = per_sd["p_value"].to_numpy() * 8 / np.arange(1, 9)
    by_hand = np.minimum.accumulate(steps[::-1])[::-1]
    np.testing.assert_allclose(per_sd["q_value"], by_hand)
    assert len(rows[["outcome", "q_value"]].drop_duplicates()) == 8


def test_diseases_that_cannot_be_tested_are_named(simulate):
    table, cohort = simulate(200)
    cohort["disease_rare"] = (np.arange(200) < 9).astype(int)
    cohort["disease_separated"] = (table["acceleration_years"] > 0).astype(int)
    with pytest.warns(
        UserWarning, match=r"rare: 9 cases, 191 controls.*separated: .*separate"
    ) as seen:
        rows = prevalence(table, cohort)
    assert len(seen) == 1
    assert set(rows["outcome"]) == {"disease_planted", "disease_none"}
    log = skipped(rows).set_index("item")
    assert [*log.index] == ["disease_rare", "disease_separated"]
    assert log.loc["disease_rare"].tolist() == ["prevalence", "9 cases, 191 controls, 10 needed"]
    with pytest.raises(StageError, match="no disease can be tested; disease_rare: 9 cases"):
        prevalence(table, cohort, ["disease_rare"])
    with pytest.raises(StageError, match=r"no column disease_\*"):
        prevalence(table, cohort[["person_id", "died"]])


def test_a_category_without_cases_is_separation_too(simulate):
    table, cohort = simulate(300)
    cohort["disease_planted"] *= cohort["body_site"] != "leg"
    with pytest.raises(StageError, match="separate cases from controls"):
        prevalence(table, cohort, ["disease_planted"], covariates=["body_site"])
    prevalence(table, cohort, ["disease_planted"])
