"""A fitted clock: it predicts new people, with intervals, and reports who lies outside."""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from skinage.clock.applicability import ApplicabilityDomain, reasons_outside
from skinage.clock.data import ClockData, ages_table, with_encoder
from skinage.clock.intervals import Calibration
from skinage.clock.learners.base import Learner, Model
from skinage.clock.learners.ridge import LinearModel
from skinage.cohort.label_seen import person_mark
from skinage.errors import LeakageError, StageError
from skinage.people.clock_inputs import ClockInputs, FirstVisits, People, names_and_encoder
from skinage.people.known_ages import ages_of
from skinage.people.pool import refuse_fitted_pooling, refuse_seen_labels
from skinage.skip_log import add_skipped
from skinage.storage import write_json

METADATA, ARRAYS = "clock.json", "clock.safetensors"


@dataclass(frozen=True, eq=False)
class Clock:
    """A fitted clock, for new cohorts and for explanation.

    Attributes
    ----------
    metadata
        What made it, and whom it was fitted on: JSON-able. The people stand there as marks that
        name nobody.
    learner, model
        How it was fitted, and the result.
    domain
        The applicability domain: the spread of its people's features.
    calibration
        Its errors for people held out, from which intervals come; None for no intervals.
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
                f"clock: {self.metadata['model']} is no sum of features; to be explained term by "
                "term, fit one with model='ridge' or another linear regression, and without "
                "proportions"
            )
        return self.model

    @property
    def reference(self) -> pd.DataFrame:
        """Return its own people, each predicted without the person; `acceleration` compares.

        ``age_years`` (of a bracket the middle), ``age_low``, ``age_high``, ``male`` (1, 0 or NaN)
        and ``predicted_years``, without names. A clock without intervals raises ``StageError``.
        """
        if self.calibration is None:
            raise StageError(
                "clock: it was fitted without intervals, so that nobody of its own people was "
                "predicted without the person, and no other can be compared with them; fit it "
                "with calibrated=True"
            )
        low, high = self.calibration.age_low, self.calibration.age_high
        return pd.DataFrame({
            "age_years": (low + high) / 2, "age_low": low, "age_high": high,
            "male": self.calibration.sex_male,
            "predicted_years": self.calibration.predicted_years,
        })  # fmt: skip

    @property
    def feature_names(self) -> list[str]:
        """The columns of a table of people that it was fitted on."""
        return list(self.metadata["feature_names"])

    def predict(self, people: People, cohort: pd.DataFrame | None = None) -> pd.Series:
        """Predict ages in years, index ``person_id``, also of people it was fitted on.

        Parameters
        ----------
        people
            Features like those it was fitted on.
        cohort
            A row per slide, where the sex (for clocks that use it) and first visits are found.

        Returns
        -------
        pandas.Series
            ``predicted_years``, index ``person_id``.

        Raises
        ------
        StageError
            If the features are others, or of another encoder; or if people have several visits
            and there is no cohort.
        """
        data = self._gather(people, cohort)
        ages = self.model.predict(data.inputs)
        return pd.Series(ages, index=data.known.index, name="predicted_years")

    def apply(
        self,
        people: People,
        cohort: pd.DataFrame | None = None,
        *,
        coverage: float = 0.9,
        visits: str = "first",
    ) -> pd.DataFrame:
        """Predict the ages of a new cohort, and report who lies outside the applicability domain.

        Parameters
        ----------
        people
            Features like those it was fitted on, of other people.
        cohort
            A row per slide. With it, ``age_years`` (and brackets) and ``sex`` stand beside the
            predictions, for `report_card` and `acceleration`, and only first visits count.
        coverage
            Nominal coverage (0 to 1) of the intervals.
        visits
            "first"; or "all" for a further row per later visit, as for `predict_age`.

        Returns
        -------
        pandas.DataFrame
            A row per person: ``person_id``, what the cohort knows, ``predicted_years``,
            ``lower_years``, ``upper_years``, and ``outside``: in words why the person lies outside
            of what the clock was fitted on (blank: inside).

        Raises
        ------
        SettingError
            If an argument cannot be used, whatever the data.
        StageError
            As `predict`.
        LeakageError
            If the clock was fitted on any of these people, or the encoder saw the age of any.
        """
        data = self._gather(people, cohort)
        if isinstance(people, pd.DataFrame):
            refuse_fitted_pooling(people)
        refuse_seen_labels(people, data.known.index)
        self._refuse_own_people(data.known.index)
        asked = data.asked(cohort, visits)
        table, counts = ages_table([known for known, _ in asked])
        predicted = [self._predicted(inputs, coverage) for _, inputs in asked]
        table = table.join(pd.concat(predicted, ignore_index=True))
        known_years = self.metadata["age_low_years"], self.metadata["age_high_years"]
        table["outside"] = reasons_outside(table, table.pop("distance"), known_years)
        n_outside = int((table["outside"] != "").sum())
        if n_outside:
            warnings.warn(
                f"clock: {n_outside} of {len(table)} people lie outside of what it was fitted on; "
                "the column `outside` says why",
                stacklevel=2,
            )
        table = with_encoder(table.join(counts), people)
        add_skipped(table, "apply", data.skipped)
        return table

    def save(self, folder: str | Path) -> None:
        """Write the clock into a folder: ``clock.safetensors`` and ``clock.json``, its metadata.

        No feature of a person stands there. `load_clock` reads it.

        Parameters
        ----------
        folder
            Made if it does not exist; a clock in it is replaced.

        Raises
        ------
        SettingError
            If nothing but pickle could keep the model.
        """
        from safetensors.numpy import save_file

        parts = {"model": self.model.arrays(), "domain": vars(self.domain)}
        if self.calibration is not None:
            names = ("fold", "predicted_years", "age_low", "age_high", "sex_male")
            parts["calibration"] = {name: getattr(self.calibration, name) for name in names}
            for number, model in enumerate(self.calibration.models):
                parts[f"inner{number}"] = model.arrays()
        arrays = {
            f"{part}/{name}": np.asarray(array, order="C")
            for part, named in parts.items()
            for name, array in named.items()
        }
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / METADATA).unlink(missing_ok=True)
        save_file(arrays, folder / ARRAYS)
        write_json(folder / METADATA, self.metadata)

    def _gather(self, people: People, cohort: pd.DataFrame | None) -> ClockData:
        self._refuse_other_features(people)
        first = FirstVisits.of(people, cohort)
        known = pd.DataFrame(index=first.ids.rename("person_id"))
        if cohort is not None and "age_years" in cohort:
            known = ages_of(first.ids, cohort)
        statistics = self.metadata["statistics"]
        inputs = first.inputs(known, statistics)
        return ClockData(self.learner, statistics, first, known, inputs, {})

    def _predicted(self, inputs: ClockInputs, coverage: float) -> pd.DataFrame:
        found = pd.DataFrame({"predicted_years": self.model.predict(inputs)})
        if self.calibration is not None:
            bounds = self.calibration.interval(inputs, coverage)
            found["lower_years"], found["upper_years"] = bounds
        return found.assign(distance=self.domain.domain_distance(inputs.described()))

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
                f"clock: nothing says which encoder made these features; expected {own_hash}",
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
