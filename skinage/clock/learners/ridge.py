"""Ridge regression, and the linear model that linear regressions give."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from skinage.clock.learners.base import standardise, tuning_folds
from skinage.people.clock_inputs import ClockInputs


@dataclass(frozen=True, eq=False)
class LinearModel:
    """A sum of features.

    Age in years is ``intercept + sum((features - mean) / scale * coefficients)``. Of several
    targets, ``coefficients`` is ``(n_features, n_targets)`` and ages are ``(n_people, n_targets)``.
    """

    mean: np.ndarray
    scale: np.ndarray
    coefficients: np.ndarray
    intercept: np.ndarray

    def predict(self, inputs: ClockInputs) -> np.ndarray:
        """Predict ages in years."""
        standardised = (inputs.pooled() - self.mean) / self.scale
        return self.intercept + standardised @ self.coefficients

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the terms of the sum."""
        return {name: np.asarray(value, np.float64) for name, value in vars(self).items()}


class Ridge:
    """Ridge regression; the penalty has the least squared error of people, or groups, left out.

    Each person is left out in turn; where whole groups are held out, each group.

    The Gram matrix of standardised features grows with their number, and so does the grid of
    penalties: from nearly no shrinkage to nearly nothing but the mean.
    """

    name: ClassVar[str] = "ridge"
    needs_tiles: ClassVar[bool] = False
    fits_columns: ClassVar[bool] = True

    def fit(self, inputs: ClockInputs, target: np.ndarray, *, seed: int) -> LinearModel:
        """Fit on training people; each column of a matrix of targets has its own penalty.

        That of a column is chosen by leaving out one person, also where groups are held out.
        """
        mean, scale = standardise(inputs.pooled())
        by_person = inputs.groups is None or target.ndim == 2
        fold = None if by_person else tuning_folds(inputs, target, seed)
        regression = self.regression((inputs.pooled() - mean) / scale, target, fold)
        return LinearModel(mean, scale, regression.coef_.T, np.asarray(regression.intercept_))

    def load(self, arrays: Mapping[str, np.ndarray]) -> LinearModel:
        """Return the model of these terms."""
        return LinearModel(**arrays)

    def regression(
        self, features: np.ndarray, target: np.ndarray, fold: np.ndarray | None = None
    ) -> Any:
        """Fit scikit-learn's ridge regression of standardised features.

        The penalty is chosen by folds ``(n_people,)``, or by leaving out one person.
        """
        from sklearn.linear_model import RidgeCV

        # "auto" takes the eigenvalues of the larger Gram matrix: 2.8 s against 0.5 (1,600 x 1,024).
        penalties = features.shape[1] * np.logspace(-4, 3, 29)
        if fold is not None:
            penalties = [_best_penalty(features, target, penalties, fold)]
        ridge = RidgeCV(penalties, gcv_mode="svd", alpha_per_target=target.ndim == 2)
        return ridge.fit(features, target)


def _best_penalty(
    features: np.ndarray, target: np.ndarray, penalties: np.ndarray, fold: np.ndarray
) -> float:
    """Return the penalty of the least squared error, the mean over folds of the mean in each."""
    from sklearn.linear_model import Ridge as ScikitRidge

    errors = []
    for one in np.unique(fold):
        tested = fold == one
        # One decomposition serves all penalties where each has a target of its own.
        targets = np.tile(target[~tested, None], len(penalties))
        ridge = ScikitRidge(penalties, solver="svd").fit(features[~tested], targets)
        errors.append(
            np.square(ridge.predict(features[tested]) - target[tested, None]).mean(axis=0)
        )
    return float(penalties[np.mean(errors, axis=0).argmin()])
