import math

import numpy as np
import pandas as pd
import pytest
import torch
from lifelines import CoxPHFitter
from lifelines.utils import concordance_index
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.preprocessing import StandardScaler

from skinage.transfer.cox import Cox, cox_loss
from skinage.transfer.heads import fit_head
from skinage.transfer.targets import Classes, Number, Time


@pytest.fixture
def features():
    return np.random.default_rng(0).normal(3, 2, (80, 12)) * np.linspace(0.1, 10, 12)


@pytest.fixture
def lives(features):
    """Follow-up in whole years, so that many die in the same year."""
    generator = np.random.default_rng(1)
    hazard = np.exp(0.8 * StandardScaler().fit_transform(features)[:, 0])
    death, censored = generator.exponential(6 / hazard), generator.uniform(1, 15, 80)
    return np.column_stack([np.ceil(np.minimum(death, censored)), death < censored]).astype(float)


def efron_by_loops(log_hazard, years, died):
    total = 0.0
    for year in set(years[died]):
        dying = [i for i in range(len(years)) if died[i] and years[i] == year]
        at_risk = sum(math.exp(log_hazard[i]) for i in range(len(years)) if years[i] >= year)
        of_dying = sum(math.exp(log_hazard[i]) for i in dying)
        for k, i in enumerate(dying):
            total += log_hazard[i] - math.log(at_risk - k / len(dying) * of_dying)
    return -total


def test_cox_loss_is_that_of_a_slow_version_with_ties(lives):
    log_hazard = np.random.default_rng(2).normal(0, 3, 80)
    years, died = lives[:, 0], lives[:, 1] > 0
    assert len(set(years[died])) < died.sum() / 2
    found = cox_loss(*(torch.from_numpy(values) for values in (log_hazard, years, died)))
    assert found.item() == pytest.approx(efron_by_loops(log_hazard, years, died), rel=1e-12)


def test_cox_loss_without_deaths_is_nothing_and_far_hazards_do_not_overflow():
    years, nobody = torch.arange(4.0), torch.zeros(4, dtype=torch.bool)
    assert cox_loss(torch.randn(4), years, nobody).item() == 0
    far = cox_loss(torch.tensor([900.0, 901.0]).double(), years[:2], ~nobody[:2])
    assert far.item() == pytest.approx(math.log(1 + math.e))


def test_a_class_is_logistic_regression_with_the_penalty_of_inner_folds(features):
    score = features[:, 3] / 5 + np.random.default_rng(4).normal(0, 1, 80)
    label = pd.qcut(score, 3, labels=["low", "middle", "top"]).astype(str)
    target = Classes(["what"], sorted(set(label)))
    head = fit_head(features, target.values(pd.DataFrame({"what": label})), target)
    standardised = StandardScaler().fit_transform(features)
    theirs = LogisticRegression(C=1 / head.penalty, tol=1e-8, max_iter=10_000)
    found = target.predicted(head.outputs(features))
    assert [*found] == ["probability_low", "probability_middle", "probability_top"]
    expected = theirs.fit(standardised, label).predict_proba(standardised)
    np.testing.assert_allclose(np.column_stack([*found.values()]), expected, atol=1e-3)


def test_the_loss_of_end_to_end_training_is_least_where_the_head_starts(features, lives):
    """Else training with frozen features would move away from the head's own fit."""
    label = features[:, 3] + np.random.default_rng(4).normal(0, 15, 80) > features[:, 3].mean()
    number = features @ np.arange(12) + np.random.default_rng(3).normal(0, 50, 80)
    for target, values in (
        (Number(["age"]).within(number), number[:, None]),
        (Classes(["what"], [False, True]), label[:, None].astype(float)),
        (Time(["years", "died"]), lives),
    ):
        head = fit_head(features, values, target)
        loss = target.loss(head(torch.from_numpy(features)), torch.from_numpy(values))
        (loss + head.penalty / 2 * (head.weight**2).sum()).backward()
        assert head.weight.grad.abs().max() < 0.02


def test_cox_regression_is_that_of_lifelines(features, lives):
    standardised = StandardScaler().fit_transform(features)
    table = pd.DataFrame(standardised).assign(years=lives[:, 0], died=lives[:, 1])
    # lifelines divides the likelihood by people, and standardises by n - 1.
    theirs = CoxPHFitter(penalizer=8.0 / 80 * 79 / 80).fit(table, "years", "died")
    ours = Cox(penalty=8.0).fit(standardised, lives)
    np.testing.assert_allclose(ours.coef_, theirs.params_, atol=2e-4)
    likelihood = CoxPHFitter(penalizer=1e-9).fit(table, "years", "died").log_likelihood_
    assert Cox(penalty=1e-6).fit(standardised, lives).score(standardised, lives) == pytest.approx(
        likelihood, abs=1e-2
    )


def test_planted_coefficients_come_back(features):
    planted = np.arange(12) - 4.0
    actual = 7 + features @ planted
    target = Number(["age"]).within(actual)
    head = fit_head(features, actual[:, None], target)
    found = (target.spread * head.weight[0] / head.scale).detach().numpy()
    np.testing.assert_allclose(found, planted, atol=0.05)


def test_more_features_than_people_find_a_penalty_as_good_as_leave_one_out():
    generator = np.random.default_rng(5)
    features = generator.normal(0, 1, (300, 150))
    actual = features[:, :5].sum(axis=1) + generator.normal(0, 2, 300)
    target = Number(["age"]).within(actual[:100])
    head = fit_head(features[:100], actual[:100, None], target)
    theirs = RidgeCV(np.logspace(-1, 5, 30)).fit(features[:100], actual[:100])
    ours = target.predicted(head.outputs(features[100:]))["predicted"]
    error = [np.square(actual[100:] - p).mean() for p in (ours, theirs.predict(features[100:]))]
    assert error[0] < 1.05 * error[1]
    assert error[0] < 0.95 * actual[100:].var()


def test_noise_gets_a_penalty_that_leaves_next_to_nothing(features):
    actual = np.random.default_rng(6).normal(0, 1, 80)
    target = Number(["noise"]).within(actual)
    outputs = fit_head(features, actual[:, None], target).outputs(features)
    assert np.var(outputs) < 0.1


def test_c_index_is_that_of_lifelines_within_folds(lives):
    fold = np.arange(80) % 3
    hazard = np.random.default_rng(7).normal(0, 1, 80) - lives[:, 0] / 5 + 10 * fold
    table = pd.DataFrame({"fold": fold, "years": lives[:, 0], "died": lives[:, 1]})
    table["predicted"] = hazard
    by_fold = [
        concordance_index(own["years"], -own["predicted"], own["died"])
        for _, own in table.groupby("fold")
    ]
    score = Time(["years", "died"]).score(table)
    assert score["c_index"] == pytest.approx(np.average(by_fold, weights=[27, 27, 26]))
    assert score["n_events"] == lives[:, 1].sum()
    assert abs(score["c_index"] - concordance_index(lives[:, 0], -hazard, lives[:, 1])) > 0.05


def test_a_fold_in_which_nobody_can_be_compared_does_not_count(lives):
    years = lives[:, 0] + np.arange(80) / 100
    table = pd.DataFrame({"fold": np.arange(80) % 2, "years": years, "died": lives[:, 1]})
    table["predicted"] = -years
    table.loc[table["fold"] == 1, "died"] = 0
    assert Time(["years", "died"]).score(table)["c_index"] == 1
    nobody = Time(["years", "died"]).score(table.assign(died=0.0))
    assert np.isnan(nobody["c_index"])
    label = pd.DataFrame({"fold": [0, 0, 1, 1], "x": ["a", "b", "a", "a"]})
    label["probability_b"] = [0.2, 0.7, 0.9, 0.8]
    label["probability_a"] = 1 - label["probability_b"]
    assert Classes(["x"], ["a", "b"]).score(label)["auc"] == 1


def test_scores_of_numbers_and_classes_are_the_textbook_ones():
    generator = np.random.default_rng(8)
    fold = np.repeat([0, 1], 30)
    label = generator.choice(["a", "b"], 60)
    probability = np.clip(generator.normal(0.5, 0.2, 60) + 0.2 * (label == "b"), 0, 1)
    table = pd.DataFrame(
        {"fold": fold, "x": label, "probability_a": 1 - probability, "probability_b": probability}
    )
    score = Classes(["x"], ["a", "b"]).score(table)
    aucs = [roc_auc_score(label[fold == one] == "b", probability[fold == one]) for one in (0, 1)]
    assert score["auc"] == pytest.approx(np.mean(aucs))
    assert score["brier"] == pytest.approx(brier_score_loss(label == "b", probability))
    assert score["prevalence_b"] == pytest.approx((label == "b").mean())
    number = pd.DataFrame({"fold": [0, 0, 1, 1], "y": [1.0, 2, 3, 6], "predicted": [1.0, 3, 3, 5]})
    found = Number(["y"]).score(number)
    assert found == pytest.approx({"r2": 1 - 2 / 14, "mae": 0.5, "baseline_mae": 3.0})


def test_a_constant_prediction_is_chance_whatever_the_folds_hold():
    """Each fold's prevalence leans away from its own people: pooled, the AUC would be 0."""
    fold = np.repeat([0, 1], 10)
    label = np.r_[np.ones(7), np.zeros(3), np.ones(3), np.zeros(7)]
    table = pd.DataFrame({"fold": fold, "x": label, "probability_1": np.where(fold == 0, 0.3, 0.7)})
    table["probability_0"] = 1 - table["probability_1"]
    assert roc_auc_score(label, table["probability_1"]) < 0.4
    assert Classes(["x"], [0.0, 1.0]).score(table)["auc"] == 0.5
