"""The people whose labels an encoder saw in its training.

They are kept in its metadata as marks that name nobody, and refused where they would be tested.
"""

import hashlib
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from skinage.errors import LeakageError

MARK_DIGITS = 16
NAMED = 5


def person_mark(person_id: str) -> str:
    """Return a person's mark: 16 hex digits, so that no patient's id travels with an encoder.

    The mark hides an id from the eye, not from somebody who can guess ids and hash them.
    """
    return hashlib.sha256(f"skinage:{person_id}".encode()).hexdigest()[:MARK_DIGITS]


def label_seen(metadata: dict[str, Any], person_ids: Iterable[str]) -> np.ndarray:
    """Return for each person whether the encoder saw their label.

    Parameters
    ----------
    metadata
        An encoder's metadata; ``labels_seen`` has ``target`` and ``people`` (marks), or is absent.
    person_ids
        The people, who may be repeated.

    Returns
    -------
    numpy.ndarray
        (n,) bool, one per entry of ``person_ids``.
    """
    people = pd.Series(list(person_ids), dtype=object)
    seen = set(metadata.get("labels_seen", {}).get("people", ()))
    known = {person: person_mark(person) in seen for person in people.unique()}
    return people.map(known).to_numpy(dtype=bool)


def refuse_seen(metadata: dict[str, Any], person_ids: Iterable[str], doing: str) -> None:
    """Refuse people whose label the encoder saw.

    Parameters
    ----------
    metadata
        An encoder's metadata.
    person_ids
        The people about to be tested.
    doing
        The start of the message: the function that was called.

    Raises
    ------
    LeakageError
        If the encoder saw a label of any of them.
    """
    people = np.array(list(person_ids), dtype=object)
    seen = list(dict.fromkeys(people[label_seen(metadata, people)]))
    if not seen:
        return
    named = ", ".join(str(person) for person in seen[:NAMED]) + (", ..." if seen[NAMED:] else "")
    raise LeakageError(
        f"{doing}: the encoder saw {metadata['labels_seen']['target']} of {len(seen)} of these "
        f"{len(set(people))} people in its training ({named}); results for them would look better "
        "than they are. Exclude these people, train an encoder without them, or take one that "
        "saw no labels."
    )
