"""A tuned encoder: predictions out of fold, their score, and the models for new people."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from skinage.embedding.embed import Embedder, embed
from skinage.errors import LeakageError
from skinage.people.pool import features_of, pool
from skinage.transfer.heads import Head
from skinage.transfer.targets import Target


@dataclass(frozen=True)
class TunedFold:
    """The model of one fold, and how it sees its target."""

    encoder: Embedder
    head: Head
    target: Target

    def predict(self, features: np.ndarray) -> pd.DataFrame:
        """Predict people from their mean features ``(n_people, dim)``."""
        return pd.DataFrame(self.target.predicted(self.head.outputs(features)))


@dataclass(frozen=True, eq=False)
class Tuned:
    """What tuning gives: predictions out of fold, and a model per fold.

    Attributes
    ----------
    target
        The column, or (time, event).
    kind
        ``"number"``, ``"class"`` or ``"time"``.
    predictions
        A row per person, predicted by the model that has not seen them: ``person_id``, ``fold``,
        the target, then ``predicted`` (the number in its own unit; for a time the log hazard) or
        ``probability_...`` of each class, and ``n_tiles``.
    folds
        The model of each fold.
    """

    target: str | Sequence[str]
    kind: str
    predictions: pd.DataFrame
    folds: dict[object, TunedFold] = field(repr=False)

    def score(self) -> dict[str, float]:
        """Tell how good the predictions out of fold are.

        Returns
        -------
        dict of float
            Number: ``r2``, ``mae`` and ``baseline_mae`` (of predicting the mean of the other
            folds). Class: ``auc`` (of pairs of people of one fold; the mean of each class against
            the rest), ``brier``, ``baseline_brier`` (of predicting the other folds' prevalence)
            and ``prevalence_...``. Time: ``c_index`` (Harrell's, of pairs of one fold) and
            ``n_events``. All with ``n_people``.
        """
        target = next(iter(self.folds.values())).target
        return target.score(self.predictions) | {"n_people": float(len(self.predictions))}

    def apply(self, tiles: pd.DataFrame) -> pd.DataFrame:
        """Predict new people: the mean of what the models of all folds say.

        Parameters
        ----------
        tiles
            A tile table of people who took no part in the tuning.

        Returns
        -------
        pandas.DataFrame
            ``person_id``, ``predicted`` or ``probability_...``, ``n_tiles``.

        Raises
        ------
        LeakageError
            If a person took part in the tuning.
        """
        seen = sorted(set(tiles["person_id"]) & set(self.predictions["person_id"]))
        if seen:
            raise LeakageError(
                f"apply: the models have seen {len(seen)} of these people, such as {seen[:5]}; "
                "their predictions out of fold are in `predictions`"
            )
        tiles = tiles.sort_values(["person_id", "slide_id", "x", "y"], kind="stable")
        people: dict[int, pd.DataFrame] = {}
        for model in self.folds.values():
            if id(model.encoder) not in people:  # a frozen encoder is shared by all folds
                people[id(model.encoder)] = mean_features(tiles, model.encoder)
        said = [
            model.predict(features_of(people[id(model.encoder)])) for model in self.folds.values()
        ]
        first = next(iter(people.values()))
        mean = (sum(said[1:], start=said[0]) / len(said)).set_index(first.index)
        return mean.assign(n_tiles=first["n_tiles"]).reset_index()


def mean_features(tiles: pd.DataFrame, encoder: Embedder) -> pd.DataFrame:
    """Mean features by person, sorted; a linear head of the mean is the mean of the head."""
    return pool(embed(tiles, encoder), statistics=("mean",))
