import itertools
import math

import numpy as np
import pandas as pd
import pytest
import torch
from lifelines import CoxPHFitter
from lifelines.utils import concordance_index
from sklearn.linear_model import LogisticRegression, Ridge, RidgeCV
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.preprocessing import StandardScaler

from skinage.transfer.heads import fit_head
from skinage.transfer.survival import concordance, cox_loss
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


@pytest.mark.parametrize("penalty", [0.5, 20.0])
def test_a_number_is_ridge_regression(features, penalty):
    actual = 50 + features @ np.arange(12) + np.random.default_rng(3).normal(0, 5, 80)
    target = Number(["age"]).within(actual)
    head = fit_head(features, actual[:, None], target, penalty)
    scaler = StandardScaler().fit(features)
    ridge = Ridge(alpha=penalty).fit(scaler.transform(features), actual)
    new = features[::-1] * 1.1
    expected = ridge.predict(scaler.transform(new))
    np.testing.assert_allclose(target.predicted(head.outputs(new))["predicted"], expected, 1e-6)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("penalty", [0.5, 20.0])
def test_a_class_is_logistic_regression(features, n_classes, penalty):
    score = features[:, 3] / 5 + np.random.default_rng(4).normal(0, 1, 80)
    label = pd.qcut(score, n_classes, labels=["low", "middle", "top"][:n_classes]).astype(str)
    target = Classes(["what"], sorted(set(label)))
    values = target.values(pd.DataFrame({"what": label}))
    standardised = StandardScaler().fit_transform(features)
    theirs = LogisticRegression(C=1 / penalty, tol=1e-10, max_iter=10_000).fit(standardised, label)
    found = target.predicted(fit_head(features, values, target, penalty).outputs(features))
    assert [*found] == [f"probability_{name}" for name in theirs.classes_]
    expected = theirs.predict_proba(standardised)
    np.testing.assert_allclose(np.column_stack([*found.values()]), expected, atol=1e-5)


def test_a_time_is_cox_regression(features, lives):
    head = fit_head(features, lives, Time(["years", "died"]), penalty=8.0)
    table = pd.DataFrame(StandardScaler().fit_transform(features)).assign(
        years=lives[:, 0], died=lives[:, 1]
    )
    # lifelines divides the likelihood by people, and standardises by n - 1.
    theirs = CoxPHFitter(penalizer=8.0 / 80 * 79 / 80).fit(table, "years", "died")
    np.testing.assert_allclose(head.weight.detach()[:, 0], theirs.params_, atol=2e-4)


def test_planted_coefficients_come_back(features):
    planted = np.arange(12) - 4.0
    actual = 7 + features @ planted
    target = Number(["age"]).within(actual)
    head = fit_head(features, actual[:, None], target)
    found = (target.spread * head.weight[:, 0] / head.scale).detach().numpy()
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
    hazard = np.random.default_rng(7).normal(0, 1, 80).round(1) - lives[:, 0] / 5 + 10 * fold
    by_fold, n_pairs = [], []
    for one in range(3):
        years, died, high = lives[fold == one, 0], lives[fold == one, 1], hazard[fold == one]
        by_fold.append(concordance_index(years, -high, died))
        n_pairs.append(
            sum(
                bool(died[i]) and (years[i] < years[j] or (years[i] == years[j] and not died[j]))
                for i, j in itertools.permutations(range(len(years)), 2)
            )
        )
    found = concordance(*lives.T, hazard, fold)
    # lifelines counts tied deaths as comparable only if predictions tie too; here none does.
    assert found == pytest.approx(np.average(by_fold, weights=n_pairs), abs=0.01)


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
    pairs = [np.prod(np.unique(label[fold == one], return_counts=True)[1]) for one in (0, 1)]
    assert score["auc"] == pytest.approx(np.average(aucs, weights=pairs))
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
