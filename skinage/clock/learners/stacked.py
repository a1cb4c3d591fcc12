"""Several groups of features, each with a model of its own; the ages of the models are weighed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from scipy.optimize import nnls

from skinage.clock.learners.base import Learner, Model, tuning_folds
from skinage.clock.learners.choice import learner_of
from skinage.errors import SettingError, StageError
from skinage.people.clock_inputs import ClockInputs


@dataclass(frozen=True)
class Stacked:
    """A learner of several groups of features, each with its own model (Wolpert 1992).

    Two hundred features of an encoder would outvote thirty measures in one regression. Here each
    group predicts the age of training people out of fold, and the age is the mean plus a sum of
    these predictions with weights of 0 or more that have the least squared error.

    Attributes
    ----------
    widths
        The number of features of each group; groups follow each other in the table of people.
    model
        The model of every group, as for `predict_age`; not one that pools the tiles itself.

    Raises
    ------
    SettingError
        If there are fewer than two groups, a group is empty, or the model pools the tiles itself.

    References
    ----------
    Wolpert 1992, Neural Netw 5:241. Breiman 1996, Mach Learn 24:49 (weights of 0 or more).
    """

    widths: Sequence[int]
    model: Any = "ridge"
    needs_tiles: ClassVar[bool] = False
    KIND: ClassVar[str] = "stacked"

    def __post_init__(self) -> None:
        if len(self.widths) < 2 or min(self.widths) < 1:
            raise SettingError(
                f"Stacked: widths are {tuple(self.widths)}; expected the number of features of two "
                "groups or more, each 1 or more"
            )
        if self.learner.needs_tiles:
            name = self.learner.name
            raise SettingError(f"Stacked: {name} pools the tiles itself; give it alone")

    @property
    def learner(self) -> Learner:
        """The learner of every group."""
        return learner_of(self.model)

    @property
    def name(self) -> str:
        """The name of the learner."""
        return f"{self.KIND} {self.learner.name}"

    def fit(self, inputs: ClockInputs, target: np.ndarray, *, seed: int) -> "StackedModel":
        """Fit the model of each group, and the weights on predictions of people held out.

        Parameters
        ----------
        inputs
            Training people; where whole groups are held out, so it is here.
        target
            ``(n_people,)`` ages in years.
        seed
            Seed of the folds and of the models.

        Returns
        -------
        StackedModel
            The models and their weights.
        """
        groups = _split(inputs, self.widths)
        fold = tuning_folds(inputs, target, seed)
        held_out = np.empty((len(inputs), len(groups)))
        for one in np.unique(fold):
            tested = fold == one
            for k, group in enumerate(groups):
                model = self.learner.fit(group.take(~tested), target[~tested], seed=seed)
                held_out[tested, k] = model.predict(group.take(tested))
        mean = held_out.mean(axis=0)
        weights = nnls(held_out - mean, target - target.mean())[0]
        models = [self.learner.fit(group, target, seed=seed) for group in groups]
        return StackedModel(tuple(self.widths), models, weights, target.mean() - mean @ weights)

    def load(self, arrays: Mapping[str, np.ndarray]) -> "StackedModel":
        """Return the model of these arrays.

        Parameters
        ----------
        arrays
            What the model's ``arrays`` returned.

        Returns
        -------
        StackedModel
            A model like the one that was saved.
        """
        parts: list[dict[str, np.ndarray]] = [{} for _ in arrays["weights"]]
        for name, value in arrays.items():
            number, _, rest = name.partition(".")
            if rest:
                parts[int(number)][rest] = value
        models = [self.learner.load(part) for part in parts]
        widths = tuple(int(width) for width in arrays["widths"])
        return StackedModel(widths, models, arrays["weights"], float(arrays["constant"]))


@dataclass(frozen=True, eq=False)
class StackedModel:
    """A weighted sum of the ages of several models, in years."""

    widths: tuple[int, ...]
    models: list[Model]
    weights: np.ndarray
    constant: float

    def predict(self, inputs: ClockInputs) -> np.ndarray:
        """Predict ages in years."""
        groups = _split(inputs, self.widths)
        ages = [model.predict(group) for model, group in zip(self.models, groups, strict=True)]
        return self.constant + np.stack(ages, axis=-1) @ self.weights

    def arrays(self) -> dict[str, np.ndarray]:
        """Return widths, weights and constant, and the arrays of each model after its number."""
        own = {
            f"{k}.{name}": value
            for k, model in enumerate(self.models)
            for name, value in model.arrays().items()
        }
        rest = {"widths": np.array(self.widths), "constant": np.array(self.constant)}
        return {"weights": self.weights, **rest, **own}


def _split(inputs: ClockInputs, widths: Sequence[int]) -> list[ClockInputs]:
    features = inputs.pooled()
    if features.shape[1] != sum(widths):
        raise StageError(
            f"clock: people have {features.shape[1]} features, but the groups of the stacked "
            f"clock have {' + '.join(map(str, widths))}"
        )
    parts = np.split(features, np.cumsum(widths)[:-1], axis=1)
    return [replace(inputs, features=part) for part in parts]
