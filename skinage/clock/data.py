"""The one way in to every clock: whose age is known, what a clock may see of them, what fits."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from skinage.clock.learners.base import Learner
from skinage.clock.learners.choice import learner_of
from skinage.clock.learners.pooled import Pooled
from skinage.cohort.people import by_person, number_visits
from skinage.errors import SettingError
from skinage.people.clock_inputs import (
    ClockInputs,
    FirstVisits,
    People,
    names_and_encoder,
    sex_code,
    tile_inputs,
)
from skinage.people.known_ages import ages_of, match_ages
from skinage.people.pool import refuse_fitted_pooling, refuse_seen_labels


@dataclass(frozen=True, eq=False)
class ClockData:
    """People at their first visit, ready for a clock.

    Attributes
    ----------
    learner
        What fits.
    statistics
        How the tiles of an atlas are pooled; None for a table of people, which is pooled already.
    first
        Everybody's features or tiles.
    known
        The people whose age is known: index ``person_id``; ``age_years``, ``age_low``,
        ``age_high``, ``sex`` if known.
    inputs
        What a clock may see of these people, in the same order.
    excluded
        The reason for each person who is not among them.
    """

    learner: Learner
    statistics: tuple[str, ...] | None
    first: FirstVisits
    known: pd.DataFrame
    inputs: ClockInputs
    excluded: dict[str, str]

    @property
    def skipped(self) -> dict[str, str]:
        """The reason for each slide and each person that had no part."""
        return self.first.rows.skipped | self.excluded

    def asked(
        self, cohort: pd.DataFrame | None, visits: str
    ) -> list[tuple[pd.DataFrame, ClockInputs]]:
        """Return whom to predict: these people and, if visits is "all", their later visits.

        Returns
        -------
        list
            For the first and for all later visits a table and the inputs in the same order. The
            table has the index ``person_id``, ``visit`` as the cohort names it (if asked for),
            ``age_years``, ``age_low``, ``age_high`` at that visit, ``sex`` and ``n_tiles`` (if
            known). Later visits of unknown age are missing.

        Raises
        ------
        SettingError
            If visits is another word, or later visits are asked of a table of people, which holds
            first visits only.
        CohortError
            If the cohort has no column ``visit``.
        """
        known = self.known.join(self.first.n_tiles())
        if visits == "first":
            return [(known, self.inputs)]
        people, rows = self.first.people, self.first.rows
        if visits != "all":
            raise SettingError(f"clock: visits={visits!r}; choose 'first' or 'all'")
        if isinstance(people, pd.DataFrame) or cohort is None:
            raise SettingError("clock: visits='all' needs a cohort and the atlas of tiles")
        known["visit"] = by_person(cohort, ["visit"])["visit"]
        number = number_visits(cohort)
        parts, own = [known.iloc[:0]], []
        for one in sorted({number for _, number in rows.later}):
            ids = [who for who, number in rows.later if number == one and who in known.index]
            at_visit = cohort[number == one]
            part = ages_of(pd.Index(ids), at_visit).join(by_person(at_visit, ["visit"]))
            part = part.dropna(subset="age_years")
            own += [rows.later[person, one] for person in part.index]
            parts.append(part)
        later = pd.concat(parts) if own else parts[0]
        later["n_tiles"] = [len(some) for some in own]
        sex_male = sex_code(self.known.get("sex"), later.index)
        return [
            (known, self.inputs),
            (later, tile_inputs(people, own, later.index, sex_male, self.statistics)),
        ]


def clock_data(
    people: People, cohort: pd.DataFrame, model: Any, *, tested: bool = True
) -> ClockData:
    """Gather people at their first visit for a clock.

    Parameters
    ----------
    people, cohort, model
        As for `predict_age`.
    tested
        True if these people are to be predicted: an encoder that saw their age is then refused.

    Raises
    ------
    SettingError
        If there is no such model, or it pools the tiles itself and there are none.
    StageError
        If the visits cannot be found, there are too few people, or their features are unusable.
    LeakageError
        If the features were pooled by what everybody's tiles let choose, or the encoder saw ages.
    """
    first = FirstVisits.of(people, cohort)
    known, excluded = match_ages(first.ids, cohort)
    learner, statistics = pooled_learner(model, people)
    if isinstance(people, pd.DataFrame):
        refuse_fitted_pooling(people)
    if tested:
        refuse_seen_labels(people, known.index)
    inputs = first.inputs(known, statistics)
    return ClockData(learner, statistics, first, known, inputs, excluded)


def pooled_learner(model: Any, people: People) -> tuple[Learner, tuple[str, ...] | None]:
    """Return the learner of a model, and how the tiles of an atlas are pooled for it.

    Statistics that look at one person only are pooled once for all; with "proportions" the
    learner pools again in each fold.
    """
    learner = learner_of(model)
    if isinstance(people, pd.DataFrame):
        if learner.needs_tiles:
            raise SettingError(
                f"clock: {learner.name} pools the tiles itself; give the atlas of tiles in place "
                "of the table of people"
            )
        return learner, None
    if not isinstance(learner, Pooled):
        return learner, ("mean", "std")
    statistics: Sequence[str] = learner.statistics
    fitted = "proportions" in statistics
    return learner if fitted else learner.learner, tuple(statistics)


def with_encoder(ages: pd.DataFrame, people: People) -> pd.DataFrame:
    """Add the hash of the encoder, so that ages and the clock they are compared with belong."""
    encoder_hash = names_and_encoder(people)[1]
    return ages if encoder_hash is None else ages.assign(encoder=encoder_hash)


def ages_table(parts: list[pd.DataFrame]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the tables of `ClockData.asked` as one, and beside it the columns of numbers of tiles.

    Brackets stand there only where an age is not exact.
    """
    table = pd.concat(parts).rename_axis("person_id").reset_index()
    bracketed = "age_low" in table and bool((table["age_low"] < table["age_high"]).any())
    names = ["person_id", "visit", "age_years", *["age_low", "age_high"] * bracketed, "sex"]
    counts = ["n_tiles", "n_slides"]
    return (
        table[[name for name in names if name in table]],
        table[[name for name in counts if name in table]],
    )
