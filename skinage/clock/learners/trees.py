"""Gradient-boosted trees on features and sex."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from skinage.clock.learners.base import N_INNER_FOLDS, tuning_folds
from skinage.errors import SettingError
from skinage.people.clock_inputs import ClockInputs

if TYPE_CHECKING:
    from xgboost import Booster, DMatrix

MOST_ROUNDS = 500
PATIENCE = 25
SETTINGS = {
    "objective": "reg:squarederror",
    "eta": 0.05,
    "max_depth": 3,
    "subsample": 0.8,
    "colsample_bytree": 0.3,
    "min_child_weight": 3,
    "nthread": 1,
}
"""Slow, shallow and random: there are more features than people."""


@dataclass(frozen=True, eq=False)
class TreesModel:
    """Boosted trees in XGBoost's own format, which is data and no program."""

    booster: "Booster"

    def predict(self, inputs: ClockInputs) -> np.ndarray:
        """Predict ages in years."""
        return self.booster.predict(_matrix(inputs)).astype(np.float64)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the trees as bytes."""
        return {"trees": np.frombuffer(self.booster.save_raw("ubj"), np.uint8)}


class Trees:
    """Gradient-boosted trees (Chen and Guestrin 2016) on features and sex.

    The number of trees is chosen by inner folds (of whole groups where groups are held out), which
    stop when their error has not fallen for 25 trees. XGBoost learns at each branch which way an
    unknown sex goes.
    """

    name: ClassVar[str] = "trees"
    needs_tiles: ClassVar[bool] = False

    def fit(self, inputs: ClockInputs, target: np.ndarray, *, seed: int) -> TreesModel:
        """Fit on training people."""
        from sklearn.model_selection import PredefinedSplit

        xgboost = _xgboost()
        matrix = _matrix(inputs, target)
        settings = SETTINGS | {"seed": seed, "base_score": float(target.mean())}
        folds = None
        if inputs.groups is not None:
            folds = [*PredefinedSplit(tuning_folds(inputs, target, seed)).split()]
        history = xgboost.cv(
            settings, matrix, MOST_ROUNDS, nfold=N_INNER_FOLDS, folds=folds, seed=seed,
            metrics="rmse", early_stopping_rounds=PATIENCE, as_pandas=False,
        )  # fmt: skip
        n_trees = 1 + int(np.argmin(history["test-rmse-mean"]))
        return TreesModel(xgboost.train(settings, matrix, n_trees))

    def load(self, arrays: Mapping[str, np.ndarray]) -> TreesModel:
        """Return the model of these trees."""
        xgboost = _xgboost()
        return TreesModel(xgboost.Booster(model_file=bytearray(arrays["trees"].tobytes())))


def _xgboost() -> ModuleType:
    """Return the library that the extra ``trees`` installs."""
    try:
        import xgboost
    except ImportError as error:
        raise SettingError(
            "model: found 'trees', which needs XGBoost; xgboost is not installed here. "
            'Install it: pip install "skinage[trees]"'
        ) from error
    return xgboost


def _matrix(inputs: ClockInputs, target: np.ndarray | None = None) -> "DMatrix":
    columns = np.column_stack([inputs.pooled(), inputs.sex_male])
    return _xgboost().DMatrix(columns, label=target, nthread=SETTINGS["nthread"])
