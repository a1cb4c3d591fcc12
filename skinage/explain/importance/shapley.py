"""A person's predicted age as a sum of years per feature: SHAP values."""

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

if TYPE_CHECKING:
    import shap

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
        (n_people,) the predicted age of the baseline, in the order of ``people``, whose ids are
        ``instance_names``. Each row adds up to the person's predicted age. The last feature is
        ``sex_male`` where the clock uses it.

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
    return load_shap().Explanation(
        values.loc[order, names].to_numpy(),
        base[order].to_numpy(),
        data.loc[order, names].to_numpy(),
        instance_names=list(order),
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
    shap, found = load_shap(), []
    average = shap.maskers.Independent(clock.domain.mean[None])
    for row, sex in zip(features, sex_male, strict=True):

        def age(rows: np.ndarray, sex: float = sex) -> np.ndarray:
            return clock.model.predict(ClockInputs(rows, np.full(len(rows), sex)))

        explainer = shap.PermutationExplainer(age, average, seed=seed)
        found.append(explainer(row[None], max_evals=2 * len(row) + 1, silent=True))
    values = np.concatenate([one.values for one in found])  # noqa: PD011
    return values, np.array([float(one.base_values[0]) for one in found])


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


def load_shap() -> Any:
    """Import shap without its warnings."""
    with warnings.catch_warnings():
        # shap's own colour maps use a setter that matplotlib is about to retire.
        warnings.filterwarnings("ignore", "The set_", PendingDeprecationWarning)
        import shap
    return shap
