"""What a tuned encoder adds to age and sex: models of both, with its prediction and without."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler

from skinage.clock.age_terms import age_terms
from skinage.cohort.people import by_person
from skinage.people.clock_inputs import sex_code
from skinage.transfer.cox import Cox
from skinage.transfer.targets import MOST_ITERATIONS, Classes, Target, Time

MEASURES = {"number": "r2", "class": "auc", "time": "c_index"}
SMALLEST_PROBABILITY = 1e-6


def age_and_sex(cohort: pd.DataFrame, ids: pd.Index, columns: Sequence[str]) -> np.ndarray | None:
    """Return regressors of people at their first visit: a restricted cubic spline of age, and sex.

    Parameters
    ----------
    cohort
        A row per slide; ``age_years`` and ``sex``, as far as they are known.
    ids
        The ``person_id`` of the people.
    columns
        The columns of the target, which are no regressors.

    Returns
    -------
    numpy.ndarray or None
        ``(n_people, n_columns)``; an unknown age or sex is the mean. None where nobody's age (or
        sex, if age is the target) is known.
    """
    names = [name for name in ("age_years", "sex") if name in cohort and name not in columns]
    known = by_person(cohort, names).reindex(ids) if names else pd.DataFrame(index=ids)
    found = []
    if "age_years" in known and known["age_years"].notna().any():
        age = known["age_years"].astype(float)
        age = age.fillna(age.mean())
        found.append(age_terms(age, age))
    elif "age_years" not in columns:
        return None
    male = sex_code(known.get("sex"), ids)
    if np.isfinite(male).any():
        found.append(np.where(np.isfinite(male), male, np.nanmean(male))[:, None])
    return np.hstack(found) if found else None


def gain(
    predictions: pd.DataFrame,
    regressors: np.ndarray,
    target: Target,
    *,
    n_bootstrap: int,
    seed: int,
) -> dict[str, float]:
    """Score models of age and sex, with the tuned prediction and without, on the same folds.

    Both are fitted without the fold that they predict, with a penalty of 1 for the squares of
    standardised coefficients: linear, logistic or Cox regression. The tuned prediction enters out
    of fold, of a time less the mean of its fold, of classes as log odds.

    Parameters
    ----------
    predictions
        As `Tuned.predictions`.
    regressors
        Of the same people, as `age_and_sex` returns them.
    target
        What was learnt.
    n_bootstrap
        Number of bootstrap samples of people.
    seed
        Seed of the samples.

    Returns
    -------
    dict of float
        ``age_sex_...`` and ``with_age_sex_...`` of the measure (r2, auc or c_index), their
        difference ``..._gained``, and its 95 % bootstrap interval ``..._gained_lower`` and
        ``..._gained_upper``. The models are not fitted again for the samples.
    """
    measure = MEASURES[target.name]
    tuned = _as_regressors(predictions, target)
    without, both = (
        _predict_out_of_fold(predictions, columns, target)
        for columns in (regressors, np.hstack([regressors, tuned]))
    )
    scores = [target.score(table)[measure] for table in (without, both)]
    random, n_people, sampled = np.random.default_rng(seed), len(predictions), []
    for _ in range(n_bootstrap):
        rows = random.integers(0, n_people, n_people)
        before, after = (target.score(table.iloc[rows])[measure] for table in (without, both))
        sampled.append(after - before)
    lower, upper = np.nanpercentile(sampled, [2.5, 97.5])
    return {
        f"age_sex_{measure}": scores[0],
        f"with_age_sex_{measure}": scores[1],
        f"{measure}_gained": scores[1] - scores[0],
        f"{measure}_gained_lower": float(lower),
        f"{measure}_gained_upper": float(upper),
    }


def _as_regressors(predictions: pd.DataFrame, target: Target) -> np.ndarray:
    """Return the tuned predictions as ``(n_people, n_columns)``."""
    if isinstance(target, Classes):
        odds = predictions[target.names("probability")].to_numpy().clip(SMALLEST_PROBABILITY)
        return np.log(odds[:, 1:] / odds[:, :1])
    found = predictions["predicted"]
    if isinstance(target, Time):  # log hazards of different folds have different intercepts
        found = found - found.groupby(predictions["fold"]).transform("mean")
    return found.to_numpy()[:, None]


def _predict_out_of_fold(
    predictions: pd.DataFrame, columns: np.ndarray, target: Target
) -> pd.DataFrame:
    """Return the table with the predictions of a model of these columns in place of its own."""
    values, found = target.values(predictions[[*target.columns]]), predictions.copy()
    for one in found["fold"].unique():
        tested = (found["fold"] == one).to_numpy()
        scaler = StandardScaler().fit(columns[~tested])
        training, own = scaler.transform(columns[~tested]), scaler.transform(columns[tested])
        if isinstance(target, Classes):
            model = LogisticRegression(max_iter=MOST_ITERATIONS)
            model.fit(training, values[~tested, 0].astype(int))
            outputs = target.predicted(model.decision_function(own).reshape(len(own), -1))
        elif isinstance(target, Time):
            outputs = {"predicted": own @ Cox().fit(training, values[~tested]).coef_}
        else:
            outputs = {"predicted": Ridge().fit(training, values[~tested, 0]).predict(own)}
        for name, column in outputs.items():
            found.loc[tested, name] = column
    return found
