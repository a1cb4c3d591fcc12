"""The settings of attention, and the model that its training returns."""

from dataclasses import dataclass

import numpy as np

from skinage.people.clock_inputs import ClockInputs
from skinage.people.person_tiles import Tiles


@dataclass(frozen=True)
class AttentionSettings:
    """How attention is trained; the defaults were chosen on phantoms, by experiment.

    Attributes
    ----------
    hidden
        Number of hidden units that weigh a tile.
    n_epochs
        Largest number of epochs.
    learning_rate
        Learning rate of AdamW.
    weight_decay
        Weight decay of the layers that weigh tiles; the head keeps the penalty that ridge chose.
    n_tiles
        Tiles drawn of each person at each step, so that no tile is memorised.
    n_people
        Approximate number of people at each step.
    """

    hidden: int = 64
    n_epochs: int = 60
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    n_tiles: int = 20
    n_people: int = 20


@dataclass(frozen=True, eq=False)
class AttentionModel:
    """An ensemble of nets: each member weights a person's tiles and predicts an age from each tile.

    A member's age of a person is the mean of ``intercept + tile @ coefficients`` over the
    person's tiles, weighted by its attention; the clock's age is the mean of its members' ages.

    Attributes
    ----------
    mean, scale
        ``(dim,)``, by which tiles are standardised.
    content, gate
        ``(n_members, hidden, dim)``: weights of the hyperbolic tangent, and of the sigmoid.
    content_bias, gate_bias, importance
        ``(n_members, hidden)``.
    coefficients, intercept
        ``(n_members, dim)`` and ``(n_members,)``, years.
    """

    mean: np.ndarray
    scale: np.ndarray
    content: np.ndarray
    content_bias: np.ndarray
    gate: np.ndarray
    gate_bias: np.ndarray
    importance: np.ndarray
    coefficients: np.ndarray
    intercept: np.ndarray

    def predict(self, inputs: ClockInputs) -> np.ndarray:
        """Predict ages in years, each person independently of the others."""
        return np.array([self._one(tiles)[1] for tiles in _each(inputs.person_tiles())])

    def attention(self, inputs: ClockInputs) -> list[np.ndarray]:
        """Compute the weight of each tile, ``(n_tiles,)`` per person; they sum to 1.

        The tiles are in the order of ``inputs.tiles.rows``; the weights are the members' mean.
        """
        return [self._one(tiles)[0] for tiles in _each(inputs.person_tiles())]

    def _one(self, tiles: np.ndarray) -> tuple[np.ndarray, float]:
        """Return the weights of one person's tiles ``(n, dim)``, and the age."""
        standardised = ((tiles - self.mean) / self.scale).astype(np.float32)
        content = standardised @ self.content.transpose(0, 2, 1) + self.content_bias[:, None]
        gate = standardised @ self.gate.transpose(0, 2, 1) + self.gate_bias[:, None]
        # The sigmoid; a tangent cannot overflow.
        gated = np.tanh(content) * (1 + np.tanh(gate / 2)) / 2
        logits = np.einsum("mnh,mh->mn", gated, self.importance).astype(np.float64)
        weights = np.exp(logits - logits.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        years = self.intercept[:, None] + self.coefficients @ standardised.T
        return weights.mean(axis=0), float((weights * years).sum(axis=1).mean())

    def arrays(self) -> dict[str, np.ndarray]:
        """Return all attributes."""
        return dict(vars(self))


def _each(tiles: Tiles) -> list[np.ndarray]:
    return [tiles.features[rows] for rows in tiles.rows]
