"""What a head learns: a number, a class, or the time to an event; loss, results, score of each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional

from skinage.errors import StageError
from skinage.transfer.survival import concordance, cox_loss


@dataclass(frozen=True)
class Number:
    """A number, learnt in units of the training people's standard deviation."""

    columns: Sequence[str]
    centre: float = 0.0
    spread: float = 1.0
    kind: ClassVar[str] = "number"
    n_outputs: ClassVar[int] = 1

    def values(self, known: pd.DataFrame) -> np.ndarray:
        """Give what the loss takes: ``(n_people, 1)``."""
        return known.to_numpy(np.float64)

    def within(self, values: np.ndarray) -> "Number":
        """Take centre and spread from training people."""
        return replace(self, centre=float(values.mean()), spread=float(values.std()) or 1.0)

    def check(self, values: np.ndarray, fold: np.ndarray) -> None:
        """Refuse numbers that are not finite."""
        if not np.isfinite(values).all():
            raise StageError(f"tune: {self.columns[0]} has values that are not finite; leave blank")

    def loss(self, outputs: Tensor, values: Tensor) -> Tensor:
        """Half the sum of squared errors, so that the penalty is that of ridge regression."""
        return ((outputs - (values - self.centre) / self.spread) ** 2).sum() / 2

    def predicted(self, outputs: np.ndarray) -> dict[str, np.ndarray]:
        """Turn outputs back into the units of the target."""
        return {"predicted": self.centre + self.spread * outputs[:, 0]}

    def score(self, predictions: pd.DataFrame) -> dict[str, float]:
        """R2, MAE, and the MAE of predicting the mean of the other folds."""
        actual, fold = predictions[self.columns[0]].to_numpy(float), predictions["fold"].to_numpy()
        error = predictions["predicted"].to_numpy() - actual
        mean = np.array([actual[fold != one].mean() for one in fold])
        r2 = 1 - np.sum(error**2) / np.sum((actual - actual.mean()) ** 2)
        return {
            "r2": float(r2),
            "mae": float(np.abs(error).mean()),
            "baseline_mae": float(np.abs(actual - mean).mean()),
        }


@dataclass(frozen=True)
class Classes:
    """One of several classes: logistic, of more than two multinomial regression."""

    columns: Sequence[str]
    labels: Sequence[object]
    kind: ClassVar[str] = "class"

    @property
    def n_outputs(self) -> int:
        """Logits: one for two classes, or one of each."""
        return 1 if len(self.labels) == 2 else len(self.labels)

    @property
    def names(self) -> list[str]:
        """Columns of the results, one per class."""
        return [
            f"probability_{label:g}" if isinstance(label, float) else f"probability_{label}"
            for label in self.labels
        ]

    def values(self, known: pd.DataFrame) -> np.ndarray:
        """Give what the loss takes: ``(n_people, 1)`` numbers of classes."""
        return pd.Categorical(known[self.columns[0]], [*self.labels]).codes[:, None].astype(float)

    def within(self, values: np.ndarray) -> "Classes":
        """Take nothing from training people."""
        return self

    def check(self, values: np.ndarray, fold: np.ndarray) -> None:
        """Refuse a single class, and classes that are too rare for the folds."""
        name, folds = self.columns[0], np.unique(fold)
        if len(self.labels) < 2:
            raise StageError(f"tune: {name} is {self.labels[0]} of all {len(values)} people")
        for code, label in enumerate(self.labels):
            of_label = fold[values[:, 0] == code]
            if len(of_label) < len(folds) or min(np.sum(of_label != one) for one in folds) < 2:
                raise StageError(
                    f"tune: {name} is {label} of {len(of_label)} people; expected at least one per "
                    f"fold ({len(folds)}), and two outside of every fold. Leave the class out, "
                    "join it to another, or take fewer folds."
                )

    def loss(self, outputs: Tensor, values: Tensor) -> Tensor:
        """Sum of cross-entropies."""
        return functional.cross_entropy(self._logits(outputs), values[:, 0].long(), reduction="sum")

    def _logits(self, outputs: Tensor) -> Tensor:
        return functional.pad(outputs, (1, 0)) if self.n_outputs == 1 else outputs

    def predicted(self, outputs: np.ndarray) -> dict[str, np.ndarray]:
        """Turn outputs into a probability per class."""
        shares = torch.softmax(self._logits(torch.from_numpy(outputs)), 1).numpy()
        return dict(zip(self.names, shares.T, strict=True))

    def score(self, predictions: pd.DataFrame) -> dict[str, float]:
        """AUC within folds (macro one against the rest), Brier score, prevalence of classes."""
        fold = predictions["fold"].to_numpy()
        probability = predictions[self.names].to_numpy()
        actual = np.eye(len(self.labels))[self.values(predictions)[:, 0].astype(int)]
        # Who is of the class has the event at once, the others never.
        aucs = [
            concordance(1 - is_class, is_class, of_class, fold)
            for is_class, of_class in zip(actual.T, probability.T, strict=True)
        ]
        others = np.array([actual[fold != one].mean(axis=0) for one in fold])
        prevalence = {
            name.replace("probability", "prevalence", 1): float(share)
            for name, share in zip(self.names, actual.mean(axis=0), strict=True)
        }
        return {
            "auc": float(np.mean(aucs)),
            "brier": self._brier(actual, probability),
            "baseline_brier": self._brier(actual, others),
            **prevalence,
        }

    def _brier(self, actual: np.ndarray, probability: np.ndarray) -> float:
        """Sum over classes as Brier (1950) has it; of two classes the usual half."""
        squares = ((actual - probability) ** 2).sum(axis=1).mean()
        return float(squares / 2 if len(self.labels) == 2 else squares)


@dataclass(frozen=True)
class Time:
    """Time to an event or to the end of follow-up: Cox regression."""

    columns: Sequence[str]
    kind: ClassVar[str] = "time"
    n_outputs: ClassVar[int] = 1

    def values(self, known: pd.DataFrame) -> np.ndarray:
        """Give what the loss takes: ``(n_people, 2)`` times and events."""
        return known.to_numpy(np.float64)

    def within(self, values: np.ndarray) -> "Time":
        """Take nothing from training people."""
        return self

    def check(self, values: np.ndarray, fold: np.ndarray) -> None:
        """Refuse impossible times and events, and too few events."""
        time, event = self.columns
        if not (np.isfinite(values[:, 0]) & (values[:, 0] >= 0)).all():
            raise StageError(
                f"tune: {time} must be finite and 0 or more; found {values[:, 0].min()}"
            )
        if not np.isin(values[:, 1], [0, 1]).all():
            raise StageError(
                f"tune: {event} must be 0 or 1; found {[*np.unique(values[:, 1])[:5]]}"
            )
        fewest = min(int(values[fold != one, 1].sum()) for one in np.unique(fold))
        if fewest < 2:
            raise StageError(
                f"tune: {int(values[:, 1].sum())} events ({event}) among {len(values)} people; "
                "expected at least two outside of every fold"
            )

    def loss(self, outputs: Tensor, values: Tensor) -> Tensor:
        """Cox's partial likelihood."""
        return cox_loss(outputs[:, 0], values[:, 0], values[:, 1] > 0)

    def predicted(self, outputs: np.ndarray) -> dict[str, np.ndarray]:
        """Give the outputs, which are log hazards up to a constant."""
        return {"predicted": outputs[:, 0]}

    def score(self, predictions: pd.DataFrame) -> dict[str, float]:
        """Harrell's C-index over pairs of the same fold."""
        time, event = (predictions[name].to_numpy(float) for name in self.columns)
        hazard, fold = predictions["predicted"].to_numpy(), predictions["fold"].to_numpy()
        return {"c_index": concordance(time, event, hazard, fold), "n_events": float(event.sum())}


Target = Number | Classes | Time
