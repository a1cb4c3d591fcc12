"""Attention: a clock that learns which tiles of a person are informative of age.

Gated attention pooling after Ilse, Tomczak and Welling (2018, ICML, equation 9), trained end to
end with a linear head. It starts as ridge regression on the mean of a person's tiles, which is
equal attention to all of them, and moves away from it only as far as people held out confirm it.
So it finds a few informative tiles where there are some, and is about as good as ridge elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from skinage.clock.learners.attention_settings import AttentionSettings
from skinage.clock.learners.base import tuning_folds
from skinage.people.clock_inputs import ClockInputs

if TYPE_CHECKING:
    from skinage.clock.learners.attention_net import AttentionModel


N_TILES_HELD_OUT = 200
"""Tiles of a held-out person: enough to measure an error, few enough to keep in memory."""


@dataclass(frozen=True)
class Attention(AttentionSettings):
    """A learner of the tiles that are informative of age.

    Five nets, each trained without a fifth of the people (or without whole groups, where groups
    are held out), find the number of epochs: the first at which the people held out are predicted
    about as well as at best (`epochs_needed`). Then one net is trained on everybody for as many
    epochs. `AttentionSettings` has the settings.
    """

    name: ClassVar[str] = "attention"
    needs_tiles: ClassVar[bool] = True

    def fit(self, inputs: ClockInputs, target: np.ndarray, *, seed: int) -> "AttentionModel":
        """Fit on training people; on one machine the same seed gives the same model."""
        from skinage.clock.learners.attention_net import draw, train
        from skinage.threads import one_thread

        centre, spread = target.mean(), target.std() or 1.0
        ages = ((target - centre) / spread).astype(np.float32)
        fold = tuning_folds(inputs, target, seed)
        squared = np.empty((self.n_epochs + 1, len(ages)))
        with one_thread():
            for one in np.unique(fold):
                held_out = fold == one
                training = inputs.take(~held_out)
                tiles = draw(
                    inputs.person_tiles(), np.flatnonzero(held_out), N_TILES_HELD_OUT,
                    np.random.default_rng(seed),
                )  # fmt: skip
                for epoch, net in enumerate(train(self, training, ages[~held_out], seed)):
                    predicted = net(tiles)[0].detach().numpy()
                    squared[epoch, held_out] = (predicted - ages[held_out]) ** 2
            everybody = train(self, inputs, ages, seed)
            *_, net = islice(everybody, epochs_needed(squared) + 1)
        arrays = net.arrays()
        arrays["head.weight"] = spread * arrays["head.weight"]
        arrays["head.bias"] = centre + spread * arrays["head.bias"]
        return self.load(arrays)

    def load(self, arrays: Mapping[str, np.ndarray]) -> "AttentionModel":
        """Return the model of these arrays."""
        from skinage.clock.learners.attention_net import AttentionModel

        return AttentionModel.of(arrays)


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
