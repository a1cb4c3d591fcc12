"""A tuned encoder: out-of-fold predictions, their score, and the models for new people."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from skinage.embedding.embed import Embedder, embed
from skinage.errors import LeakageError
from skinage.people.pool import features_of, pool
from skinage.transfer.gain import gain
from skinage.transfer.heads import Head
from skinage.transfer.targets import Target

if TYPE_CHECKING:
    from anndata import AnnData


@dataclass(frozen=True)
class TunedFold:
    """The model of one fold: an encoder, a head, and what the head's outputs mean."""

    encoder: Embedder
    head: Head
    target: Target

    def predict(self, people: pd.DataFrame) -> pd.DataFrame:
        """Predict people from their mean features; same index."""
        outputs = self.head.outputs(features_of(people))
        return pd.DataFrame(self.target.predicted(outputs), people.index)


@dataclass(frozen=True, eq=False)
class Tuned:
    """The result of a tuning: out-of-fold predictions, and a model per fold.

    Attributes
    ----------
    target
        The column, or (time, event).
    target_type
        ``"number"``, ``"class"`` or ``"time"``.
    predictions
        A row per person, predicted by the model of the other folds: ``person_id``, ``fold``, the
        target, then ``predicted`` (a number in its own unit; for a time the log hazard) or
        ``probability_...`` of each class, and ``n_tiles``. ``skipped(predictions)`` lists the
        people and slides that took no part, with the reason.
    folds
        The model of each fold.
    regressors
        ``(n_people, n_columns)`` age and sex, with which the score is compared; None without
        ages (of the target age_years, without sex).
    """

    target: str | Sequence[str]
    target_type: str
    predictions: pd.DataFrame
    folds: dict[object, TunedFold] = field(repr=False)
    regressors: np.ndarray | None = field(default=None, repr=False)

    def score(self, *, n_bootstrap: int = 200, seed: int = 0) -> dict[str, float]:
        """Compute how good the out-of-fold predictions are, and what they add to age and sex.

        Age and sex alone often predict well (who dies is old), so a tuning is judged by the gain: a
        model of age (spline), sex and the tuned prediction against one of age and sex, on the same
        people and folds. Of the target age_years, sex alone is compared.

        Parameters
        ----------
        n_bootstrap
            Number of bootstrap samples of people for the interval of the gain.
        seed
            Seed of the samples.

        Returns
        -------
        dict of float
            Number: ``r2``, ``mae`` and ``baseline_mae`` (of predicting the mean of the other
            folds), both in the target's unit. Class: ``auc`` (within folds; the mean of each class
            against the rest), ``brier``, ``baseline_brier`` (of predicting the other folds'
            prevalence) and ``prevalence_...``. Time: ``c_index`` (Harrell's, within folds) and
            ``n_events``. All with ``n_people``. A score within folds is the mean over folds,
            weighted by people, because predictions of different folds have different intercepts.
            Where age is known (of the target age_years, where sex is known) also, of r2, auc or
            c_index, ``age_sex_...`` (age and sex alone), ``with_age_sex_...`` (age, sex and the
            tuned prediction), their difference ``..._gained``, and its 95 % interval
            ``..._gained_lower`` and ``..._gained_upper``.
        """
        target = next(iter(self.folds.values())).target
        found = target.score(self.predictions) | {"n_people": float(len(self.predictions))}
        if self.regressors is None:
            return found
        return found | gain(
            self.predictions, self.regressors, target, n_bootstrap=n_bootstrap, seed=seed
        )

    def apply(self, tiles: pd.DataFrame) -> pd.DataFrame:
        """Predict new people by the mean of the models of all folds.

        Parameters
        ----------
        tiles
            A tile table of people who took no part in the tuning. All tiles of a person count;
            select one visit first.

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
                "their out-of-fold predictions are in `predictions`"
            )
        tiles = tiles.sort_values(["person_id", "slide_id", "x", "y"], kind="stable")
        # A frozen encoder is shared by all folds.
        encoders = {id(model.encoder): model.encoder for model in self.folds.values()}
        people = {key: mean_features(embed(tiles, one)) for key, one in encoders.items()}
        parts = [model.predict(people[id(model.encoder)]) for model in self.folds.values()]
        mean = pd.concat(parts).groupby(level=0).mean()
        return mean.assign(n_tiles=next(iter(people.values()))["n_tiles"]).reset_index()


def mean_features(atlas: "AnnData") -> pd.DataFrame:
    """Compute each person's mean features; a linear head of the mean is the mean of the head."""
    return pool(atlas, statistics=("mean",))
