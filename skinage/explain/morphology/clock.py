"""The clock of the measures beside that of the encoder, and what the measures leave unexplained."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from skinage.clock.learners.stacked import Stacked
from skinage.errors import StageError
from skinage.explain.morphology.measures import CORE, MEASURES
from skinage.people.pool import NOT_FEATURES, feature_names
from skinage.skip_log import add_skipped

LEAST_SHOWN = 0.5
"""A measure that fewer of the people have is no feature."""


def measure_features(measures: pd.DataFrame, names: Sequence[str] = CORE) -> pd.DataFrame:
    """Return the measures of people as features of a clock.

    Thickness, width and density change by a part of themselves, so they stand as logarithms; where
    some people have none, half of the median of the others is added first. A missing measure is
    filled with the median of all people. No age is looked at. The table is for people of one
    cohort: what is added, filled and left out depends on who is in it.

    Parameters
    ----------
    measures
        A row per person, as `measure_people` returns them.
    names
        The measures to take, as far as the table has them; by default one for each property.

    Returns
    -------
    pandas.DataFrame
        A row per person, the same index; a finite column per measure that half of the people have
        and that is not the same in all; ``n_slides`` and ``slide_ids`` as they were.
        `skinage.skipped` lists the other measures, and how many values were filled.

    Raises
    ------
    StageError
        If no measure is left.
    """
    given = measures[[name for name in names if name in measures]].astype(float)
    shown = given.notna().mean()
    varies = given.max() > given.min()
    features = pd.DataFrame(index=measures.index)
    reasons = {}
    for name in given:
        if shown[name] < LEAST_SHOWN:
            reasons[name] = f"{shown[name]:.0%} of the people have it; expected half or more"
        elif not varies[name]:
            reasons[name] = "it is the same in everybody"
        else:
            values = _logarithm(given[name]) if MEASURES[name].is_size else given[name]
            features[name] = values.fillna(values.median())
            if n_missing := int(values.isna().sum()):
                reasons[f"{name} of {n_missing} people"] = "missing; the median of all stands there"
    if not len(features.columns):
        raise StageError(
            f"measure_features: none of {given.shape[1]} measures can be used for {len(measures)} "
            "people; expected a table of measure_people with values that differ between people"
        )
    about = [name for name in NOT_FEATURES if name in measures]
    features = features.join(measures[about])
    add_skipped(features, "measure_features", reasons)
    return features


def join_features(
    people: pd.DataFrame, features: pd.DataFrame, model: Any = "ridge"
) -> tuple[pd.DataFrame, Stacked]:
    """Put the features of an encoder and of the measures side by side.

    Parameters
    ----------
    people
        A row per person, as `pool` returns it.
    features
        A row per person, as `measure_features` returns it.
    model
        The model of each of the two groups, as for `predict_age`.

    Returns
    -------
    table : pandas.DataFrame
        A row per person who is in both tables.
    learner : Stacked
        The model for this table: a regression on each group, whose ages are weighed.
    """
    own, other = feature_names(people), feature_names(features)
    about = people.columns.difference(own, sort=False)
    table = people[own].join(features[other], how="inner").join(people[about])
    table.attrs = {key: value for key, value in people.attrs.items() if key == "encoder_hash"}
    if len(table) < len(people):
        left = {f"{len(people) - len(table)} of {len(people)} people": "no slide was measured"}
        add_skipped(table, "join_features", left)
    return table, Stacked((len(own), len(other)), model)


def _logarithm(values: pd.Series) -> pd.Series:
    positive = values[values > 0]
    return np.log(values.clip(lower=0) + (positive.median() / 2 if (values <= 0).any() else 0))
