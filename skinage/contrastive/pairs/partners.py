"""Candidates for the partner of each tile, found once; partners are drawn anew every epoch."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import KDTree

Rows = NDArray[np.intp]
FAR_UM = 1e9  # between slides and between scales, where tiles are looked for within a distance


class Partners:
    """The candidates for the partner of every tile, as spans of one order of rows.

    The candidates of tile ``i`` are ``order[start[i]:stop[i]]`` without
    ``order[skip_start[i]:skip_stop[i]]``, its own tile or slide, so that no list of all pairs is
    held.

    Parameters
    ----------
    tiles
        The tile table; its places are in level-0 px, at ``tile_px * mpp / extent_px`` um each.
    rule
        The rule of `Pairs`.
    within_um
        Largest distance between the centres of ``"neighbour"`` tiles.

    Attributes
    ----------
    group
        The slide or person of each tile; only tiles of the same one can conflict.
    has_one
        Whether a tile has a partner other than itself.
    """

    def __init__(self, tiles: pd.DataFrame, rule: str, within_um: float) -> None:
        slide, person = (pd.factorize(tiles[name])[0] for name in ("slide_id", "person_id"))
        self.group = person if rule == "person" else slide
        side_um = (tiles["tile_px"] * tiles["mpp"]).to_numpy(float)
        extent_px = tiles["extent_px"].to_numpy(float)
        middle_px = tiles[["x", "y"]].to_numpy(float) + extent_px[:, None] / 2
        centres_um = middle_px * (side_um / extent_px)[:, None]
        # Plain numbers: they are asked for every tile of every batch.
        self._squares = np.column_stack([centres_um, side_um / 2]).tolist()
        self._by_place = rule not in ("slide", "person")
        self._reach_um = within_um if rule == "neighbour" else 0.0
        if rule == "neighbour":
            place = tiles.groupby(["slide_id", "mpp"]).ngroup().to_numpy()
            points = np.column_stack([centres_um, FAR_UM * place])
            self._order, self._spans = _within(points, within_um)
        else:
            own = np.arange(len(tiles))
            outer = {"augment": own, "slide": slide, "person": person}.get(rule)
            if outer is None:  # by "scale"
                outer = tiles.groupby(["slide_id", "centre_id"]).ngroup().to_numpy()
            self._order, self._spans = _of_group(outer, slide if rule == "person" else own)
        start, stop, skip_start, skip_stop = self._spans.T
        self._count = stop - start - (skip_stop - skip_start)
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
        others = held.get(int(self.group[row]), ())
        return any(self._near(row, other) for other in others) if self._by_place else bool(others)

    def _near(self, row: int, other: int) -> bool:
        """Return whether two tiles of one slide overlap or have centres within reach."""
        (x, y, half), (other_x, other_y, other_half) = self._squares[row], self._squares[other]
        dx, dy = abs(x - other_x), abs(y - other_y)
        touching = half + other_half - 1e-6
        return max(dx, dy) < touching or dx * dx + dy * dy <= self._reach_um * self._reach_um


def _of_group(outer: Rows, inner: Rows) -> tuple[Rows, Rows]:
    """Return the rows of the same outer but another inner group, as one order and spans."""
    both = outer * (inner.max() + 1) + inner
    order = np.argsort(both, kind="stable")
    spans = [
        np.searchsorted(groups[order], groups, side)
        for groups in (outer, both)
        for side in ("left", "right")
    ]
    return order, np.stack(spans, 1)


def _within(points: NDArray[np.float64], reach: float) -> tuple[Rows, Rows]:
    """Return the rows of other points within reach, as one order and spans."""
    found = KDTree(points).query_ball_point(points, reach + 1e-6)
    lengths = np.array([len(rows) for rows in found])
    order, stop = np.concatenate(found), np.cumsum(lengths)
    itself = np.flatnonzero(order == np.repeat(np.arange(len(points)), lengths))
    return order, np.stack([stop - lengths, stop, itself, itself + 1], 1)
