"""Leakage between folds: nothing of a tested person may have been trained on."""

import os
from collections import Counter, defaultdict
from collections.abc import Iterator

import numpy as np
import pandas as pd

from skinage.errors import LeakageError, StageError
from skinage.storage import content_hash

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
    for what, names in _comparable(cohort, features):
        repeated = names[names.duplicated(keep=False)]
        for name, same in repeated.groupby(repeated, sort=False):
            people = [*same.index.unique()]
            if len({fold_of[person] for person in people}) > 1:
                listed = ", ".join(f"{person} (fold {fold_of[person]})" for person in people[:5])
                more = f" and {len(people) - 5} more" if len(people) > 5 else ""
                raise LeakageError(
                    f"folds: the {what} {name} belongs to people of different folds: "
                    f"{listed}{more}. {WHAT_TO_DO[what]}"
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


def _comparable(
    cohort: pd.DataFrame | None, features: pd.DataFrame | None
) -> Iterator[tuple[str, pd.Series]]:
    """Yield what people can share, and which one each has (index ``person_id``)."""
    if cohort is not None:
        of_person = cohort.set_index("person_id")
        for column in of_person.columns.intersection(["slide_id", "biopsy_id"]):
            yield column, of_person[column]
        if "path" in of_person:
            yield "slide file", _files(of_person["path"].astype(str))
    if features is not None:
        yield "row of features", _rows(features)


def _files(paths: pd.Series) -> pd.Series:
    """Return the files of equal content under one name; only files of equal size are read."""
    sizes = {path: os.path.getsize(path) for path in paths.unique() if os.path.isfile(path)}
    n_files = Counter(sizes.values())
    same: dict[str, list[str]] = defaultdict(list)
    for path, size in sorted(sizes.items()):
        # A file whose size no other has needs no reading: the path stands for the content.
        same[content_hash(path) if n_files[size] > 1 else path].append(path)
    return paths.map({path: " = ".join(files) for files in same.values() for path in files})


def _rows(features: pd.DataFrame) -> pd.Series:
    """Return whose row each person has, where equal rows cannot be chance."""
    values = features.to_numpy(np.float64)
    varying = values[:, (values != values[0]).any(axis=0)]
    if varying.size == 0 and len(values) > 1:
        raise StageError(
            f"features: all {len(values)} people have the same features; look at their tiles and "
            "at the encoder"
        )
    if varying.shape[1] < LEAST_FEATURES:
        return pd.Series(dtype=object)
    # Bytes are compared in one go, a thousand columns one after the other.
    rows = pd.Series([row.tobytes() for row in varying], features.index)
    first = rows.drop_duplicates()
    return rows.map({row: f"of {person}" for person, row in first.items()})
