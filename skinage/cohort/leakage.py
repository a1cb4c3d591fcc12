"""Leakage between folds: nothing of a tested person may have been trained on."""

import hashlib
import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from skinage.errors import LeakageError, StageError

LEAST_FEATURES = 8
"""Fewer features than this, such as grades, may well be equal in two people."""

WHAT_TO_DO = {
    "slide_id": "Correct person_id or slide_id in the cohort, or keep only one of them.",
    "biopsy_id": "Correct person_id in the cohort, or give each biopsy an id that no other has.",
    "slide file": "Correct person_id or path in the cohort, or keep only one of them.",
    "row of features": "Either one slide is there under several names or formats (keep one of "
    "them), or the features do not describe these people (blank tiles, an encoder that failed).",
}


def check_leakage(
    folds: pd.Series,
    cohort: pd.DataFrame | None = None,
    features: pd.DataFrame | None = None,
) -> None:
    """Refuse folds between which anything of a person, or of a slide, is shared.

    Parameters
    ----------
    folds
        Fold of each row (person, slide or tile); index ``person_id``.
    cohort
        The cohort table. Its ``slide_id``, its ``biopsy_id`` (replicate sections share it) and the
        content of the files under ``path`` are compared; paths that do not exist are passed over.
        None skips this.
    features
        A row per person, index ``person_id``. Rows equal to the last bit are the same slide, saved
        again under another name or in another lossless format. Fewer than 8 features that differ
        between people are not compared, because grades may well be equal. None skips this.

    Raises
    ------
    LeakageError
        If a person is in two folds, or people of different folds have something in common; it
        names them.
    StageError
        If the cohort or the features hold no person of the folds, or all people have the same
        features.
    """
    n_folds_of = folds.groupby(level=0).nunique()
    torn = [*n_folds_of.index[n_folds_of > 1]]
    if torn:
        raise LeakageError(f"folds: {len(torn)} people are in more than one fold: {torn[:5]}")
    fold_of = folds[~folds.index.duplicated()].to_dict()
    if cohort is not None:
        cohort = cohort[_has_fold(cohort["person_id"], folds, "cohort")]
    if features is not None:
        features = features[_has_fold(features.index, folds, "table of features")]
    for what, shared, people in _in_common(cohort, features):
        if len({fold_of[person] for person in people}) > 1:
            listed = ", ".join(f"{person} (fold {fold_of[person]})" for person in people[:5])
            more = f" and {len(people) - 5} more" if len(people) > 5 else ""
            raise LeakageError(
                f"folds: the {what} {shared} belongs to people of different folds: {listed}{more}. "
                + WHAT_TO_DO[what]
            )


def _has_fold(people: pd.Series | pd.Index, folds: pd.Series, where: str) -> np.ndarray:
    """Mark the people who have a fold; a table without any would pass every comparison."""
    has_fold = np.asarray(people.isin(folds.index))
    if not has_fold.any():
        raise StageError(
            f"folds: none of the people with a fold, such as {[*folds.index[:3]]}, is in the "
            f"{where}; write person_id the same way in both"
        )
    return has_fold


def _in_common(
    cohort: pd.DataFrame | None, features: pd.DataFrame | None
) -> Iterator[tuple[str, str, list[str]]]:
    """Yield what people share: what it is, which one, and the people."""
    if cohort is not None:
        for column in ("slide_id", "biopsy_id"):
            yield from ((column, *shared) for shared in _same_name(cohort, column))
        yield from (("slide file", *shared) for shared in _same_file(cohort).items())
    if features is not None:
        yield from (("row of features", *shared) for shared in _same_row(features))


def _same_name(cohort: pd.DataFrame, column: str) -> Iterator[tuple[str, list[str]]]:
    """Yield names that several people have."""
    if column not in cohort:
        return
    pairs = cohort[[column, "person_id"]].dropna().drop_duplicates()
    shared = pairs[pairs[column].duplicated(keep=False)]
    for name, people in shared.groupby(column)["person_id"]:
        yield str(name), [*people]


def _same_row(features: pd.DataFrame) -> Iterator[tuple[str, list[str]]]:
    """Yield people whose features are the same, where that cannot be chance."""
    values = features.to_numpy(np.float64)
    varying = values[:, (values != values[0]).any(axis=0)]
    if varying.size == 0 and len(values) > 1:
        raise StageError(
            f"features: all {len(values)} people have the same features; look at their tiles and "
            "at the encoder"
        )
    if varying.shape[1] < LEAST_FEATURES:
        return
    # Bytes are grouped in one go, a thousand columns one after the other.
    rows = pd.Series([row.tobytes() for row in varying])
    shared = rows[rows.duplicated(keep=False)]
    for positions in shared.groupby(shared, sort=False).indices.values():
        people = features.index[shared.index[positions]]
        yield f"of {people[0]}", [*people]


def _same_file(cohort: pd.DataFrame) -> dict[str, list[str]]:
    """Return people by the content of their slide file; only files of equal size are read."""
    by_size: dict[int, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    if "path" in cohort.columns:
        for path, person in zip(cohort["path"], cohort["person_id"], strict=True):
            if isinstance(path, str | Path) and os.path.isfile(path):
                by_size[os.path.getsize(path)][str(path)].add(person)
    groups: dict[str, dict[str, set[str]]] = defaultdict(dict)
    for paths in by_size.values():
        for path, people in paths.items():
            # A file whose size no other has needs no reading: the path stands for the content.
            groups[_content(path) if len(paths) > 1 else path][path] = people
    return {
        " = ".join(sorted(paths)): sorted(set[str]().union(*paths.values()))
        for paths in groups.values()
    }


def _content(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
