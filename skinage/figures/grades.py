"""The grades of maps, test by test."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from skinage.figures import style

COLOURS = {True: style.BLUE, False: style.VERMILLION}


def map_grades(grades: pd.DataFrame, *, axes: np.ndarray | None = None) -> np.ndarray:
    """Draw the value of each test of a kind of map with its interval, and what it must reach.

    Parameters
    ----------
    grades
        As `grade_maps` returns them.
    axes
        Two axes to draw into, for the tests in years and for those of likeness; new ones if None.

    Returns
    -------
    numpy.ndarray
        The two axes. Blue is passed, red is failed, grey has too few people to say.
    """
    in_years = grades["test"].str.startswith(("deletion", "insertion"))
    parts = grades[in_years], grades[~in_years]
    if axes is None:
        heights = [max(len(part), 1) for part in parts]
        axes = plt.subplots(2, 1, figsize=(6.2, 0.26 * sum(heights) + 1.6), layout="constrained",
                            height_ratios=heights)[1]  # fmt: skip
    labels = "years by which the age follows the map better", "Spearman's r with the map itself"
    for ax, part, label in zip(axes, parts, labels, strict=True):
        table = part.reset_index(drop=True)
        colours = [COLOURS.get(one, style.GREY) for one in table["passed"].astype(object)]
        style.interval_rows(ax, table, ["value", "lower", "upper"], colours)
        for reference in table["reference"].unique():
            ax.axvline(reference, **style.REFERENCE)
        ax.set_yticks(table.index, [_words(test) for test in table["test"]])
        ax.set(ylim=(len(table) - 0.5, -0.5), xlabel=label)
    n_people = grades["n_people"].max()
    n_passed = int(grades["passed"].fillna(False).sum())
    axes[0].set_title(f"{n_passed} of {len(grades)} tests passed, {n_people} people", loc="left")
    return axes


def _words(test: str) -> str:
    """Return a test with what it must show: more than another map, like the map, or unlike it."""
    kind, _, about = test.partition(": ")
    start = {"stability": "like: ", "randomisation": "unlike: "}.get(kind, f"{kind} > ")
    return start + about
