"""How many years each tile of a person adds to the predicted age."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from skinage.clock.clock import Clock
from skinage.errors import SettingError, StageError
from skinage.explain.attribution.tile_terms import TileTerms, tile_terms

METHODS = ("leave_one_out", "shapley")


@dataclass(frozen=True, eq=False)
class TileContributions:
    """The years that each tile adds to a person's predicted age.

    Attributes
    ----------
    years
        ``(n,)``; above 0 makes the person older.
    standard_error_years
        ``(n,)`` of the drawn orders; 0 where nothing is drawn.
    age_years
        The predicted age.
    base_years
        The predicted age with tiles of the baseline in place of all tiles; NaN without a baseline.
    method
        "leave_one_out" or "shapley".
    """

    years: np.ndarray
    standard_error_years: np.ndarray
    age_years: float
    base_years: float
    method: str

    @property
    def rest_years(self) -> float:
        """Return what the sum leaves of ``age_years - base_years``: 0 for Shapley values."""
        return self.age_years - self.base_years - float(self.years.sum())

    @property
    def zero(self) -> str:
        """Return in words what a contribution of 0 years is, for figures."""
        if self.method == "shapley":
            return (
                "0: the tile counts as the average tile of the baseline does; of these alone the "
                f"predicted age is {self.base_years:.1f}"
            )
        return "0: without the tile the predicted age is the same"

    def __str__(self) -> str:
        total = f"{len(self.years):,} tiles add up to {self.years.sum():+.2f} years"
        if np.isnan(self.base_years):
            return f"{total}; the predicted age is {self.age_years:.1f}"
        difference = self.age_years - self.base_years
        return (
            f"{total} of {difference:+.2f} from {self.base_years:.1f} (baseline) to "
            f"{self.age_years:.1f} (predicted); rest {self.rest_years:+z.2f}"
        )


def tile_contributions(
    clock: Clock,
    features: np.ndarray,
    baseline: np.ndarray | None = None,
    *,
    method: str = "leave_one_out",
    n_orders: int = 32,
    sex: str | None = None,
    seed: int = 0,
) -> TileContributions:
    """Compute how many years each tile adds to a person's predicted age.

    The spread of tiles makes a person more than the sum of tiles, so that what a tile adds depends
    on the others. Leaving one out measures it against all others as they are; the sum is near 0
    for a person of like tiles, however old. Shapley values (Shapley 1953; Castro, Gomez and Tejada
    2009, Comput Oper Res 36:1726) put the person's tiles in place of baseline tiles one after the
    other, in many orders, each also backwards (Mitchell, Cooper, Frank and Holmes 2022, JMLR
    23:43), and average what each adds; they add up to the predicted age less that of the baseline.

    Parameters
    ----------
    clock
        A clock on mean and std of tiles, or of attention; it need not have gradients.
    features
        ``(n, dim)`` embeddings of all tiles of the person; two at least to leave one out.
    baseline
        ``(m, dim)`` embeddings of tiles to compare with, such as ``encoder.embed`` of those of
        `baseline_tiles`. They count by their averages, as if there were as many as needed.
        Without it there are no Shapley values, and no rest.
    method
        "leave_one_out" or "shapley".
    n_orders
        How many orders of the tiles are drawn for Shapley values.
    sex
        "F", "M" or None, for a clock that uses it.
    seed
        Seed of the orders.

    Returns
    -------
    TileContributions
        ``years`` (n,), and as a text the sum and the rest.

    Raises
    ------
    SettingError
        If there is no such method, or it lacks a baseline or orders.
    StageError
        If there is no tile, or one only and it shall be left out; or the clock does not fit the
        features.
    """
    _check(method, len(features), 0 if baseline is None else len(baseline), n_orders)
    tiles = torch.from_numpy(np.asarray(features, float))
    of = tile_terms(clock, tiles.mean(dim=0), sex)
    with torch.no_grad():
        own = of.terms(tiles)
        base = None
        if baseline is not None:
            base = of.terms(torch.from_numpy(np.asarray(baseline, float))).mean(dim=0)
        if method == "shapley" and base is not None:
            years, error = _shapley(of, own, base, n_orders, np.random.default_rng(seed))
        else:
            others = (own.sum(dim=0) - own) / (len(own) - 1)
            years = (of.years(own.mean(dim=0)) - of.years(others)).numpy()
            error = np.zeros(len(years))
        age = float(of.years(own.mean(dim=0)))
        base_years = float("nan") if base is None else float(of.years(base))
    return TileContributions(years, error, age, base_years, method)


def _check(method: str, n_tiles: int, n_baseline: int, n_orders: int) -> None:
    """Refuse what cannot be computed; `tile_contributions` says what it raises."""
    if method not in METHODS:
        raise SettingError(f"tile_contributions: method={method!r}; choose from {[*METHODS]}")
    if method == "shapley" and min(n_baseline, n_orders) < 1:
        raise SettingError(
            f"tile_contributions: shapley with {n_baseline} tiles as baseline and {n_orders} "
            "orders; expected one at least of each. Give encoder.embed(baseline_tiles(...).pixels)"
        )
    least, word = (1, "one") if method == "shapley" else (2, "two")
    if n_tiles < least:
        raise StageError(
            f"tile_contributions: the person has {n_tiles} tiles; {method} needs {word} at least"
        )


def _shapley(
    of: TileTerms, own: Tensor, base: Tensor, n_orders: int, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return Shapley values of terms ``(n, k)`` in place of ``base`` (k,), and standard errors."""
    n = len(own)
    change = (own - base) / n
    found = np.empty((n_orders, n))
    start = of.years(base)[None]
    for row in found:
        order = torch.from_numpy(generator.permutation(n))
        both = torch.stack([order, order.flip(0)])
        ages = of.years(base + change[both].cumsum(dim=1))
        added = torch.diff(ages, dim=1, prepend=start.expand(2, 1))
        row[:] = torch.zeros_like(added).scatter_(1, both, added).mean(dim=0).numpy()
    error = found.std(axis=0, ddof=1) / np.sqrt(n_orders) if n_orders > 1 else np.full(n, np.nan)
    return found.mean(axis=0), error
