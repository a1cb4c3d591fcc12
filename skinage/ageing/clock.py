"""The age clock: ridge regression of age on standardised features, always out of fold."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from skinage.ageing.matching import MIN_PEOPLE as MIN_PEOPLE
from skinage.ageing.matching import match_ages
from skinage.ageing.people import feature_names, features_of, refuse_seen_labels
from skinage.errors import StageError
from skinage.folds import check_leakage, person_folds
from skinage.storage import write_json


def predict_age(
    people: pd.DataFrame, cohort: pd.DataFrame, n_folds: int = 5, seed: int = 0
) -> pd.DataFrame:
    """Predict everybody's age by a clock that has not seen them.

    Scaling and the choice of the penalty happen inside the training people of each fold. People
    without an age, or without features, are left out with a warning that counts them.

    Parameters
    ----------
    people
        Features by person, as ``pool`` returns them.
    cohort
        With ``person_id``, ``age_years`` and, if known, ``sex``.
    n_folds
        How many parts the people are dealt into.
    seed
        Of the deal.

    Returns
    -------
    pandas.DataFrame
        A row per person: ``person_id``, ``age_years``, ``sex`` (if known), ``predicted_years``,
        ``fold`` and ``n_tiles``.

    Raises
    ------
    StageError
        If there are fewer than ``MIN_PEOPLE`` people, one age only, or unusable features.
    LeakageError
        If two people of different folds have a slide in common, or the encoder saw the age of
        anybody.
    """
    known = match_ages(people, cohort)
    fold = person_folds(known["age_years"], n_folds, seed)
    check_leakage(fold, cohort)
    refuse_seen_labels(people.loc[known.index])
    features = features_of(people.loc[known.index])
    predicted = predict_out_of_fold(features, known["age_years"].to_numpy(), fold.to_numpy())
    ages = known.assign(predicted_years=predicted, fold=fold)
    if "n_tiles" in people.columns:
        ages["n_tiles"] = people["n_tiles"]
    return ages.reset_index()


def predict_out_of_fold(features: np.ndarray, target: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Predict the target (n_people,) of each fold by a model of the other folds."""
    predicted = np.full(len(target), np.nan)
    for one in np.unique(fold):
        held_out = fold == one
        model = _ridge(features.shape[1]).fit(features[~held_out], target[~held_out])
        predicted[held_out] = model.predict(features[held_out])
    return predicted


def _ridge(n_features: int) -> Pipeline:
    """Standardise, then ridge with the penalty of least leave-one-person-out error.

    The Gram matrix of standardised features grows with their number, and so does the grid: from
    next to no shrinkage to next to nothing but the mean.
    """
    return make_pipeline(StandardScaler(), RidgeCV(n_features * np.logspace(-4, 3, 29)))


@dataclass(frozen=True, eq=False)
class Clock:
    """A clock fitted on everybody, for explanation: a sum that can be read term by term.

    Age in years is ``intercept + sum((features - mean) / scale * coefficients)``.
    """

    feature_names: list[str]
    mean: np.ndarray
    scale: np.ndarray
    coefficients: np.ndarray
    intercept: float
    encoder_hash: str | None = None

    _ARRAYS: ClassVar = ("mean", "scale", "coefficients")

    def predict(self, people: pd.DataFrame) -> pd.Series:
        """Predict ages in years, index ``person_id``; other features raise ``StageError``."""
        names, encoder_hash = feature_names(people), people.attrs.get("encoder_hash")
        if names != self.feature_names:
            raise StageError(
                f"clock: fitted on {len(self.feature_names)} features ({self.feature_names[0]} to "
                f"{self.feature_names[-1]}), got {len(names)}; pool them in the same way"
            )
        if None not in (encoder_hash, self.encoder_hash) and encoder_hash != self.encoder_hash:
            raise StageError(
                f"clock: fitted on features of encoder {self.encoder_hash}, got {encoder_hash}; "
                "embed the tiles with the clock's own encoder"
            )
        standardised = (features_of(people) - self.mean) / self.scale
        predicted = self.intercept + standardised @ self.coefficients
        return pd.Series(predicted, index=people.index, name="predicted_years")

    def save(self, path: str | Path) -> None:
        """Write the clock as JSON, numbers in full precision."""
        arrays = {name: getattr(self, name).tolist() for name in self._ARRAYS}
        write_json(path, asdict(self) | arrays)

    @classmethod
    def load(cls, path: str | Path) -> "Clock":
        """Read a clock that ``save`` wrote."""
        content = json.loads(Path(path).read_text())
        for name in cls._ARRAYS:
            content[name] = np.asarray(content[name], np.float64)
        return cls(**content)


def fit_clock(people: pd.DataFrame, cohort: pd.DataFrame) -> Clock:
    """Fit the clock on everybody, to be explained; its fit says nothing about its accuracy.

    Parameters
    ----------
    people, cohort
        As for ``predict_age``, whose errors it shares.
    """
    known = match_ages(people, cohort)
    features = features_of(people.loc[known.index])
    scaler, ridge = (
        step for _, step in _ridge(features.shape[1]).fit(features, known["age_years"]).steps
    )
    return Clock(
        feature_names=feature_names(people),
        mean=scaler.mean_,
        scale=scaler.scale_,
        coefficients=ridge.coef_,
        intercept=float(ridge.intercept_),
        encoder_hash=people.attrs.get("encoder_hash"),
    )
