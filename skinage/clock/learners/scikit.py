"""Any scikit-learn regressor as a learner."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from skinage.clock.learners.base import Model, standardise
from skinage.clock.learners.ridge import LinearModel
from skinage.errors import SettingError
from skinage.people.clock_inputs import ClockInputs


@dataclass(frozen=True, eq=False)
class Scikit:
    """A scikit-learn regressor of features that are standardised by the training people.

    Attributes
    ----------
    regressor
        The regressor, not fitted. It is cloned at each fit, and each ``random_state`` in it that
        is None is set to the seed.
    """

    regressor: Any
    needs_tiles: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """The name of the regressor's class."""
        return type(self.regressor).__name__

    def fit(self, inputs: ClockInputs, target: np.ndarray, seed: int) -> Model:
        """Fit on training people; what is linear becomes a `LinearModel`."""
        from sklearn.base import clone

        mean, scale = standardise(inputs.pooled())
        features = (inputs.pooled() - mean) / scale
        regressor = clone(self.regressor)
        drawing = {
            name: seed
            for name, value in regressor.get_params().items()
            if name.endswith("random_state") and value is None
        }
        regressor.set_params(**drawing).fit(features, target)
        fitted = getattr(regressor, "best_estimator_", regressor)
        coefficients = np.ravel(getattr(fitted, "coef_", ()))
        if len(coefficients) == len(mean):
            intercept = np.mean(getattr(fitted, "intercept_", 0.0))
            linear = LinearModel(mean, scale, coefficients, np.asarray(intercept))
            # Some regressors put their sum through a function.
            if np.allclose(linear.predict(inputs), np.ravel(regressor.predict(features))):
                return linear
        return ScikitModel(mean, scale, regressor)

    def load(self, arrays: Mapping[str, np.ndarray]) -> LinearModel:
        """Return the linear model of these arrays; no other one has any."""
        return LinearModel(**arrays)


@dataclass(frozen=True, eq=False)
class ScikitModel:
    """A fitted scikit-learn regressor that is no sum of features."""

    mean: np.ndarray
    scale: np.ndarray
    regressor: Any

    def predict(self, inputs: ClockInputs) -> np.ndarray:
        """Predict ages in years."""
        return np.ravel(self.regressor.predict((inputs.pooled() - self.mean) / self.scale))

    def arrays(self) -> dict[str, np.ndarray]:
        """Raise ``SettingError``: only pickle could keep it, and a pickle is a program."""
        raise SettingError(
            f"clock: {type(self.regressor).__name__} cannot be saved, because nothing but pickle "
            "keeps it, and a pickle may run anything when it is loaded. Clocks of ridge, trees, "
            "attention and linear regressors of scikit-learn can be saved"
        )
