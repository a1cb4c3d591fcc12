"""Any scikit-learn regressor as a learner."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from skinage.clock.learners.base import Model, standardise, tuning_folds
from skinage.clock.learners.ridge import LinearModel
from skinage.errors import SettingError
from skinage.people.clock_inputs import ClockInputs


@dataclass(frozen=True, eq=False)
class Scikit:
    """A scikit-learn regressor of features that are standardised by the training people.

    The target is the age in years minus the mean age, because some regressors (kernel ridge,
    Gaussian processes, neural nets) expect a target of mean 0. Its SD stays: penalties such as the
    ``alpha`` of Lasso are in years. Where the target must be positive it is the age itself.

    Attributes
    ----------
    regressor
        The regressor, not fitted. It is cloned at each fit, and each ``random_state`` in it that
        is None is set to the seed. Where whole groups are held out, a ``cv`` that is None or a
        number (of ElasticNetCV, GridSearchCV, a Pipeline that ends in one) is set to folds of
        groups.
    """

    regressor: Any
    needs_tiles: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """The name of the regressor's class."""
        return type(self.regressor).__name__

    def fit(self, inputs: ClockInputs, target: np.ndarray, *, seed: int) -> Model:
        """Fit on training people; what is linear becomes a `LinearModel`."""
        from sklearn.base import clone
        from sklearn.model_selection import PredefinedSplit

        mean, scale = standardise(inputs.pooled())
        centre = 0.0 if _needs_positive(self.regressor) else float(target.mean())
        regressor = clone(self.regressor)
        drawing: dict[str, Any] = {
            name: seed
            for name, value in regressor.get_params().items()
            if name.endswith("random_state") and value is None
        }
        chosen_by = _cv_name(regressor)
        if inputs.groups is not None and chosen_by:
            drawing[chosen_by] = PredefinedSplit(tuning_folds(inputs, target, seed))
        features = (inputs.pooled() - mean) / scale
        regressor.set_params(**drawing).fit(features, target - centre)
        model = ScikitModel(mean, scale, regressor, centre)
        # What is linear is known from the mean person and a step along each feature.
        intercept, *steps = model.years(np.vstack([np.zeros_like(mean), np.eye(len(mean))]))
        linear = LinearModel(mean, scale, np.array(steps) - intercept, np.asarray(intercept))
        is_linear = np.allclose(linear.predict(inputs), model.predict(inputs))
        return linear if is_linear else model

    def load(self, arrays: Mapping[str, np.ndarray]) -> LinearModel:
        """Return the linear model of these arrays; no other one has any."""
        return LinearModel(**arrays)


def _cv_name(regressor: Any) -> str | None:
    """Return the parameter that says on which folds a regressor chooses, unless the user set it."""
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.pipeline import Pipeline

    if isinstance(regressor, Pipeline):
        name, last = regressor.steps[-1]
    elif isinstance(regressor, TransformedTargetRegressor):
        name, last = "regressor", regressor.regressor
    else:
        left = isinstance(regressor.get_params().get("cv", ...), int | None)
        return "cv" if left else None
    inner = None if last is None else _cv_name(last)
    return inner and f"{name}__{inner}"


def _needs_positive(regressor: Any) -> bool:
    """Return whether ages must not be centred: a loss or a transformation takes positive ones."""
    from sklearn.base import BaseEstimator
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.utils import get_tags

    parts = [regressor, *regressor.get_params().values()]
    return any(
        isinstance(part, TransformedTargetRegressor)
        or (isinstance(part, BaseEstimator) and get_tags(part).target_tags.positive_only)
        or (isinstance(part, str) and part in ("poisson", "gamma"))  # losses of trees
        for part in parts
    )


@dataclass(frozen=True, eq=False)
class ScikitModel:
    """A fitted scikit-learn regressor that is no sum of features."""

    mean: np.ndarray
    scale: np.ndarray
    regressor: Any
    centre: float

    def predict(self, inputs: ClockInputs) -> np.ndarray:
        """Predict ages in years."""
        return self.years((inputs.pooled() - self.mean) / self.scale)

    def years(self, standardised: np.ndarray) -> np.ndarray:
        """Predict ages in years from standardised features."""
        return self.centre + np.ravel(self.regressor.predict(standardised))

    def arrays(self) -> dict[str, np.ndarray]:
        """Raise ``SettingError``: only pickle could keep it, and a pickle is a program."""
        raise SettingError(
            f"clock: {type(self.regressor).__name__} cannot be saved, because nothing but pickle "
            "keeps it, and a pickle may run anything when it is loaded. Clocks of ridge, trees, "
            "attention and linear regressors of scikit-learn can be saved"
        )
