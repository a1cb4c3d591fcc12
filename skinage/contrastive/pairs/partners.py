"""Candidates for the partner of each tile, found once; partners are drawn anew every epoch."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import KDTree

Rows = NDArray[np.intp]


class Partners:
    """The candidates for the partner of every tile, as spans of one order of rows.

    The candidates of tile ``i`` are ``order[start[i]:stop[i]]`` without
    ``order[skip_start[i]:skip_stop[i]]``, its own tile or slide, so that no list of all pairs is
    held.

    Attributes
    ----------
    group
        The slide or person of each tile; only tiles of the same one can conflict.
    has_one
        Whether a tile has a partner other than itself.
    """

    def __init__(
        self, order: Rows, spans: NDArray[np.intp], group: Rows, nearness: "Nearness | None"
    ) -> None:
        self._order, self._spans = order, spans  # spans (n, 4): start, stop, skip_start, skip_stop
        self.group, self._nearness = group, nearness
        self._count = spans[:, 1] - spans[:, 0] - (spans[:, 3] - spans[:, 2])
        self.has_one = self._count > 0

    def draw(self, rows: Rows, random: np.random.Generator) -> Rows:
        """Return a random partner for each row; a tile without candidates is its own partner."""
        start, _, skip_start, skip_stop = self._spans[rows].T
        place = start + random.integers(0, np.maximum(self._count[rows], 1))
        place = np.where(place >= skip_start, place + skip_stop - skip_start, place)
        alone = ~self.has_one[rows]
        return np.where(alone, rows, self._order[np.where(alone, 0, place)])

    def conflict(self, row: int, held: Mapping[int, Sequence[int]]) -> bool:
        """Return whether a tile would be a positive of one of the rows held, by group."""
        others = held.get(int(self.group[row]))
        if others is None:
            return False
        return self._nearness is None or any(self._nearness.near(row, other) for other in others)


class Nearness:
    """Finds out whether two tiles of a slide overlap or have centres within a reach.

    Parameters
    ----------
    centres_um
        ``(n, 2)`` centres of the tiles.
    sides_um
        ``(n,)`` sides of the tiles.
    reach_um
        Largest distance of near centres; with 0 only tiles that overlap are near.
    """

    def __init__(
        self, centres_um: NDArray[np.float64], sides_um: NDArray[np.float64], reach_um: float
    ) -> None:
        # Plain numbers: this is asked for every tile of every batch.
        self._x, self._y = centres_um[:, 0].tolist(), centres_um[:, 1].tolist()
        self._half = (sides_um / 2).tolist()
        self._reach = reach_um

    def near(self, row: int, other: int) -> bool:
        """Return whether two tiles of one slide are near."""
        dx, dy = abs(self._x[row] - self._x[other]), abs(self._y[row] - self._y[other])
        touching = self._half[row] + self._half[other] - 1e-6
        return max(dx, dy) < touching or dx * dx + dy * dy <= self._reach * self._reach


def make_partners(tiles: pd.DataFrame, rule: str, within_um: float) -> Partners:
    """Return the candidates of every tile.

    Parameters
    ----------
    tiles
        The tile table; its places are in level-0 px, at ``tile_px * mpp / extent_px`` um each.
    rule
        The rule of `Pairs`.
    within_um
        Largest distance between the centres of ``"neighbour"`` tiles.
    """
    n = len(tiles)
    slide = pd.factorize(tiles["slide_id"])[0]
    level_0_mpp = (tiles["tile_px"] * tiles["mpp"] / tiles["extent_px"]).to_numpy(float)
    corner = tiles[["x", "y"]].to_numpy(float)
    centres_um = (corner + tiles[["extent_px"]].to_numpy() / 2) * level_0_mpp[:, None]
    sides_um = (tiles["tile_px"] * tiles["mpp"]).to_numpy(float)
    own = np.arange(n)
    if rule == "augment":
        return Partners(own, np.stack([own, own, own, own], 1), slide,
                        Nearness(centres_um, sides_um, 0.0))  # fmt: skip
    if rule == "neighbour":
        order, spans = _neighbours(slide, tiles["mpp"].to_numpy(float), centres_um, within_um)
        return Partners(order, spans, slide, Nearness(centres_um, sides_um, within_um))
    person = pd.factorize(tiles["person_id"])[0]
    outer, inner = {
        "scale": (pd.factorize(tiles["slide_id"] + "\0" + tiles["centre_id"].astype(str))[0], own),
        "slide": (slide, own),
        "person": (person, slide),
    }[rule]
    order = np.lexsort((inner, outer))
    spans = np.empty((n, 4), np.intp)
    spans[order, :2] = _runs(outer[order])
    spans[order, 2:] = _runs((outer * (inner.max() + 1) + inner)[order])
    near = Nearness(centres_um, sides_um, 0.0) if rule == "scale" else None
    return Partners(order, spans, person if rule == "person" else slide, near)


def _runs(values: Rows) -> Rows:
    """Return start and stop, ``(n, 2)``, of the run of equal values that each place lies in."""
    starts = np.flatnonzero(np.r_[True, values[1:] != values[:-1]])
    lengths = np.diff(np.r_[starts, len(values)])
    start = np.repeat(starts, lengths)
    return np.stack([start, start + np.repeat(lengths, lengths)], 1)


def _neighbours(
    slide: Rows, mpp: NDArray[np.float64], centres_um: NDArray[np.float64], within_um: float
) -> tuple[Rows, Rows]:
    """Return the tiles of the same slide and scale within reach, as one order and spans."""
    near: list[Rows] = [np.empty(0, np.intp)] * len(slide)
    for rows in (
        pd.DataFrame({"slide": slide, "mpp": mpp}).groupby(["slide", "mpp"]).indices.values()
    ):
        found = KDTree(centres_um[rows]).query_ball_point(centres_um[rows], within_um + 1e-6)
        for row, places in zip(rows, found, strict=True):
            near[row] = rows[[place for place in places if rows[place] != row]]
    stop = np.cumsum([len(one) for one in near])
    start = np.r_[0, stop[:-1]]
    return np.concatenate(near), np.stack([start, stop, stop, stop], 1)
