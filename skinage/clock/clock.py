"""A clock fitted on everybody, applied to a new cohort."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from skinage import __version__
from skinage.clock.applicability import ApplicabilityDomain, fit_domain, reasons_outside
from skinage.clock.fitting import fit_and_calibrate, learner_of
from skinage.clock.intervals import Calibration
from skinage.clock.learners.base import Learner, Model
from skinage.clock.learners.ridge import LinearModel
from skinage.clock.prediction import check_folds, refuse_leaking_features
from skinage.cohort.folds import inner_folds
from skinage.cohort.label_seen import person_mark
from skinage.cohort.people import by_person
from skinage.errors import LeakageError, StageError
from skinage.people.clock_inputs import (
    ClockInputs,
    People,
    inputs_of,
    n_tiles_of,
    names_and_encoder,
    person_ids,
)
from skinage.people.known_ages import match_ages
from skinage.people.pool import refuse_fitted_pooling


@dataclass(frozen=True, eq=False)
class Clock:
    """A clock fitted on everybody, for new cohorts and for explanation.

    Attributes
    ----------
    metadata
        What made it, and whom it knows: JSON-able. People it was fitted on stand there as marks
        that name nobody.
    learner, model
        How it was fitted, and what came of it.
    domain
        The spread of its people's features.
    calibration
        Its errors for people left out, from which intervals come; None for no intervals.
    """

    metadata: dict[str, Any]
    learner: Learner
    model: Model
    domain: ApplicabilityDomain
    calibration: Calibration | None

    @property
    def linear(self) -> LinearModel:
        """The terms of a linear clock; another one raises ``StageError``."""
        if not isinstance(self.model, LinearModel):
            raise StageError(
                f"clock: {self.metadata['model']} is no sum of features; to be explained term by term, "
                "fit one with model='ridge' or 'elastic_net' on a table of people"
            )
        return self.model

    @property
    def feature_names(self) -> list[str]:
        """The columns of a table of people it was fitted on."""
        return list(self.metadata["feature_names"])

    def predict(self, people: People, cohort: pd.DataFrame | None = None) -> pd.Series:
        """Predict ages in years, index ``person_id``, also of people it was fitted on.

        Parameters
        ----------
        people
            Features as those it was fitted on; others raise ``StageError``.
        cohort
            Where the sex is found, for clocks that use it.
        """
        ids = person_ids(people)
        predicted = self.model.predict(self._inputs(people, ids, cohort))
        return pd.Series(predicted, index=ids.rename("person_id"), name="predicted_years")

    def apply(
        self,
        people: People,
        cohort: pd.DataFrame | None = None,
        coverage: float = 0.9,
    ) -> pd.DataFrame:
        """Predict the ages of a new cohort, and say who lies outside of what the clock knows.

        Parameters
        ----------
        people
            Features as those it was fitted on, of other people.
        cohort
            If given, ``age_years`` (and brackets) and ``sex`` stand beside the predictions, for
            `report_card` and `acceleration`.
        coverage
            Of the intervals.

        Returns
        -------
        pandas.DataFrame
            A row per person: ``person_id``, what the cohort knows, ``predicted_years``,
            ``lower_years``, ``upper_years``, and ``outside``: in words why the prediction is a
            guess beyond the clock's own people (blank: it is not).

        Raises
        ------
        StageError
            If the features are others, or of another encoder.
        LeakageError
            If the clock was fitted on any of these people, or the encoder saw the age of any.
        """
        ids = person_ids(people)
        refuse_leaking_features(people, ids)
        self._refuse_own_people(ids)
        inputs = self._inputs(people, ids, cohort)
        table = _known_of(ids, cohort)
        table["predicted_years"] = self.model.predict(inputs)
        if self.calibration is not None:
            bounds = self.calibration.interval(inputs, coverage)
            table["lower_years"], table["upper_years"] = bounds
        known = self.metadata["age_low_years"], self.metadata["age_high_years"]
        domain_distance = self.domain.domain_distance(inputs.described())
        table["outside"] = reasons_outside(table, domain_distance, known)
        n_outside = int((table["outside"] != "").sum())
        if n_outside:
            warnings.warn(
                f"clock: {n_outside} of {len(table)} people lie outside of what it was fitted on; "
                "the column `outside` says why",
                stacklevel=2,
            )
        return table.join(n_tiles_of(people)).reset_index()

    def _inputs(self, people: People, ids: pd.Index, cohort: pd.DataFrame | None) -> ClockInputs:
        self._refuse_other_features(people)
        sex = None
        if cohort is not None and "sex" in cohort:
            sex = by_person(cohort, ["sex"])["sex"]
        return inputs_of(people, ids, sex, self.metadata["statistics"])

    def _refuse_other_features(self, people: People) -> None:
        names, encoder_hash = names_and_encoder(people)
        expected, own_hash = self.metadata["feature_names"], self.metadata["encoder_hash"]
        if names != expected:
            raise StageError(
                f"clock: fitted on {len(expected)} features ({expected[0]} to {expected[-1]}), got "
                f"{len(names)}{f' ({names[0]} to {names[-1]})' if names else ''}; pool the tiles "
                "in the same way, and give an atlas where the clock was fitted on one"
            )
        if None not in (encoder_hash, own_hash) and encoder_hash != own_hash:
            raise StageError(
                f"clock: fitted on features of encoder {own_hash}, got {encoder_hash}; "
                "embed the tiles with the clock's own encoder"
            )
        if own_hash is not None and encoder_hash is None:
            warnings.warn(
                f"clock: nothing tells which encoder made these features; expected {own_hash}",
                stacklevel=4,
            )

    def _refuse_own_people(self, ids: pd.Index) -> None:
        own = set(self.metadata["people"])
        known = [person for person in ids if person_mark(str(person)) in own]
        if known:
            raise LeakageError(
                f"clock: it was fitted on {len(known)} of these {len(ids)} people, such as "
                f"{known[:5]}; their predictions would look better than they are. Use predict_age "
                "for people of the cohort it was fitted on. If these are other people who only "
                "have the same names, put the cohort's name before their person_id."
            )


def fit_clock(
    people: People,
    cohort: pd.DataFrame,
    model: str | Learner = "ridge",
    *,
    calibrated: bool = True,
    statistics: Sequence[str] = ("mean", "std"),
    seed: int = 0,
) -> Clock:
    """Fit the clock on everybody, to be kept; its fit says nothing about its accuracy.

    Parameters
    ----------
    people, cohort, model, statistics, seed
        As for `predict_age`, whose errors it proportions.
    calibrated
        False for a clock without intervals, in a sixth of the time. Where the encoder saw the age
        of these people there are none either: their errors would be too small.
    """
    if isinstance(people, pd.DataFrame):
        refuse_fitted_pooling(people)
    known = match_ages(person_ids(people), cohort)
    names, encoder_hash = names_and_encoder(people)
    pooling = None if isinstance(people, pd.DataFrame) else tuple(statistics)
    learner = learner_of(model, pooling)
    inputs = inputs_of(people, known.index, known.get("sex"), pooling)
    folds = inner_folds(known["age_years"], seed=seed)
    check_folds(folds, cohort, inputs)  # a copy of a slide would make the intervals too narrow
    inner = folds.to_numpy()
    seen = people if isinstance(people, pd.DataFrame) else people.obs
    calibrated = calibrated and not ("label_seen" in seen and bool(seen["label_seen"].any()))
    fitted, calibration = fit_and_calibrate(
        learner, inputs, known, inner, calibrated=calibrated, seed=seed
    )
    metadata = {
        "model": learner.name,
        "statistics": pooling,
        "feature_names": names,
        "encoder_hash": encoder_hash,
        "n_people": len(known),
        "n_brackets": int((known["age_low"] < known["age_high"]).sum()),
        "age_low_years": float(known["age_low"].min()),
        "age_high_years": float(known["age_high"].max()),
        "age_mean_years": float(known["age_years"].mean()),
        "seed": seed,
        "skinage": __version__,
        "people": sorted(person_mark(str(person)) for person in known.index),
    }
    return Clock(metadata, learner, fitted, fit_domain(inputs.described(), inner), calibration)


def _known_of(ids: pd.Index, cohort: pd.DataFrame | None) -> pd.DataFrame:
    table = pd.DataFrame(index=ids.rename("person_id"))
    if cohort is None:
        return table
    names = [name for name in ("age_years", "age_low", "age_high", "sex") if name in cohort]
    return table.join(by_person(cohort, names))
