"""Features that go together are one finding: groups of correlated features, and their years."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.cluster import hierarchy
from scipy.spatial.distance import squareform

from skinage.errors import SettingError, StageError
from skinage.explain.importance.shapley import load_shap
from skinage.people.pool import feature_names

if TYPE_CHECKING:
    import shap


def group_features(people: pd.DataFrame, *, least_r: float = 0.5) -> pd.Series:
    """Group features that are correlated over people (average linkage on ``1 - |r|``; SciPy).

    Neither ages nor clocks have a part in it, so that one grouping serves the clocks of all folds.

    Parameters
    ----------
    people
        A row per person, as `pool` returns them: the people that the clocks were fitted on.
    least_r
        Groups are joined while the average ``|r|`` (Pearson) between their members is this or
        more; 0 to 1.

    Returns
    -------
    pandas.Series
        ``group`` by ``feature``: "group 01", "group 02" ..., the largest first. A feature that is
        the same in everybody is a group of its own, unless ``least_r`` is 0.

    Raises
    ------
    SettingError
        If ``least_r`` is no size of a correlation.
    StageError
        If there are fewer than three people, no features, or features that are not numbers.
    """
    if not 0 <= least_r <= 1:
        raise SettingError(f"group_features: least_r is {least_r}; expected 0 to 1")
    names = feature_names(people)
    if len(people) < 3 or not names:
        raise StageError(
            f"group_features: {len(people)} people with {len(names)} features; expected a row per "
            "person, three at least, as pool returns them"
        )
    features = people[names].to_numpy(float)
    if not np.isfinite(features).all():
        bad = names[int(np.argmin(np.isfinite(features).all(axis=0)))]
        raise StageError(
            f"group_features: the feature {bad!r} is not a number for "
            f"{(~np.isfinite(features)).any(axis=1).sum()} people; drop these people or pool again"
        )
    number = np.ones(1, dtype=int)
    if len(names) > 1:
        z = standardised(features)
        distance = np.clip(1 - np.abs(z.T @ z) / len(z), 0, 1)
        np.fill_diagonal(distance, 0)
        tree = hierarchy.linkage(squareform(distance, checks=False), "average")
        number = hierarchy.fcluster(tree, 1 - least_r, "distance")
    found = pd.Series(number, pd.Index(names, name="feature"))
    place = {one: k for k, one in enumerate(found.value_counts(sort=True).index)}
    digits = len(str(len(place)))
    return found.map(lambda one: f"group {place[one] + 1:0{max(2, digits)}d}").rename("group")


def sum_groups(explanation: "shap.Explanation", groups: pd.Series) -> "shap.Explanation":
    """Add up the years of the features of each group, person by person.

    The years of a group are the sum of its members', so that they still add up to the prediction
    of the model that predicted the person.

    Parameters
    ----------
    explanation
        What `shap_values` returned.
    groups
        ``group`` by ``feature``, as `group_features` returns it. A feature that has none, such as
        ``sex_male``, stays alone under its own name.

    Returns
    -------
    shap.Explanation
        ``values`` (n_people, n_groups) in years, ``data`` the level of each group (the mean of its
        standardised members, each turned the way of the member that moves the age most),
        ``base_values`` and ``instance_names`` as they were, ``feature_names`` the groups.

    Raises
    ------
    StageError
        If ``groups`` knows none of the features.
    """
    features = pd.Index(explanation.feature_names)
    group = groups.reindex(features)
    if group.isna().all():
        raise StageError(
            f"sum_groups: none of the {len(features)} explained features (the first is "
            f"{features[0]!r}) has a group; group the features of the people that were explained"
        )
    group = group.fillna(pd.Series(features, features))
    names = sorted(group.unique())
    values, z = np.asarray(explanation.values, float), standardised(explanation.data)
    members = [np.flatnonzero(group == name) for name in names]
    level = [_level(z[:, own], np.abs(values[:, own]).mean(axis=0)) for own in members]
    return load_shap().Explanation(
        np.column_stack([values[:, own].sum(axis=1) for own in members]),
        explanation.base_values,
        np.column_stack(level),
        instance_names=explanation.instance_names,
        feature_names=names,
    )


def standardised(features: np.ndarray) -> np.ndarray:
    """Return features ``(n, dim)`` with mean 0 and SD 1 over rows; 0 where nothing varies."""
    values = np.asarray(features, float)
    spread = values.std(axis=0)
    # Rounding leaves a trace of spread where all values are the same.
    varies = spread > 1e-12 * np.abs(values).max(axis=0, initial=0.0)
    return np.where(varies, values - values.mean(axis=0), 0.0) / np.where(varies, spread, 1.0)


def _level(z: np.ndarray, strength: np.ndarray) -> np.ndarray:
    """Return the mean of standardised features, turned the way of the strongest of them."""
    r = z.T @ z[:, strength.argmax()]
    return z @ np.where(r < 0, -1.0, 1.0) / z.shape[1]
