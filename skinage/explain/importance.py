"""Which features drive the age clock, and which readable measures they go with."""

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skinage.clock.clock import Clock
from skinage.clock.learners.ridge import LinearModel
from skinage.clock.learners.trees import TreesModel
from skinage.cohort.people import by_person
from skinage.errors import SettingError, StageError
from skinage.people.clock_inputs import ClockInputs, sex_code
from skinage.people.pool import feature_names

if TYPE_CHECKING:
    import shap

MIN_PEOPLE = 5
"""Fewer people than this make no rank correlation worth a name."""
SEX = "sex_male"


def shap_values(
    clock: Clock | Mapping[Any, Clock],
    people: pd.DataFrame,
    cohort: pd.DataFrame | None = None,
    *,
    ages: pd.DataFrame | None = None,
    seed: int = 0,
) -> "shap.Explanation":
    """Split each person's predicted age into years per feature (Lundberg and Lee 2017).

    For a linear clock the value is exactly ``coefficient * (feature - mean) / scale``. For boosted
    trees it is computed by XGBoost (TreeSHAP; Lundberg et al. 2020, Nat Mach Intell 2:56). For any
    other model of pooled features it is estimated by permutations: each person costs
    ``2 * n_features + 1`` predictions. Apart from trees, the baseline is the average person that
    the clock was fitted on.

    Parameters
    ----------
    clock
        A clock that was fitted on a table of people; or the clocks of the folds by fold, as
        `fit_fold_clock` returns them, to explain each person by the clock that predicted them.
    people
        A row per person with the clock's features, index ``person_id``.
    cohort
        A row per slide, with the ``sex`` for clocks that use it.
    ages
        The table that `predict_age` returned, with the fold of each person. Needed with the clocks
        of folds; people whom it lacks are not explained.
    seed
        Seed of the permutations.

    Returns
    -------
    shap.Explanation
        ``values`` (n_people, n_features) in years, ``data`` the features, ``base_values``
        (n_people,) the predicted age of the baseline, in the order of ``people``. Each row adds up
        to the person's predicted age. The last feature is ``sex_male`` where the clock uses it.

    Raises
    ------
    SettingError
        If clocks of folds come without ages.
    StageError
        If a feature of the clock is missing in ``people``, or the clock pools the tiles itself.
    """
    if isinstance(clock, Clock):
        groups = [(clock, people)]
    elif ages is None:
        raise SettingError("shap_values: clocks of folds need ages, the table of predict_age")
    else:
        fold = ages.set_index("person_id")["fold"].reindex(people.index)
        groups = [(one, people[fold == name]) for name, one in clock.items()]
    sex = None if cohort is None or "sex" not in cohort else by_person(cohort, ["sex"])["sex"]
    parts = [_explained(one, some, sex_code(sex, some.index), seed) for one, some in groups]
    values, data, base = (pd.concat(tables) for tables in zip(*parts, strict=True))
    order = people.index[people.index.isin(values.index)]
    names = groups[0][0].feature_names + [SEX] * bool(values[SEX].any())
    return _shap().Explanation(
        values.loc[order, names].to_numpy(),
        base[order].to_numpy(),
        data.loc[order, names].to_numpy(),
        feature_names=names,
    )


def _explained(
    clock: Clock, people: pd.DataFrame, sex_male: np.ndarray, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series]:
    """Return values and data (a row per person; features and sex), and base values."""
    features, model = _features(clock, people), clock.model
    data = features.assign(**{SEX: sex_male})
    x, of_sex = features.to_numpy(float), np.zeros(len(features))
    if isinstance(model, LinearModel):
        values = (x - model.mean) / model.scale * model.coefficients
        base = np.full(len(x), model.intercept)
    elif isinstance(model, TreesModel):
        import xgboost

        both = model.booster.predict(xgboost.DMatrix(data.to_numpy(float)), pred_contribs=True)
        values, of_sex, base = both[:, :-2], both[:, -2], both[:, -1]
    else:
        values, base = _permuted(clock, x, sex_male, seed)
    years = pd.DataFrame(np.column_stack([values, of_sex]), people.index, data.columns, float)
    return years, data, pd.Series(base, people.index, float)


def _permuted(
    clock: Clock, features: np.ndarray, sex_male: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Estimate values and base of any model from one permutation and its reverse."""
    shap, found = _shap(), []
    average = shap.maskers.Independent(clock.domain.mean[None])
    for row, sex in zip(features, sex_male, strict=True):

        def age(rows: np.ndarray, sex: float = sex) -> np.ndarray:
            return clock.model.predict(ClockInputs(rows, np.full(len(rows), sex)))

        explainer = shap.PermutationExplainer(age, average, seed=seed)
        found.append(explainer(row[None], max_evals=2 * len(row) + 1, silent=True))
    values = np.concatenate([one.values for one in found])  # noqa: PD011
    return values, np.array([float(one.base_values[0]) for one in found])


def name_features(people: pd.DataFrame, morphology: pd.DataFrame) -> pd.DataFrame:
    """Name each feature after the readable measure it goes with most closely over people.

    The name is the best of several correlations: a hint where to look, not a finding.

    Parameters
    ----------
    people
        A row per person, as `pool` returns them.
    morphology
        A row per person, with readable measures as columns, as `measure_people` returns them.

    Returns
    -------
    pandas.DataFrame
        A row per feature: ``feature``, ``measure``, ``spearman_r``; None and NaN for a feature
        that is the same in everybody.

    Raises
    ------
    StageError
        If fewer than five people are in both tables.
    """
    shared = people.index.intersection(morphology.index)
    if len(shared) < MIN_PEOPLE:
        raise StageError(
            f"name_features: {len(shared)} people are in both tables ({len(people)} with features,"
            f" {len(morphology)} with morphology); expected {MIN_PEOPLE} or more. Are both indexed"
            " by person_id?"
        )
    features = people.loc[shared, feature_names(people)]
    # People without a measure count with its median rank, so that one blank tile drops nobody.
    left, right = (
        table.rank().pipe(lambda ranks: ranks.fillna(ranks.median()))
        for table in (features, morphology.loc[shared])
    )
    with np.errstate(invalid="ignore", divide="ignore"):  # what is constant has no correlation
        joint = np.corrcoef(left.T, right.T)[: left.shape[1], left.shape[1] :]
    table = pd.DataFrame(joint, features.columns.rename("feature"), morphology.columns)
    strength = table.abs().dropna(how="all")
    named = pd.DataFrame({"measure": strength.idxmax(axis=1)}).reindex(table.index).reset_index()
    named["measure"] = named["measure"].astype(object).where(named["measure"].notna(), None)
    pairs = zip(named["feature"], named["measure"], strict=True)
    r = [table.loc[feature, measure] if measure else np.nan for feature, measure in pairs]
    return named.assign(spearman_r=r)


def feature_importance(
    explanation: "shap.Explanation",
    people: pd.DataFrame,
    morphology: pd.DataFrame,
    *,
    n: int = 15,
) -> pd.DataFrame:
    """List the features that move the predicted age most, named after readable measures.

    Parameters
    ----------
    explanation
        What `shap_values` returned.
    people, morphology
        As in `name_features`.
    n
        How many features to list.

    Returns
    -------
    pandas.DataFrame
        A row per feature, strongest first: ``feature``, ``mean_abs_years`` (mean absolute SHAP
        value), ``years_per_sd`` (signed: how many years older per standard deviation of the
        feature over the explained people, by least squares), ``measure``, ``spearman_r`` and
        ``label``, the three in words.
    """
    names = list(explanation.feature_names)
    values = pd.DataFrame(explanation.values, columns=names)
    data = pd.DataFrame(explanation.data, columns=names)
    spread = data.std(ddof=0)
    slopes = (values * (data - data.mean())).mean() / spread.where(spread > 0)
    table = pd.DataFrame({"mean_abs_years": values.abs().mean(), "years_per_sd": slopes.fillna(0)})
    table = table.rename_axis("feature").reset_index()
    named = name_features(people[[name for name in names if name in people]], morphology)
    top = table.nlargest(n, "mean_abs_years").merge(named, on="feature", how="left")
    return top.assign(label=[_label(row) for row in top.to_dict("records")])


def _features(clock: Clock, people: pd.DataFrame) -> pd.DataFrame:
    if clock.metadata["statistics"] is not None:
        raise StageError(
            f"shap_values: the clock ({clock.metadata['model']}) was fitted on an atlas of tiles, "
            "so there is no table of features to explain it by. Fit a clock that does not pool the "
            "tiles itself on pool(atlas, cohort)"
        )
    missing = [name for name in clock.feature_names if name not in people.columns]
    if missing:
        raise StageError(
            f"shap_values: {len(missing)} of the clock's {len(clock.feature_names)} features are "
            f"missing in people, the first is {missing[0]!r}. Pool the embeddings as for the clock."
        )
    return people[clock.feature_names]


def _shap() -> Any:
    with warnings.catch_warnings():
        # shap's own colour maps use a setter that matplotlib is about to retire.
        warnings.filterwarnings("ignore", "The set_", PendingDeprecationWarning)
        import shap
    return shap


def _label(row: dict) -> str:
    if pd.isna(row["measure"]):
        return str(row["feature"])
    return f"{row['feature']}: {row['measure'].replace('_', ' ')} (r = {row['spearman_r']:.2f})"
