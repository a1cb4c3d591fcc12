"""Attention: a clock that learns which tiles of a person are informative of age.

Gated attention pooling after Ilse, Tomczak and Welling (2018, ICML, equation 9), trained end to
end with a linear head. It starts as ridge regression on the mean of a person's tiles, which is
equal attention to all of them, and moves away from it only as far as people held out confirm it.
So it finds a few informative tiles where there are some, and is about as good as ridge elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from skinage.clock.learners.attention_model import AttentionModel, AttentionSettings
from skinage.clock.learners.base import N_INNER_FOLDS
from skinage.cohort.folds import person_folds
from skinage.people.clock_inputs import ClockInputs
from skinage.people.person_tiles import Tiles
from skinage.people.pooling import Pooling


@dataclass(frozen=True)
class Attention(AttentionSettings):
    """A learner of the tiles that are informative of age; the settings are `AttentionSettings`.

    Five nets are trained, each without a fifth of the people. They stop at the same epoch, the
    first at which the people held out are predicted about as well as at best (`epochs_needed`).
    All five are kept.
    """

    name: ClassVar[str] = "attention"
    needs_tiles: ClassVar[bool] = True

    def fit(self, inputs: ClockInputs, target: np.ndarray, seed: int) -> AttentionModel:
        """Fit on training people; on one machine the same seed gives the same model."""
        from skinage.clock.learners.attention_training import Bags, train

        tiles = inputs.person_tiles()
        mean, scale, pooled = standardise_tiles(tiles)
        centre, spread = target.mean(), target.std() or 1.0
        bags = Bags(tiles, mean, scale, pooled, (target - centre) / spread)
        part = person_folds(pd.Series(target), N_INNER_FOLDS, seed=seed).to_numpy()
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
        """Return the model of these members."""
        return AttentionModel(**arrays)


def standardise_tiles(tiles: Tiles) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mean and scale of tiles, and each person's mean of standardised tiles.

    Each person has the same weight, whatever the number of tiles.
    """
    pooled, spread = np.split(Pooling(("mean", "std")).transform(tiles), 2, axis=1)
    mean = pooled.mean(axis=0)
    scale = np.sqrt((spread**2 + (pooled - mean) ** 2).mean(axis=0))
    scale[scale == 0] = 1.0
    return mean, scale, (pooled - mean) / scale


def epochs_needed(squared_errors: np.ndarray) -> int:
    """Return the first epoch that is not clearly worse than the best one.

    The squared errors are compared person by person; clearly worse is by more than one standard
    error of the mean difference (the rule of Breiman, Friedman, Olshen and Stone 1984, section
    3.4.3, for pairs).

    Parameters
    ----------
    squared_errors
        ``(n_epochs + 1, n_people)``, errors of people held out, the first before any training.
    """
    best = squared_errors.mean(axis=1).argmin()
    worse = squared_errors - squared_errors[best]
    standard_error = worse.std(axis=1, ddof=1) / np.sqrt(worse.shape[1])
    return int(np.flatnonzero(worse.mean(axis=1) <= standard_error)[0])
