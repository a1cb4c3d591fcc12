"""A learner of features by person, with the way in which the tiles are pooled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from skinage.clock.learners.base import Learner, Model
from skinage.clock.learners.choice import learner_of
from skinage.errors import SettingError
from skinage.people.clock_inputs import ClockInputs
from skinage.people.pooling import Pooling, check_statistics


@dataclass(frozen=True)
class Pooled:
    """A learner of features by person, and the statistics that pool the tiles of an atlas.

    Tissue clusters (the statistic "proportions") are found in the tiles of the training people.

    Attributes
    ----------
    model
        A name, a scikit-learn regressor or a learner, as for `predict_age`; not "attention",
        which pools the tiles itself.
    statistics
        Any of "mean", "std", "median", quantiles such as "q10", and "proportions", as for `pool`.

    Raises
    ------
    SettingError
        If a statistic is unknown, or the model pools the tiles itself.

    Examples
    --------
    >>> from skinage import Pooled
    >>> Pooled("ridge", statistics=("mean", "q90", "proportions")).name
    'ridge'
    """

    model: Any = "ridge"
    statistics: Sequence[str] = ("mean", "std")
    needs_tiles: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_statistics(self.statistics)
        if self.learner.needs_tiles:
            raise SettingError(f"Pooled: {self.name} pools the tiles itself; give it alone")

    @property
    def learner(self) -> Learner:
        """The learner of the pooled features."""
        return learner_of(self.model)

    @property
    def name(self) -> str:
        """The name of the learner."""
        return self.learner.name

    def fit(self, inputs: ClockInputs, target: np.ndarray, *, seed: int) -> "PooledModel":
        """Fit pooling and model on the training people.

        Parameters
        ----------
        inputs
            What is known of these people besides their age, their tiles included.
        target
            ``(n_people,)`` ages in years.
        seed
            Seed of the tissue clusters and of the learner.

        Returns
        -------
        PooledModel
            A model that pools tiles as it was fitted, then predicts.
        """
        pooling = Pooling.fit(inputs.person_tiles(), self.statistics, seed)
        model = self.learner.fit(_pooled(pooling, inputs), target, seed=seed)
        return PooledModel(pooling, model)

    def load(self, arrays: Mapping[str, np.ndarray]) -> "PooledModel":
        """Return the model of these arrays.

        Parameters
        ----------
        arrays
            What the model's ``arrays`` returned.

        Returns
        -------
        PooledModel
            A model like the one that was saved.
        """
        parts: dict[str, dict[str, np.ndarray]] = {"pooling": {}, "model": {}}
        for name, value in arrays.items():
            part, _, rest = name.partition(".")
            parts[part][rest] = value
        return PooledModel(Pooling.from_arrays(parts["pooling"]), self.learner.load(parts["model"]))


@dataclass(frozen=True, eq=False)
class PooledModel:
    """A model that pools tiles, then predicts."""

    pooling: Pooling
    model: Model

    def predict(self, inputs: ClockInputs) -> np.ndarray:
        """Predict ages in years."""
        return self.model.predict(_pooled(self.pooling, inputs))

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays of pooling and model, each with its name before."""
        parts = {"pooling": self.pooling.arrays(), "model": self.model.arrays()}
        return {
            f"{part}.{name}": value for part, some in parts.items() for name, value in some.items()
        }


def _pooled(pooling: Pooling, inputs: ClockInputs) -> ClockInputs:
    return replace(inputs, features=pooling.transform(inputs.person_tiles()))
