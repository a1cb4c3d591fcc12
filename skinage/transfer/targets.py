"""What is learnt: a number, a class, or the time to an event. Loss, fit and scores of each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
import pandas as pd
import torch
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import mean_absolute_error, r2_score
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from torch import Tensor
from torch.nn import functional

from skinage.errors import StageError
from skinage.evaluation.metrics import mean_out_of_fold
from skinage.transfer.cox import Cox, cox_loss
from skinage.transfer.scores import auc, brier, concordance, within_folds

PENALTIES = np.logspace(-4, 3, 29)
"""Times the number of features, with which the Gram matrix grows."""
SEARCHED = PENALTIES[8::4]
"""Those of them that are searched where each needs fits of its own: 0.01 to 1,000, by decades."""
MOST_INNER_FOLDS, MOST_ITERATIONS = 5, 1000

Fit = tuple[np.ndarray, np.ndarray, float]
"""Weights ``(n_outputs, dim)``, biases ``(n_outputs,)`` and the penalty that was chosen."""


@dataclass(frozen=True)
class _Base:
    """What all targets have in common: the columns of the cohort, and how they are read."""

    columns: Sequence[str]

    def values(self, known: pd.DataFrame) -> np.ndarray:
        """Return ``(n_people, n_columns)`` float64, as `fit` and `loss` take them."""
        return known.to_numpy(np.float64)

    def within(self, values: np.ndarray) -> Self:
        """Return the target with what depends on the training people; most have nothing."""
        return self

    def check(self, values: np.ndarray, fold: np.ndarray) -> None:
        """Refuse values ``(n_people, n_columns)`` that cannot be learnt over these folds."""
        if not np.isfinite(values).all():
            raise StageError(f"tune: {', '.join(self.columns)} must be finite; leave others blank")

    def predicted(self, outputs: np.ndarray) -> dict[str, np.ndarray]:
        """Return the columns of the predictions from outputs ``(n_people, n_outputs)``."""
        return {"predicted": outputs[:, 0]}


@dataclass(frozen=True)
class Number(_Base):
    """A number, learnt in units of the training people's standard deviation."""

    centre: float = 0.0
    spread: float = 1.0
    name: ClassVar[str] = "number"

    def within(self, values: np.ndarray) -> Self:
        """Return the target with the centre and the spread of the training people."""
        return replace(self, centre=float(values.mean()), spread=float(values.std()) or 1.0)

    def fit(self, features: np.ndarray, values: np.ndarray) -> Fit:
        """Fit a ridge regression; the penalty has the least error of leaving one person out."""
        penalties, outputs = features.shape[1] * PENALTIES, (values - self.centre) / self.spread
        ridge = RidgeCV(penalties, gcv_mode="svd").fit(features, outputs[:, 0])
        return ridge.coef_[None], np.atleast_1d(ridge.intercept_), float(ridge.alpha_)

    def loss(self, outputs: Tensor, values: Tensor) -> Tensor:
        """Compute half the sum of squared errors, so that the penalty is that of the ridge."""
        return ((outputs - (values - self.centre) / self.spread) ** 2).sum() / 2

    def predicted(self, outputs: np.ndarray) -> dict[str, np.ndarray]:
        """Return the predictions in the units of the target."""
        return {"predicted": self.centre + self.spread * outputs[:, 0]}

    def score(self, predictions: pd.DataFrame) -> dict[str, float]:
        """Compute R2, MAE, and the MAE of predicting the mean of the other folds."""
        actual, predicted = (predictions[name] for name in (self.columns[0], "predicted"))
        mean = mean_out_of_fold(actual.to_numpy(), predictions["fold"].to_numpy())
        return {
            "r2": float(r2_score(actual, predicted)),
            "mae": float(mean_absolute_error(actual, predicted)),
            "baseline_mae": float(mean_absolute_error(actual, mean)),
        }


@dataclass(frozen=True)
class Classes(_Base):
    """One of several classes: logistic regression, multinomial for more than two."""

    labels: Sequence[object]
    name: ClassVar[str] = "class"

    def names(self, what: str) -> list[str]:
        """Return the names of columns with a number per class."""
        texts = (f"{one:g}" if isinstance(one, float) else str(one) for one in self.labels)
        return [f"{what}_{text}" for text in texts]

    def values(self, known: pd.DataFrame) -> np.ndarray:
        """Return ``(n_people, 1)`` numbers of classes."""
        return pd.Categorical(known[self.columns[0]], [*self.labels]).codes[:, None].astype(float)

    def check(self, values: np.ndarray, fold: np.ndarray) -> None:
        """Refuse a single class, and classes that are too rare for the folds."""
        column, folds = self.columns[0], np.unique(fold)
        if len(self.labels) < 2:
            raise StageError(f"tune: {column} is {self.labels[0]} for all {len(values)} people")
        for code, label in enumerate(self.labels):
            own = fold[values[:, 0] == code]
            if len(own) < len(folds) or min(np.sum(own != one) for one in folds) < 2:
                raise StageError(
                    f"tune: {column} is {label} for {len(own)} people; expected at least one per "
                    f"fold ({len(folds)}), and two outside of every fold. Exclude the class, join "
                    "it to another, or use fewer folds."
                )

    def fit(self, features: np.ndarray, values: np.ndarray) -> Fit:
        """Fit a logistic regression; the penalty has the least log loss over inner folds."""
        labels = values[:, 0].astype(int)
        model = LogisticRegression(max_iter=MOST_ITERATIONS)
        best = _best(model, "C", 1 / SEARCHED / features.shape[1], features, labels, labels)
        return best.coef_, best.intercept_, float(1 / best.C)

    def loss(self, outputs: Tensor, values: Tensor) -> Tensor:
        """Compute the sum of cross-entropies."""
        return functional.cross_entropy(_logits(outputs), values[:, 0].long(), reduction="sum")

    def predicted(self, outputs: np.ndarray) -> dict[str, np.ndarray]:
        """Return a probability per class."""
        probability = torch.softmax(_logits(torch.from_numpy(outputs)), 1).numpy()
        return dict(zip(self.names("probability"), probability.T, strict=True))

    def score(self, predictions: pd.DataFrame) -> dict[str, float]:
        """Compute AUC within folds (macro, one against the rest), Brier score and prevalence."""
        fold = predictions["fold"].to_numpy()
        probability = predictions[self.names("probability")].to_numpy()
        actual = np.eye(len(self.labels))[self.values(predictions)[:, 0].astype(int)]
        others = np.column_stack([mean_out_of_fold(column, fold) for column in actual.T])
        prevalence = zip(self.names("prevalence"), actual.mean(axis=0).tolist(), strict=True)
        return {
            "auc": within_folds(fold, auc, actual, probability),
            "brier": brier(actual, probability),
            "baseline_brier": brier(actual, others),
            **dict(prevalence),
        }


@dataclass(frozen=True)
class Time(_Base):
    """Time to an event or to the end of follow-up: Cox regression. Outputs are log hazards."""

    name: ClassVar[str] = "time"

    def check(self, values: np.ndarray, fold: np.ndarray) -> None:
        """Refuse impossible times and events, and too few events."""
        super().check(values, fold)
        (time, event), (times, events) = self.columns, values.T
        if times.min() < 0:
            raise StageError(f"tune: {time} must be 0 or more; found {times.min()}")
        if not np.isin(events, [0, 1]).all():
            raise StageError(f"tune: {event} must be 0 or 1; found {[*np.unique(events)[:5]]}")
        if min(events[fold != one].sum() for one in np.unique(fold)) < 2:
            raise StageError(
                f"tune: {int(events.sum())} events ({event}) among {len(values)} people; expected "
                "at least two outside of every fold"
            )

    def fit(self, features: np.ndarray, values: np.ndarray) -> Fit:
        """Fit a Cox regression; the penalty has the greatest likelihood over inner folds."""
        penalties = features.shape[1] * SEARCHED
        best = _best(Cox(), "penalty", penalties, features, values, values[:, 1].astype(int))
        return best.coef_[None], np.zeros(1), float(best.penalty)

    def loss(self, outputs: Tensor, values: Tensor) -> Tensor:
        """Compute Cox's negative log partial likelihood."""
        return cox_loss(outputs[:, 0], values[:, 0], values[:, 1] > 0)

    def score(self, predictions: pd.DataFrame) -> dict[str, float]:
        """Compute Harrell's C-index within folds, and the number of events."""
        time, event, hazard = predictions[[*self.columns, "predicted"]].to_numpy(float).T
        c_index = within_folds(predictions["fold"].to_numpy(), concordance, time, event, hazard)
        return {"c_index": c_index, "n_events": float(event.sum())}


Target = Number | Classes | Time


def _best(
    model: BaseEstimator,
    setting: str,
    grid: np.ndarray,
    features: np.ndarray,
    values: np.ndarray,
    strata: np.ndarray,
) -> BaseEstimator:
    """Fit a model with the setting of a grid that does best over stratified inner folds."""
    inner = StratifiedKFold(min(MOST_INNER_FOLDS, *np.bincount(strata)))
    scoring = "neg_log_loss" if hasattr(model, "predict_proba") else None
    search = GridSearchCV(
        model, {setting: grid}, scoring=scoring, cv=[*inner.split(features, strata)]
    )
    return search.fit(features, values).best_estimator_


def _logits(outputs: Tensor) -> Tensor:
    """Return a logit per class; of two classes the head has only the second one's."""
    return functional.pad(outputs, (1, 0)) if outputs.shape[1] == 1 else outputs
