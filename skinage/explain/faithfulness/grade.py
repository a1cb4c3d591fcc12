"""The grades of a kind of map, test by test, with intervals over people."""

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
from scipy import ndimage
from tqdm.auto import tqdm

from skinage.errors import SettingError, StageError
from skinage.evaluation.metrics import person_weights, with_interval
from skinage.explain.faithfulness.blocks import similarity
from skinage.explain.faithfulness.case import MapCase, checked, own_map
from skinage.explain.faithfulness.deletion import areas_against_controls

MIN_PEOPLE = 5
"""Fewer people than this make no interval, so that no test is passed or failed."""
N_BOOTSTRAP = 1000
BLUR_PX = 1.0
HALF = 0.5
"""Maps are alike above this rank correlation, and unlike below it."""
PLAIN_WORDS = {
    "years": ("better than a {0} map", "no better than a {0} map"),
    "unlike": ("changes with {0}", "looks the same with {0}"),
    "like": ("holds: {0}", "does not hold: {0}"),
}
"""Words for a test that is passed, and for one that is failed."""


def grade_maps(cases: Iterable[MapCase], *, n_steps: int = 8, seed: int = 0) -> pd.DataFrame:
    """Grade a kind of map on tiles of several people.

    Years: by how much the age follows the map better than a random, a centred and a
    nuclear-density map, averaged over the curves of deletion and insertion
    (`skinage.explain.faithfulness.deletion`); passed if the whole interval lies above 0. Alike:
    Spearman's r of 12 by 12 blocks with the map of the tile turned by 90 degrees (and turned back),
    out of focus (a blur of 1 px), and with each map that should be ``like`` it; passed above 0.5.
    Unlike: the same with maps of random weights and shuffled ages (Adebayo et al. 2018, arXiv
    1810.03292); passed below 0.5. A map that ignores the clock fails the last.

    Parameters
    ----------
    cases
        Tiles with their functions, best one or a few of each of many people.
    n_steps
        Steps of the curves.
    seed
        Seed of random orders and of the bootstrap over people.

    Returns
    -------
    pandas.DataFrame
        A row per test: ``test``, ``value`` (years, or r), ``lower`` and ``upper`` (95 %, bootstrap
        over people), ``reference`` (what it is compared with), ``passed`` (missing with fewer than
        five people), ``n_people`` and ``words``.

    Raises
    ------
    SettingError
        If ``n_steps`` is less than 2.
    StageError
        If there are no cases, or a map is none of its tile.
    """
    if n_steps < 2:
        raise SettingError(f"grade_maps: n_steps is {n_steps}; expected 2 or more")
    rows = [
        (kind, test, about, case.person, value)
        for number, case in enumerate(tqdm(cases, desc="grading", unit="tile"))
        for kind, test, about, value in _tested(case, n_steps, seed + number)
    ]
    if not rows:
        raise StageError("grade_maps: no tile to grade; expected a MapCase per tile")
    table = pd.DataFrame(rows, columns=["kind", "test", "about", "person", "value"])
    keys = ["kind", "test", "about"]
    found = table.groupby([*keys, "person"], sort=False)["value"].mean()
    graded = [
        _graded(kind, test, about, own.to_numpy(), seed)
        for (kind, test, about), own in found.groupby(keys, sort=False)
    ]
    return pd.DataFrame(graded).astype({"passed": "boolean"})


def failed_words(grades: pd.DataFrame) -> list[str]:
    """Return in words what a map failed, or could not be tested on, for its figure.

    Parameters
    ----------
    grades
        As `grade_maps` returns them.

    Returns
    -------
    list of str
        The words of each test that is not passed; empty if all are.
    """
    return grades.loc[~grades["passed"].fillna(False).astype(bool), "words"].tolist()


def _tested(case: MapCase, n_steps: int, seed: int) -> Iterator[tuple[str, str, str, float]]:
    """Yield kind, test, what it is about, and value."""
    heat = own_map(case)
    for (test, control), years in areas_against_controls(
        case, heat, n_steps=n_steps, seed=seed
    ).items():
        yield "years", test, control, years
    turned = np.ascontiguousarray(np.rot90(case.pixels))
    turned_map = np.rot90(np.asarray(case.explain_map(turned), float), -1)
    yield "like", "stability", "turned by 90 degrees", similarity(heat, checked(case, turned_map))
    blurred = ndimage.gaussian_filter(case.pixels, (BLUR_PX, BLUR_PX, 0))
    blurred_map = checked(case, case.explain_map(blurred))
    yield "like", "stability", "out of focus", similarity(heat, blurred_map)
    for name, explain_map in case.like.items():
        yield "like", "stability", name, similarity(heat, own_map(case, explain_map))
    for name, explain_map in case.unlike.items():
        yield "unlike", "randomisation", name, similarity(heat, own_map(case, explain_map))


def _graded(kind: str, test: str, about: str, values: np.ndarray, seed: int) -> dict:
    value, lower, upper = float(values.mean()), np.nan, np.nan
    reference = 0.0 if kind == "years" else HALF
    passed: object = pd.NA
    good, bad = (words.format(about) for words in PLAIN_WORDS[kind])
    words = f"only {len(values)} people to say whether it is {good}"
    if len(values) >= MIN_PEOPLE:
        weights = person_weights(len(values), N_BOOTSTRAP, seed)
        value, lower, upper = with_interval(weights @ values)
        passed = upper < reference if kind == "unlike" else lower > reference
        words = good if passed else bad
    unit = f"{value:+.2f} years" if kind == "years" else f"r = {value:.2f}"
    return {
        "test": f"{test}: {about}", "value": value, "lower": lower, "upper": upper,
        "reference": reference, "passed": passed, "n_people": len(values),
        "words": f"{test}: {words} ({unit})",
    }  # fmt: skip
