"""Gradient-boosted trees on features and sex, and the mean of several learners."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from skinage.clock.learners.base import N_INNER_FOLDS, Learner, Model
from skinage.clock.learners.ridge import GaussianProcess, Ridge
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
        """Give the trees as bytes."""
        return {"trees": np.frombuffer(self.booster.save_raw("ubj"), np.uint8)}


class Trees:
    """Gradient-boosted trees (Chen and Guestrin 2016) on features and sex.

    How many trees is chosen by inner folds: where their error has not fallen for 25 trees. A sex
    that is not known goes its own way at each branch.
    """

    name: ClassVar[str] = "trees"
    needs_tiles: ClassVar[bool] = False

    def fit(self, inputs: ClockInputs, target: np.ndarray, seed: int) -> TreesModel:
        """Fit on training people."""
        xgboost = _xgboost()
        matrix = _matrix(inputs, target)
        settings = SETTINGS | {"seed": seed, "base_score": float(target.mean())}
        history = xgboost.cv(
            settings, matrix, MOST_ROUNDS, nfold=N_INNER_FOLDS, seed=seed, metrics="rmse",
            early_stopping_rounds=PATIENCE, as_pandas=False,
        )  # fmt: skip
        n_trees = 1 + int(np.argmin(history["test-rmse-mean"]))
        return TreesModel(xgboost.train(settings, matrix, n_trees))

    def load(self, arrays: Mapping[str, np.ndarray]) -> TreesModel:
        """Read the trees."""
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


@dataclass(frozen=True, eq=False)
class EnsembleModel:
    """The mean of what its members predict."""

    members: tuple[Model, ...]

    def predict(self, inputs: ClockInputs) -> np.ndarray:
        """Predict ages in years."""
        return np.mean([member.predict(inputs) for member in self.members], axis=0)

    def arrays(self) -> dict[str, np.ndarray]:
        """Give the members' arrays, numbered."""
        return {
            f"{number}.{name}": value
            for number, member in enumerate(self.members)
            for name, value in member.arrays().items()
        }


@dataclass(frozen=True)
class Ensemble:
    """Several learners, each fitted on the same people; their mean is hard to beat.

    Attributes
    ----------
    members
        Learners of features by person, or all of tiles.
    """

    members: tuple[Learner, ...] = (Ridge(), GaussianProcess(), Trees())

    @property
    def name(self) -> str:
        """Join its members' names."""
        return "+".join(member.name for member in self.members)

    @property
    def needs_tiles(self) -> bool:
        """Tell whether a member pools the tiles itself."""
        return any(member.needs_tiles for member in self.members)

    def fit(self, inputs: ClockInputs, target: np.ndarray, seed: int) -> EnsembleModel:
        """Fit each member on the training people."""
        return EnsembleModel(tuple(one.fit(inputs, target, seed) for one in self.members))

    def load(self, arrays: Mapping[str, np.ndarray]) -> EnsembleModel:
        """Read each member."""
        parts: list[dict[str, np.ndarray]] = [{} for _ in self.members]
        for name, value in arrays.items():
            number, _, rest = name.partition(".")
            parts[int(number)][rest] = value
        return EnsembleModel(
            tuple(one.load(part) for one, part in zip(self.members, parts, strict=True))
        )
