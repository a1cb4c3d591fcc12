"""Whether the baseline decides what a heat map says."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import ndimage, stats

from skinage.errors import SettingError
from skinage.explain.attribution.age_of_tiles import AgeOfTiles
from skinage.explain.attribution.attribute import attribute
from skinage.explain.attribution.baselines import Baseline

SMOOTH_PX = 3.0
"""Standard deviation of the smoothing of heat before ranks: single pixels are noise."""


def compare_baselines(
    age_of: AgeOfTiles, pixels: np.ndarray, baselines: Mapping[str, Baseline]
) -> pd.DataFrame:
    """Attribute the same tile against several baselines, and state how far they agree.

    Parameters
    ----------
    age_of
        The person's age as a function of the tile.
    pixels
        ``(h, w, 3)`` uint8 RGB, the tile.
    baselines
        The baselines by name, the one to compare the others with first, such as
        ``{"tissue": baseline_tiles(...), **plain_baselines(pixels)}``.

    Returns
    -------
    pandas.DataFrame
        A row per baseline: ``baseline``; ``difference_years``, the age less the age with the
        baseline in place of the tile; ``heat_years``, the sum of the heat;
        ``completeness_error_years``; ``own_years``, the age less the age without the tile (NaN
        for a person's only tile); ``same_sign`` of sum and own years (NaN without these); and
        ``rank_correlation``, Spearman's r of the smoothed heat with that of the first (NaN for a
        map without heat).

    Raises
    ------
    SettingError
        If there is no baseline.
    StageError
        As `attribute`.
    """
    if not baselines:
        raise SettingError("compare_baselines: there is no baseline; expected one at least")
    rows, maps = [], []
    for name, baseline in baselines.items():
        found = attribute(age_of, pixels, baseline)
        maps.append(ndimage.gaussian_filter(found.heat, SMOOTH_PX).ravel())
        own = found.age_years - age_of.without_tile()
        total = float(found.heat.sum(dtype=float))
        flat = np.ptp(maps[-1]) == 0 or np.ptp(maps[0]) == 0
        rows.append({
            "baseline": name,
            "difference_years": found.difference_years,
            "heat_years": total,
            "completeness_error_years": found.completeness_error,
            "own_years": own,
            "same_sign": np.nan if np.isnan(own) else float(np.sign(total) == np.sign(own)),
            "rank_correlation": np.nan if flat else stats.spearmanr(maps[0], maps[-1]).statistic,
        })  # fmt: skip
    return pd.DataFrame(rows)
