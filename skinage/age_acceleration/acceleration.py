"""Age acceleration: predicted age beyond what is expected at that age."""

import numpy as np
import pandas as pd

from skinage.age_acceleration.brackets import bracket_part, expected_years
from skinage.age_acceleration.definitions import DEFINITIONS, Definition, gap
from skinage.age_acceleration.left_of_age import warn_of_age
from skinage.age_acceleration.line import fit_line, linear
from skinage.age_acceleration.people import centred, repeats_of
from skinage.age_acceleration.reference import Reference, reference_people
from skinage.errors import SettingError
from skinage.evaluation.metrics import pearson

COLUMNS = ("acceleration_z", "acceleration_centile", "acceleration_ratio")
"""The columns of definitions that are not in years; each stands beside ``acceleration_years``."""


def acceleration(
    ages: pd.DataFrame,
    definition: str = "linear",
    *,
    reference: Reference | None = None,
    adjusted_for: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Compute age acceleration from predicted ages.

    Parameters
    ----------
    ages
        A row per person (and visit): ``person_id``, ``age_years``, ``predicted_years``; ``fold``,
        unless there is a reference; if known ``sex`` (F, M or missing), ``visit``, ``age_low`` and
        ``age_high``; of further repeats ``predicted_years_2``, ``fold_2`` and so on.
    definition
        The formula. All but "gap" are fitted on the first visits of the people of the other folds
        (or on the reference) and then applied, with sex wherever it varies.

        - "gap": predicted minus actual age. It falls with age, as predictions shrink towards the
          mean.
        - "linear": residual of predicted age on age, the usual residual definition of epigenetic
          age acceleration [1]_. "beheshti" is the same: the gap minus its own line on age [2]_.
        - "cole": (predicted age - intercept) / slope - age, of the same line [3]_; the linear
          residual in years of actual age.
        - "spline": residual on a restricted cubic spline of age [4]_, one for each sex where both
          have `LEAST_OF_A_SEX` people, for clocks that bend or run differently by sex.
        - "lowess": residual on a LOWESS curve of age, for each sex [5]_. Beyond the ages it is
          fitted on, the curve continues as a straight line.
        - "zscore": the linear residual, and in ``acceleration_z`` divided by its SD at that age,
          from a line fitted to absolute residuals [6]_; at least ``LEAST_SD`` of the SD of all.
        - "centile": the linear residual, and in ``acceleration_centile`` the centile of predicted
          age among people of that age, from lines of 5 to 95 % by quantile regression [7]_; 2.5
          and 97.5 stand for below and above.
        - "ratio": the linear residual, and in ``acceleration_ratio`` predicted age divided by the
          predicted age that the line expects.
    reference
        Whom people are compared with, for new people, later visits and arms: the `Clock` that
        predicted them (its own people, predicted out of fold), or a table of ages such as the
        controls. A cohort that is older in its tissue then stays so. None: the other folds.
    adjusted_for
        Further regressors, index ``person_id``; text becomes categories. With the body site or
        scanner acceleration is adjusted for site; with proportions of kinds of tissue it is the
        counterpart of intrinsic epigenetic age acceleration, which leaves out the counts of
        cells [8]_.

    Returns
    -------
    pandas.DataFrame
        ``person_id``, ``age_years``, ``predicted_years``, ``acceleration_years``, ``definition``
        (in words), ``slope`` (years of predicted age per year of age: residual years are shrunken
        by it, those of "cole" are not), ``correlation_with_age`` (Pearson's, of all rows: the age
        that is left; of brackets, the middle); ``visit``, ``fold`` and ``sex`` if known. With
        repeats, predicted age and acceleration are means over them, ``acceleration_sd_years`` is
        the SD between them and ``fold`` that of the first. With brackets, people are compared at
        ``expected_age_years``, the age to expect from bracket and prediction, and
        ``bracket_part`` is the proportion of the variance around the line, at the middle of
        brackets, that brackets alone would produce.

    Raises
    ------
    SettingError
        If there is no such definition, or adjustments are asked for with a clock as reference.
    StageError
        If the definition cannot be fitted, a column is missing, a person has several rows of a
        visit, an age is not finite, or the reference is too small or of another encoder.

    Warns
    -----
    UserWarning
        If a parabola of age, for each sex, still explains acceleration.

    References
    ----------
    .. [1] Horvath and Raj, Nature Reviews Genetics 19:371 (2018).
    .. [2] Beheshti et al., NeuroImage: Clinical 24:102063 (2019).
    .. [3] Cole et al., Molecular Psychiatry 23:1385 (2018); both compared by de Lange and Cole,
       NeuroImage: Clinical 26:102229 (2020).
    .. [4] Harrell, Regression Modeling Strategies, section 2.4.5 (2015).
    .. [5] Cleveland, J. American Statistical Association 74:829 (1979).
    .. [6] Altman, Statistics in Medicine 12:917 (1993).
    .. [7] Koenker and Bassett, Econometrica 46:33 (1978).
    .. [8] Chen et al., Aging 8:1844 (2016).
    """
    if definition not in DEFINITIONS:
        raise SettingError(
            f"acceleration: no definition {definition!r}; choose from {[*DEFINITIONS]}"
        )
    chosen = DEFINITIONS[definition]
    repeats = repeats_of(ages, adjusted_for, need_folds=reference is None)
    others, reference_words = reference_people(reference, ages, adjusted_for)
    found = [_apply(repeat, chosen, others) for repeat in repeats]
    columns = ["person_id", "visit", "age_years", "predicted_years", "fold"]
    table = ages[[name for name in columns if name in ages]].copy()
    mean = pd.concat(found).groupby(level=0).mean().set_axis(table.index)
    table["predicted_years"] = mean["predicted_years"]
    table["acceleration_years"] = mean["years"]
    table[chosen.column] = mean["measured"]
    if len(found) > 1:
        years = np.stack([one["years"] for one in found])
        table["acceleration_sd_years"] = years.std(axis=0, ddof=1)
    bracketed = repeats[0]["age_low"] < repeats[0]["age_high"]
    if bracketed.any():
        table["expected_age_years"] = mean["age_years"]
        table["bracket_part"] = mean["bracket_part"].mean()
    table["definition"] = _words(chosen, repeats[0], others, adjusted_for, reference_words)
    table["definition"] += f"; mean of {len(found)} repeats" * (len(found) > 1)
    if "recalibrated" in ages:
        table["definition"] += ("; predictions " + ages["recalibrated"]).fillna("")
    table["slope"] = mean["slope"].mean()
    if "sex" in ages:
        table["sex"] = ages["sex"]
    # Within a bracket the expected age rises with acceleration by itself; the middle does not.
    table["correlation_with_age"] = pearson(measured(table), table["age_years"])
    if chosen.rule is not gap:
        warn_of_age(measured(table), table["age_years"], repeats[0]["male"])
    return table


def _apply(
    people: pd.DataFrame, definition: Definition, reference: pd.DataFrame | None
) -> pd.DataFrame:
    """Apply a definition, fitted on the reference or on the first visits of the other folds."""
    parts = []
    for fold in people["fold"].unique():
        own = people[people["fold"] == fold]
        others = people[people["fold"] != fold].sort_values("age_years", kind="stable")
        others = others.drop_duplicates("person_id") if reference is None else reference
        training, asked = centred(others, own, f"fold {fold}" if reference is None else "the table")
        asked = asked.assign(age_years=expected_years(training, asked))
        in_years = definition.rule if definition.column == "acceleration_years" else linear
        years = in_years(training, asked)
        beside = years if definition.rule is in_years else definition.rule(training, asked)
        part, slope = bracket_part(training, asked), fit_line(training)[1]
        asked = asked[["age_years", "predicted_years"]]
        parts.append(asked.assign(years=years, measured=beside, bracket_part=part, slope=slope))
    return pd.concat(parts).sort_index()


def _words(
    definition: Definition,
    people: pd.DataFrame,
    others: pd.DataFrame | None,
    adjusted_for: pd.DataFrame | None,
    reference: str,
) -> str:
    """Return the definition in words, as a paper would state it."""
    fitted_on = people if others is None else others
    beside = ["age", *["sex"] * (len(fitted_on["male"].dropna().unique()) > 1)]
    beside += [] if adjusted_for is None else [*map(str, adjusted_for)]
    words = definition.words.format(" and ".join(beside))
    if definition.rule is not gap:
        words += f" fitted on {reference}"
    if (people["age_low"] < people["age_high"]).any():
        words += "; within a bracket, age is the one to expect from bracket and prediction"
    return words


def measured(table: pd.DataFrame) -> pd.Series:
    """Return the column that the definition is about."""
    return table[next((name for name in COLUMNS if name in table), "acceleration_years")]
