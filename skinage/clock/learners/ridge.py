"""What learns age from features: linear models, a Gaussian process, boosted trees, all of them.

A learner is fitted on training people and gives a model; everything it chooses (scaling, penalty,
number of trees) it chooses from them alone. A model is nothing but arrays, so that it is saved
without pickling and read without trust.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from skinage.clock.learners.base import N_INNER_FOLDS, standardise
from skinage.people.clock_inputs import ClockInputs

if TYPE_CHECKING:
    from sklearn.gaussian_process.kernels import Kernel

MOST_FOR_KERNEL = 500


@dataclass(frozen=True, eq=False)
class LinearModel:
    """A sum that can be read term by term.

    Age in years is ``intercept + sum((features - mean) / scale * coefficients)``.
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
        """Give the terms."""
        return {name: np.asarray(value, np.float64) for name, value in vars(self).items()}


class _Linear:
    """Standardise, then a linear regression that chooses its own penalty."""

    needs_tiles: ClassVar[bool] = False

    def fit(self, inputs: ClockInputs, target: np.ndarray, seed: int) -> LinearModel:
        """Fit on training people."""
        features = inputs.pooled()
        mean, scale = standardise(features)
        regression = self.regression((features - mean) / scale, target, seed)
        return LinearModel(mean, scale, regression.coef_, np.asarray(regression.intercept_))

    def load(self, arrays: Mapping[str, np.ndarray]) -> LinearModel:
        """Read the terms."""
        return LinearModel(**arrays)

    def regression(self, features: np.ndarray, target: np.ndarray, seed: int) -> Any:
        """Fit a scikit-learn regression of standardised features."""
        raise NotImplementedError


class Ridge(_Linear):
    """Ridge regression; the penalty has the least squared error of leaving one person out.

    The Gram matrix of standardised features grows with their number, and so does the grid: from
    next to no shrinkage to next to nothing but the mean.
    """

    name: ClassVar[str] = "ridge"

    def regression(self, features: np.ndarray, target: np.ndarray, seed: int) -> Any:
        """Fit; leaving one out costs one singular value decomposition."""
        from sklearn.linear_model import RidgeCV

        # "auto" takes the eigenvalues of the larger Gram matrix: 2.8 s against 0.5 (1,600 x 1,024).
        penalties = features.shape[1] * np.logspace(-4, 3, 29)
        return RidgeCV(penalties, gcv_mode="svd").fit(features, target)


class ElasticNet(_Linear):
    """Elastic net (Zou and Hastie 2005); penalty and share of the lasso by inner folds."""

    name: ClassVar[str] = "elastic_net"
    SHARES_OF_LASSO = (0.1, 0.5, 0.9)

    def regression(self, features: np.ndarray, target: np.ndarray, seed: int) -> Any:
        """Fit a path of penalties for each share of the lasso."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import ElasticNetCV
        from sklearn.model_selection import KFold

        inner = KFold(N_INNER_FOLDS, shuffle=True, random_state=seed)
        with warnings.catch_warnings():
            # The weakest penalties of the path are tried, not taken, where they do not converge.
            warnings.simplefilter("ignore", ConvergenceWarning)
            return ElasticNetCV(
                l1_ratio=self.SHARES_OF_LASSO, alphas=50, eps=1e-2, cv=inner, max_iter=2000
            ).fit(features, target)


@dataclass(frozen=True, eq=False)
class ProcessModel:
    """A Gaussian process's mean: a weighted sum of likenesses to the training people."""

    mean: np.ndarray
    scale: np.ndarray
    features: np.ndarray
    weights: np.ndarray
    kernel: np.ndarray
    centre: np.ndarray

    def predict(self, inputs: ClockInputs) -> np.ndarray:
        """Predict ages in years."""
        standardised = (inputs.pooled() - self.mean) / self.scale
        kernel = _process_kernel(self.features.shape[1])
        likeness = kernel.clone_with_theta(self.kernel)(standardised, self.features)
        return self.centre + likeness @ self.weights

    def arrays(self) -> dict[str, np.ndarray]:
        """Give the training people's features, their weights and the kernel."""
        return {name: np.asarray(value, np.float64) for name, value in vars(self).items()}


def _process_kernel(n_features: int) -> "Kernel":
    """Give a straight line, a smooth curve beside it, and noise, in standardised features."""
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, DotProduct, WhiteKernel

    typical = np.sqrt(2 * n_features)  # distance between two people
    line = ConstantKernel(1 / n_features, (1e-6, 1e2)) * DotProduct(0.0, "fixed")
    curve = ConstantKernel(0.5, (1e-4, 1e3)) * RBF(typical, (0.1 * typical, 10 * typical))
    return line + curve + WhiteKernel(0.3, (1e-4, 1e1))


class GaussianProcess:
    """Gaussian process regression (Rasmussen and Williams 2006), equation 2.25.

    A straight line, a smooth curve and noise; how much of each maximises the marginal likelihood
    (of 500 people drawn, where there are more: its cost grows with their cube).
    """

    name: ClassVar[str] = "gaussian_process"
    needs_tiles: ClassVar[bool] = False

    def fit(self, inputs: ClockInputs, target: np.ndarray, seed: int) -> ProcessModel:
        """Fit on training people."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.gaussian_process import GaussianProcessRegressor

        features = inputs.pooled()
        mean, scale = standardise(features)
        standardised = (features - mean) / scale
        centre, spread = target.mean(), target.std()
        values = (target - centre) / spread
        some = np.random.default_rng(seed).permutation(len(target))[:MOST_FOR_KERNEL]
        kernel = _process_kernel(features.shape[1])
        with warnings.catch_warnings():
            # A variance at its bound says that this part of the kernel is not needed.
            warnings.simplefilter("ignore", ConvergenceWarning)
            chosen = GaussianProcessRegressor(kernel).fit(standardised[some], values[some]).kernel_
        process = GaussianProcessRegressor(chosen, optimizer=None).fit(standardised, values)
        return ProcessModel(
            mean, scale, standardised, spread * process.alpha_, process.kernel_.theta, centre
        )

    def load(self, arrays: Mapping[str, np.ndarray]) -> ProcessModel:
        """Read features, weights and kernel."""
        return ProcessModel(**arrays)
