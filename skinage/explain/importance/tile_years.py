"""How many years each tile adds to what a group of features says about its person."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from skinage.explain.importance.groups import standardised

if TYPE_CHECKING:
    import shap
    from anndata import AnnData


def tile_years(
    explanation: "shap.Explanation", groups: pd.Series, atlas: "AnnData"
) -> pd.DataFrame:
    """Return what each tile would add to the years of each group if there were more tiles like it.

    This is the influence function (Hampel 1974, J Am Stat Assoc 69:383) of the pooled features,
    ``x - mean`` for a mean and ``((x - mean)^2 - std^2) / (2 std)`` for a std, times the years per
    unit of the feature, the slope of its SHAP values over the explained people. Other statistics
    have no part in it.

    Parameters
    ----------
    explanation
        What `shap_values` returned.
    groups
        ``group`` by ``feature``.
    atlas
        The tiles that were pooled: ``X`` (n_tiles, dim) and ``obs["person_id"]``.

    Returns
    -------
    pandas.DataFrame
        A row per tile, indexed like the atlas, a column per group that has a mean or a std; the
        mean over each person's tiles is 0.
    """
    names = [name for name in explanation.feature_names if name in groups.index]
    weights = _years_per_unit(explanation)[names]
    tiles = np.asarray(atlas.X, dtype=np.float32)
    number = atlas.obs["person_id"].factorize()[0]
    off = tiles - _mean_by(tiles, number)[number]
    std = np.sqrt(_mean_by(off**2, number))[number]
    spread = np.divide(off**2 - std**2, 2 * std, out=np.zeros_like(off), where=std > 0)
    found = pd.DataFrame(0.0, atlas.obs_names, sorted(groups[names].unique()))
    used = set()
    for statistic, influence in (("mean", off), ("std", spread)):
        own = [name for name in names if name.startswith(f"{statistic}_")]
        index = [int(name.partition("_")[2]) for name in own]
        matrix = pd.get_dummies(groups[own], dtype=float).mul(weights[own], axis=0)
        found[matrix.columns] += influence[:, index] @ matrix.to_numpy()
        used |= set(matrix.columns)
    return found[sorted(used)]


def _years_per_unit(explanation: "shap.Explanation") -> pd.Series:
    data = np.asarray(explanation.data, float)
    z = standardised(data)
    slopes = (np.asarray(explanation.values, float) * z).mean(axis=0)
    spread = data.std(axis=0)
    slopes = np.divide(slopes, spread, out=np.zeros_like(slopes), where=z.any(axis=0))
    return pd.Series(slopes, explanation.feature_names)


def _mean_by(values: np.ndarray, number: np.ndarray) -> np.ndarray:
    return pd.DataFrame(values).groupby(number).mean().to_numpy()
