"""A learner of features by person that finds tissue clusters in its training people's tiles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from skinage.clock.learners.base import Learner, Model
from skinage.people.clock_inputs import ClockInputs
from skinage.people.pooling import Pooling


@dataclass(frozen=True)
class Pooled:
    """A learner of features by person, with the pooling of their tiles fitted inside it.

    Attributes
    ----------
    learner
        Learns from the pooled features.
    statistics
        As for `Pooling`.
    """

    learner: Learner
    statistics: Sequence[str] = ("mean", "std")
    needs_tiles: ClassVar[bool] = True

    @property
    def name(self) -> str:
        """Name it as what learns."""
        return self.learner.name

    def fit(self, inputs: ClockInputs, target: np.ndarray, seed: int) -> "PooledModel":
        """Fit pooling and model on the training people."""
        pooling = Pooling.fit(inputs.person_tiles(), self.statistics, seed)
        model = self.learner.fit(_pooled(pooling, inputs), target, seed)
        return PooledModel(pooling, model)

    def load(self, arrays: Mapping[str, np.ndarray]) -> "PooledModel":
        """Read pooling and model."""
        parts: dict[str, dict[str, np.ndarray]] = {"pooling": {}, "model": {}}
        for name, value in arrays.items():
            part, _, rest = name.partition(".")
            parts[part][rest] = value
        return PooledModel(Pooling.from_arrays(parts["pooling"]), self.learner.load(parts["model"]))


@dataclass(frozen=True, eq=False)
class PooledModel:
    """Pools tiles, then predicts."""

    pooling: Pooling
    model: Model

    def predict(self, inputs: ClockInputs) -> np.ndarray:
        """Predict ages in years."""
        return self.model.predict(_pooled(self.pooling, inputs))

    def arrays(self) -> dict[str, np.ndarray]:
        """Give the arrays of pooling and model, each with its name before."""
        parts = {"pooling": self.pooling.arrays(), "model": self.model.arrays()}
        return {
            f"{part}.{name}": value for part, some in parts.items() for name, value in some.items()
        }


def _pooled(pooling: Pooling, inputs: ClockInputs) -> ClockInputs:
    return replace(inputs, features=pooling.transform(inputs.person_tiles()))
