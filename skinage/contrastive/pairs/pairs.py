"""Positive pairs of tiles, and batches without false negatives.

tile table -> partners of each tile -> anchors in a balanced order -> batches in which no two pairs
are positives of each other.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from skinage.contrastive.pairs.balance import balanced_weights, codes_of
from skinage.contrastive.pairs.partners import Partners, Rows
from skinage.errors import SettingError, StageError

# Every rule, and why a table may have no pair by it.
RULES = {
    "augment": "",
    "neighbour": "none lies within within_um of another; take more tiles or a larger within_um.",
    "scale": "no centre was cut at two fields of view; tile with several mpp.",
    "slide": "every slide has one tile.",
    "person": "nobody has two slides.",
}
Pair = tuple[int, int]
PairBatch = tuple[Rows, Rows]


@dataclass(frozen=True)
class Pairs:
    """The rule by which two tiles form a positive pair, and which pairs may share a batch.

    Under every rule a batch holds a tile at most once, and no two pairs whose tiles the same rule
    would pair: the loss would use them as negatives of each other.

    Attributes
    ----------
    rule
        ``"augment"``: a tile and itself. ``"neighbour"``: a tile whose centre lies within
        ``within_um``, at the same scale. ``"scale"``: the same centre at another field of view
        (tiles of several ``mpp``). ``"slide"``: another tile of the slide. ``"person"``: a tile of
        another slide of the person, be it a replicate or an earlier or later biopsy.
    within_um
        Largest distance between the centres of ``"neighbour"`` tiles, in um.
    balance
        Columns of the tile or cohort table whose values are drawn equally often, such as
        ``("person_id", "scanner", "age_years")``; ages are grouped by decade. Without a column,
        every tile is drawn once per epoch.
    together
        A column that has one value in each batch, such as ``"scanner"``: what all negatives have in
        common does not separate them, so the encoder has no reason to learn it.

    Raises
    ------
    SettingError
        If the rule is unknown or ``within_um`` is not above 0.
    """

    rule: str = "augment"
    within_um: float = 250.0
    balance: tuple[str, ...] = ()
    together: str | None = None

    def __post_init__(self) -> None:
        """Refuse a rule that does not exist."""
        if self.rule not in RULES:
            raise SettingError(f"pairs: found {self.rule!r}; expected one of {', '.join(RULES)}.")
        if not self.within_um > 0:
            raise SettingError(
                f"pairs: within_um is {self.within_um}; expected micrometres above 0."
            )

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that the draw of pairs uses."""
        return (*self.balance, *([self.together] if self.together else []))


def pairs_named(pairs: str | Pairs) -> Pairs:
    """Return the pairs of a name with their default settings; `Pairs` are returned as they are."""
    return Pairs(pairs) if isinstance(pairs, str) else pairs


class PairSampler:
    """A sampler of batches of pairs from a tile table.

    Parameters
    ----------
    tiles
        The tile table, with the columns that `pairs` names.
    pairs
        The rule and the balance.
    batch_size
        Pairs in a batch.

    Attributes
    ----------
    n_alone
        Number of tiles without a partner; they are paired with themselves.

    Raises
    ------
    StageError
        If no tile has a partner, if a column is missing or has one value only, or if there are
        fewer slides or people than pairs in a batch.
    """

    def __init__(self, tiles: pd.DataFrame, pairs: Pairs, batch_size: int) -> None:
        self.pairs, self.batch_size = pairs, batch_size
        self.partners = Partners(tiles, pairs.rule, pairs.within_um)
        self.n_alone = 0 if pairs.rule == "augment" else int((~self.partners.has_one).sum())
        if self.n_alone == len(tiles):
            raise StageError(
                f"pairs: no tile has a partner by the rule {pairs.rule!r}: {RULES[pairs.rule]}"
            )
        self._weights = balanced_weights(tiles, pairs.balance) if pairs.balance else None
        self._together = codes_of(tiles, pairs.together)[0] if pairs.together else None
        n_groups = len(np.unique(self.partners.group))
        if pairs.rule in ("slide", "person") and n_groups < batch_size:
            raise StageError(
                f"pairs: a batch of {batch_size} pairs by {pairs.rule!r} needs as many "
                f"different {pairs.rule}s, found {n_groups}; take batch_size={n_groups} at most."
            )

    def batches(self, rows: Rows, n_batches: int, random: np.random.Generator) -> list[PairBatch]:
        """Draw batches from some rows of the table.

        Parameters
        ----------
        rows
            Rows to draw from.
        n_batches
            Number of batches.
        random
            Source of randomness.

        Returns
        -------
        list of (numpy.ndarray, numpy.ndarray)
            Rows of the anchors and of their partners, ``(batch_size,)`` each.
        """
        if self._together is None:
            return list(self._fill(rows, n_batches, random))
        values = self._together[rows]
        share = np.cumsum(np.bincount(values)) / len(rows)
        ends = np.floor(share * n_batches + 1e-9).astype(int)
        made: list[PairBatch] = []
        for value, n_more in enumerate(np.diff(ends, prepend=0)):
            made += self._fill(rows[values == value], int(n_more), random)
        return [made[k] for k in random.permutation(len(made))]

    def _fill(self, rows: Rows, n_batches: int, random: np.random.Generator) -> Iterator[PairBatch]:
        queue: list[Pair] = []
        for _ in range(n_batches):
            batch, rest = self._take(queue)
            if len(batch) < self.batch_size:  # every tile was drawn: pairs that wait go first
                batch, rest = self._take(queue + self._draw(rows, random))
            if len(batch) < self.batch_size:
                raise StageError(
                    f"pairs: {len(rows)} tiles give no batch of {self.batch_size} pairs by "
                    f"{self.pairs.rule!r} without false negatives; "
                    f"take batch_size={len(batch)} at most, or more slides."
                )
            queue = rest
            anchors, others = np.array(batch).T
            yield anchors, others

    def _take(self, queue: list[Pair]) -> tuple[list[Pair], list[Pair]]:
        """Return a batch of a queue and the rest; pairs that conflict stay in the rest."""
        batch: list[Pair] = []
        waiting: list[Pair] = []
        held: dict[int, list[int]] = {}  # rows of the batch by group
        for place, pair in enumerate(queue):
            if len(batch) == self.batch_size:
                return batch, waiting + queue[place:]
            if any(self.partners.conflict(row, held) for row in pair):
                waiting.append(pair)
                continue
            batch.append(pair)
            held.setdefault(int(self.partners.group[pair[0]]), []).extend(pair)
        return batch, waiting

    def _draw(self, rows: Rows, random: np.random.Generator) -> list[Pair]:
        if self._weights is None:
            anchors = random.permutation(rows)
        else:
            weights = self._weights[rows]
            anchors = random.choice(rows, len(rows), p=weights / weights.sum())
        others = self.partners.draw(anchors, random)
        return list(zip(anchors.tolist(), others.tolist(), strict=True))
