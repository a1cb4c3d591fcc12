"""Attention: a clock that learns which tiles of a person tell the age.

Gated attention pooling after Ilse, Tomczak and Welling (2018, ICML, equation 9), trained end to
end with a linear head. It starts as ridge regression on the mean of a person's tiles, which is
attention to all of them alike, and leaves that only as far as people held out confirm it. So it
learns of a few telling tiles where there are some, and is about as good as ridge where not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from skinage.clock.learners.ridge import N_INNER_FOLDS
from skinage.cohort.folds import person_folds
from skinage.people.clock_inputs import Evidence
from skinage.people.person_tiles import Tiles
from skinage.people.pooling import Pooling


@dataclass(frozen=True, eq=False)
class AttentionModel:
    """A committee: each member weighs a person's tiles, and each tile says an age.

    A member's age of a person is the mean of ``intercept + tile @ coefficients`` over the
    person's tiles, weighted by its attention; the clock's is the mean of its members'.

    Attributes
    ----------
    mean, scale
        ``(dim,)``, of tiles; what follows is of standardised tiles.
    content, gate
        ``(n_members, hidden, dim)``: of the hyperbolic tangent, and of the sigmoid.
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

    def predict(self, evidence: Evidence) -> np.ndarray:
        """Predict ages in years; a person's tiles are looked at alone, without the others'."""
        return np.array([self._one(tiles)[1] for tiles in _each(evidence.person_tiles())])

    def attention(self, evidence: Evidence) -> list[np.ndarray]:
        """Give the weight of each tile, ``(n_tiles,)`` per person; they sum to 1.

        The tiles are in the order of ``evidence.tiles.rows``, the weights the members' mean.
        """
        return [self._one(tiles)[0] for tiles in _each(evidence.person_tiles())]

    def _one(self, tiles: np.ndarray) -> tuple[np.ndarray, float]:
        """Weigh one person's tiles ``(n, dim)`` and tell the age."""
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
        """Give all of it."""
        return dict(vars(self))


def _each(tiles: Tiles) -> list[np.ndarray]:
    return [tiles.features[rows] for rows in tiles.rows]


@dataclass(frozen=True)
class Attention:
    """Learns which tiles tell the age; the defaults were chosen on phantoms, by experiment.

    Five nets are trained, each without a fifth of the people, and stop together where those left
    out are predicted no worse than at best (`epochs_needed`); all five are kept.

    Attributes
    ----------
    hidden
        Measures by which a tile is weighed.
    n_epochs
        At most.
    learning_rate
        Of AdamW.
    weight_decay
        Of what weighs the tiles; the head keeps the penalty that ridge has chosen.
    n_tiles
        Drawn of each person at each step, so that no tile is learnt by heart.
    n_people
        About as many at each step.
    """

    hidden: int = 64
    n_epochs: int = 60
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    n_tiles: int = 20
    n_people: int = 20
    name: ClassVar[str] = "attention"
    needs_tiles: ClassVar[bool] = True

    def fit(self, evidence: Evidence, target: np.ndarray, seed: int) -> AttentionModel:
        """Fit on training people; on one machine the same seed gives the same model."""
        from skinage.clock.learners.attention_training import Bags, train

        tiles = evidence.person_tiles()
        mean, scale, pooled = standardise_tiles(tiles)
        centre, spread = target.mean(), target.std() or 1.0
        bags = Bags(tiles, mean, scale, pooled, (target - centre) / spread)
        part = person_folds(pd.Series(target), N_INNER_FOLDS, seed).to_numpy()
        courses, squared = [], np.empty((self.n_epochs + 1, len(target)))
        for one in range(N_INNER_FOLDS):
            held_out = part == one
            course, predicted = train(self, bags, held_out, [seed, one])
            courses.append(course)
            squared[:, held_out] = (predicted - bags.target[held_out]) ** 2
        chosen = epochs_needed(squared)
        members = [course[chosen] for course in courses]
        stacked = {name: np.stack([one[name] for one in members]) for name in members[0]}
        stacked["coefficients"] = spread * stacked["coefficients"]
        stacked["intercept"] = centre + spread * stacked["intercept"]
        return AttentionModel(mean, scale, **stacked)

    def load(self, arrays: Mapping[str, np.ndarray]) -> AttentionModel:
        """Read the members."""
        return AttentionModel(**arrays)


def standardise_tiles(tiles: Tiles) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give mean and scale of tiles, and each person's mean of standardised ones.

    Each person counts the same, whatever the number of tiles.
    """
    pooled, spread = np.split(Pooling(("mean", "std")).transform(tiles), 2, axis=1)
    mean = pooled.mean(axis=0)
    scale = np.sqrt((spread**2 + (pooled - mean) ** 2).mean(axis=0))
    scale[scale == 0] = 1.0
    return mean, scale, (pooled - mean) / scale


def epochs_needed(squared_errors: np.ndarray) -> int:
    """Choose the first epoch that is not clearly worse than the best one.

    Worse is compared person by person; clearly is by more than one standard error of the mean
    difference (the rule of Breiman, Friedman, Olshen and Stone 1984, section 3.4.3, for pairs).

    Parameters
    ----------
    squared_errors
        ``(n_epochs + 1, n_people)``, of people held out, the first before any training.
    """
    best = squared_errors.mean(axis=1).argmin()
    worse = squared_errors - squared_errors[best]
    standard_error = worse.std(axis=1, ddof=1) / np.sqrt(worse.shape[1])
    return int(np.flatnonzero(worse.mean(axis=1) <= standard_error)[0])
