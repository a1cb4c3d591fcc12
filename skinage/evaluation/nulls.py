"""Ages shuffled between people: the accuracy of a clock that cannot know anybody's age.

Shuffled between all people, ages tell nothing. Shuffled between people of the same scanner, body
site and sex, they tell what these three know of age: a clock that is no better knows no more.
"""

from typing import Any

import numpy as np
import pandas as pd

from skinage.clock.data import ClockData
from skinage.clock.learners.base import Learner
from skinage.evaluation import metrics
from skinage.evaluation.groups import levels_of
from skinage.people.clock_inputs import ClockInputs

GROUPS = {"scanner": "scanner", "body_site": "body site", "sex": "sex"}
AT_LARGE, WITHIN = "shuffled ages", "shuffled within "
LEAST_MOVED = 0.5
"""The least expected proportion of people who get the age of another person."""
SIGNIFICANT, NEARLY_ALL = 0.05, 0.9


def shuffled_rows(
    data: ClockData, cohort: pd.DataFrame, fold: np.ndarray, *, n_shuffles: int, seed: int
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Compare a clock with ages shuffled at large, and within scanner, body site and sex.

    The p-value is that of a permutation test, (1 + number of shuffles with an MAE at most that of
    the clock) / (1 + number of shuffles) (Phipson and Smyth 2010, Stat Appl Genet Mol Biol 9:39).
    It is exact if the folds do not depend on the ages. The statistic is the MAE, which brackets
    have too. Clock and shuffles are fitted to the middles of brackets; a bracket stays whole.

    Parameters
    ----------
    data
        The people and the clock.
    cohort
        A row per slide, with those of scanner, body site and sex that are known.
    fold
        The fold of each person, assigned without a look at the ages.
    n_shuffles
        Number of shuffles of each kind.
    seed
        Seed of the shuffles, and of learners that draw.

    Returns
    -------
    rows : list of dict
        ``features``, ``mae_years`` and ``r2`` (mean over shuffles), ``difference_years`` of the
        MAE from the clock's in the same folds, both with ``lower`` and ``upper`` (2.5 and 97.5
        percentiles of the shuffles), ``p_value``, ``n_shuffles``, ``verdict``. What cannot be
        shuffled within groups is blank.
    skipped : dict of str
        The reason for a blank row, and the number of people who keep their age.
    """
    groups, names = _groups(data.known, cohort)
    words = _listed(names or [*GROUPS.values()])
    everybody = np.zeros(len(fold), int)
    orders = {AT_LARGE: shuffle_within(everybody, n_shuffles, seed)}
    blank, skipped = _reasons(groups, words, bool(names))
    if not blank:
        orders[WITHIN + words] = shuffle_within(groups, n_shuffles, seed)
    unshuffled = np.arange(len(fold))[None]
    scores = _scores(data, fold, np.concatenate([unshuffled, *orders.values()]), seed)
    rows = [
        _row(name, scores[:, 0], scores[:, 1 + k * n_shuffles : 1 + (k + 1) * n_shuffles], words)
        for k, name in enumerate(orders)
    ]
    return rows + [{"features": WITHIN + words, "verdict": blank}] * bool(blank), skipped


def shuffle_within(groups: np.ndarray, n_shuffles: int, seed: int) -> np.ndarray:
    """Return whose age each person gets, ``(n_shuffles, n_people)``: one of the same group."""
    generator = np.random.default_rng([seed, n_shuffles])
    own = np.argsort(groups, kind="stable")
    orders = np.empty((n_shuffles, len(groups)), int)
    for order in orders:
        order[own] = np.lexsort((generator.random(len(groups)), groups))
    return orders


def _groups(known: pd.DataFrame, cohort: pd.DataFrame) -> tuple[np.ndarray, list[str]]:
    """Return the group of each person, and the columns that vary, in words."""
    people = known.reset_index()
    levels = {
        words: levels_of(column, people, cohort)
        for column, words in GROUPS.items()
        if column in people or column in cohort
    }
    names = [words for words, of in levels.items() if len(np.unique(of)) > 1]
    if not names:
        return np.zeros(len(known), int), names
    table = pd.DataFrame({words: levels[words] for words in names})
    return table.groupby(names).ngroup().to_numpy(), names


def _listed(names: list[str]) -> str:
    return " and ".join([*[", ".join(names[:-1])] * (len(names) > 1), names[-1]])


def _reasons(groups: np.ndarray, words: str, varies: bool) -> tuple[str, dict[str, str]]:
    """Return why ages cannot be shuffled within groups (blank: they can), and who keeps theirs."""
    if not varies:
        reason = f"no {words.replace(' and ', ' or ')} is known that varies"
        return reason, {WITHIN + words: reason}
    sizes = np.bincount(groups)
    moved = 1 - len(sizes) / len(groups)
    if moved < LEAST_MOVED:
        reason = (
            f"{len(groups)} people are of {len(sizes)} groups: {moved:.0%} would get the age of "
            f"another person, {LEAST_MOVED:.0%} are needed"
        )
        return reason, {WITHIN + words: reason}
    n_alone = int((sizes == 1).sum())
    kept = {f"{n_alone} people": f"alone of their {words}; they keep their age in the shuffles"}
    return "", kept if n_alone else {}


def _scores(data: ClockData, fold: np.ndarray, orders: np.ndarray, seed: int) -> np.ndarray:
    """Return MAE and R2, ``(2, n_orders)``, out of fold, for the ages in each order."""
    low, high = (bound[orders].T for bound in metrics.known_bounds(data.known))
    target = (low + high) / 2
    predicted = np.empty_like(target)
    for one in np.unique(fold):
        held_out = fold == one
        predicted[held_out] = _predict(
            data.learner, data.inputs.take(~held_out), target[~held_out],
            data.inputs.take(held_out), seed,
        )  # fmt: skip
    error = metrics.distance_years(predicted, low, high)
    mean_age = data.known["age_years"].mean()
    of_the_mean = (metrics.distance_years(mean_age, low, high) ** 2).mean(axis=0)
    return np.stack([np.abs(error).mean(axis=0), 1 - (error**2).mean(axis=0) / of_the_mean])


def _predict(
    learner: Learner, training: ClockInputs, target: np.ndarray, tested: ClockInputs, seed: int
) -> np.ndarray:
    """Predict ``(n_tested, n_targets)`` by a model of each column of the target."""
    if getattr(learner, "fits_columns", False):
        return learner.fit(training, target, seed=seed).predict(tested)
    models = [learner.fit(training, column, seed=seed) for column in target.T]
    return np.column_stack([model.predict(tested) for model in models])


def _row(name: str, clock: np.ndarray, shuffles: np.ndarray, words: str) -> dict[str, Any]:
    """Return the row of one kind of shuffle from MAE and R2 of the clock and of shuffles."""
    mae, r2 = shuffles
    row: dict[str, Any] = {"features": name, "r2": r2.mean(), "n_shuffles": len(mae)}
    row |= metrics.with_difference(np.append(mae.mean(), mae), clock[0])
    # Shuffles that move nobody have the clock's own MAE but for rounding.
    p_value = (1 + (mae <= clock[0] + 1e-9).sum()) / (1 + len(mae))
    known_by = None if name == AT_LARGE else words
    return row | {"p_value": p_value, "verdict": _verdict(p_value, clock[1], r2, known_by)}


def _verdict(p_value: float, clock_r2: float, r2: np.ndarray, known_by: str | None) -> str:
    """Say in words what the comparison with shuffled ages means; ``r2`` are theirs."""
    shuffled_r2 = r2.mean()
    numbers = (
        f"R2 {clock_r2:z.2f}, of shuffled ages {shuffled_r2:z.2f} (p = {p_value:.3f}, {len(r2)} "
        "shuffles)"
    )
    if known_by is None:
        known = "knows something" if p_value <= SIGNIFICANT else "is not seen to know anything"
        return f"the clock {known} of age: {numbers}"
    if p_value > SIGNIFICANT:
        return f"the clock knows no more of age than is known by {known_by}: {numbers}"
    if shuffled_r2 > NEARLY_ALL * clock_r2:
        return f"nearly all that the clock knows of age is known by {known_by}: {numbers}"
    return f"the clock knows more of age than is known by {known_by}: {numbers}"
