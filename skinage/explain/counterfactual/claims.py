"""What maps claim against what the clock does when one thing in the tissue is moved.

The strongest test of a map there is, where the same tissue can be had twice: drawn again with one
parameter moved, or cut, stained or treated anew and registered.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from skinage.errors import StageError
from skinage.evaluation.metrics import pearson

CHANGED_ABOVE = 8
"""Grey values by which a pixel must differ to count as changed; less is noise of a scanner."""
LEAST_PAIRS = 3


def claim_against_change(
    before: np.ndarray,
    after: np.ndarray,
    *,
    heat_before: np.ndarray,
    heat_after: np.ndarray,
    change_years: np.ndarray,
    parameter: Sequence[str] | str = "",
    changed_above: int = CHANGED_ABOVE,
) -> pd.DataFrame:
    """Set the change of the age against what the maps claim for the pixels that changed.

    The claim is the heat after less the heat before, added up over the changed pixels. A map that
    knows what the clock uses claims the whole change there, and nothing elsewhere.

    Parameters
    ----------
    before, after
        ``(n, ..., h, w, 3)`` uint8, the same tissue twice: a tile for each of n people, or with
        more axes all tiles of each.
    heat_before, heat_after
        ``(n, ..., h, w)`` years per pixel, by the same method against the same baseline.
    change_years
        ``(n,)`` the predicted age after less that before.
    parameter
        What was moved, one word for all or one per pair.
    changed_above
        Grey values (0 to 255) by which some colour of a changed pixel differs.

    Returns
    -------
    pandas.DataFrame
        A row per pair: ``parameter``, ``change_years``, ``claimed_years`` (on changed pixels),
        ``elsewhere_years`` (on all others), ``changed_fraction`` (of all pixels). `claim_agreement`
        sums them up.

    Raises
    ------
    StageError
        If the arrays are not of one shape.
    """
    shapes = [array.shape for array in (before, after)]
    shapes += [(*array.shape, 3) for array in (heat_before, heat_after)]
    if before.ndim < 4 or len(set(shapes)) > 1 or np.shape(change_years) != before.shape[:1]:
        raise StageError(
            f"claim_against_change: pixels are {before.shape} and {after.shape}, maps "
            f"{heat_before.shape} and {heat_after.shape}, changes {np.shape(change_years)}; "
            "expected (n, ..., h, w, 3), (n, ..., h, w) and (n,)"
        )
    # Larger less smaller: differences of uint8 wrap around.
    difference = np.maximum(before, after) - np.minimum(before, after)
    changed = (difference.max(axis=-1) > changed_above).reshape(len(before), -1)
    claim = np.subtract(heat_after, heat_before, dtype=float).reshape(changed.shape)
    return pd.DataFrame({
        "parameter": [parameter] * len(before) if isinstance(parameter, str) else [*parameter],
        "change_years": np.asarray(change_years, float),
        "claimed_years": (claim * changed).sum(axis=1),
        "elsewhere_years": (claim * ~changed).sum(axis=1),
        "changed_fraction": changed.mean(axis=1),
    })  # fmt: skip


def claim_agreement(claims: pd.DataFrame) -> pd.DataFrame:
    """Return how well claims go with changes, for each parameter that was moved and for all.

    Parameters
    ----------
    claims
        As `claim_against_change` returns them; tables of several parameters can be joined.

    Returns
    -------
    pandas.DataFrame
        A row per parameter, and with several a last row "all": ``parameter``, ``n``,
        ``change_years`` (root mean square), ``slope`` (years claimed per year of change, by least
        squares through the origin, since nothing is to be claimed where nothing changes; 1 is all
        of it, 0 nothing) with ``lower`` and ``upper`` (95 %), ``r`` (Pearson's; little where all
        changes are alike) and ``elsewhere`` (root mean square of what is claimed on unchanged
        pixels, per that of the change). NaN with fewer than three pairs, or where the age does not
        change.
    """
    rows = [_agreement(str(name), own) for name, own in claims.groupby("parameter", sort=False)]
    if len(rows) > 1:
        rows.append(_agreement("all", claims))
    return pd.DataFrame(rows)


def _agreement(parameter: str, own: pd.DataFrame) -> dict:
    change, claimed = own["change_years"].to_numpy(), own["claimed_years"].to_numpy()
    n, square = len(own), float(np.sum(change**2))
    row = {"parameter": parameter, "n": n, "change_years": np.sqrt(square / n)}
    slope = lower = upper = r = elsewhere = np.nan
    if square > 0:
        elsewhere = np.sqrt(np.sum(own["elsewhere_years"] ** 2) / square)
    if n >= LEAST_PAIRS and square > 0:
        slope = np.sum(change * claimed) / square
        error = np.sqrt(np.sum((claimed - slope * change) ** 2) / (n - 1) / square)
        half = error * stats.t.ppf(0.975, n - 1)
        lower, upper = slope - half, slope + half
        r = pearson(own["change_years"], own["claimed_years"])
    return row | {"slope": slope, "lower": lower, "upper": upper, "r": r, "elsewhere": elsewhere}
