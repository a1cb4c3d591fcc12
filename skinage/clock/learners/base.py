"""The protocol of learners and models, and what they share."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from skinage.people.clock_inputs import ClockInputs

N_INNER_FOLDS = 5


class Model(Protocol):
    """A fitted clock's mathematics."""

    def predict(self, inputs: ClockInputs) -> np.ndarray:
        """Predict ages in years, ``(n_people,)``."""

    def arrays(self) -> dict[str, np.ndarray]:
        """Give everything it needs to predict."""


class Learner(Protocol):
    """A way to fit a model; ``load`` makes the model again from its arrays."""

    @property
    def name(self) -> str:
        """Give its name, as a user types it."""

    @property
    def needs_tiles(self) -> bool:
        """Tell whether it pools the tiles itself."""

    def fit(self, inputs: ClockInputs, target: np.ndarray, seed: int) -> Model:
        """Fit on people whose ages ``(n_people,)`` are ``target``."""

    def load(self, arrays: Mapping[str, np.ndarray]) -> Model:
        """Make a model of what its ``arrays`` gave."""


def standardise(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give mean and scale (1 for what never varies) of training people."""
    scale = features.std(axis=0)
    return features.mean(axis=0), np.where(scale > 0, scale, 1.0)
