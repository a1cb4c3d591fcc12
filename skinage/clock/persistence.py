"""A clock read back from disk; `Clock.save` writes it."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from skinage.clock.applicability import ApplicabilityDomain
from skinage.clock.clock import ARRAYS, METADATA, Clock
from skinage.clock.intervals import Calibration
from skinage.clock.learners.base import Learner
from skinage.clock.learners.choice import LEARNERS
from skinage.clock.learners.pooled import Pooled
from skinage.clock.learners.scikit import Scikit
from skinage.clock.learners.stacked import Stacked
from skinage.encoders.weights import read_weights
from skinage.errors import StageError


def load_clock(folder: str | Path, learner: Learner | None = None) -> Clock:
    """Load a clock from its folder; nothing is unpickled.

    Parameters
    ----------
    folder
        A folder that `Clock.save` wrote.
    learner
        The learner that fitted the clock, if it is one of your own; its ``load`` is called.

    Returns
    -------
    Clock
        It predicts as the clock that was saved.

    Raises
    ------
    StageError
        If a file is missing, cut short, of an earlier version, or no clock's.
    """
    folder = Path(folder)
    if not (folder / METADATA).is_file():
        raise StageError(f"{folder}: no {METADATA} there; expected a folder that Clock.save wrote")
    metadata = json.loads((folder / METADATA).read_text())
    parts: dict[str, dict[str, np.ndarray]] = {}
    for name, array in read_weights(folder / ARRAYS).items():
        part, _, rest = name.partition("/")
        parts.setdefault(part, {})[rest] = array.numpy()
    if learner is None:
        learner = _learner(metadata, parts["model"])
    calibration = None
    if "calibration" in parts:
        inner = [learner.load(parts[f"inner{k}"]) for k in range(len(parts) - 3)]
        try:
            calibration = Calibration(inner, **parts["calibration"])
        except TypeError as error:
            raise StageError(
                f"{folder}: a clock that skinage {metadata['skinage']} saved lacks numbers that "
                f"this version needs ({error}); fit it again"
            ) from error
    model = learner.load(parts["model"])
    return Clock(metadata, learner, model, ApplicabilityDomain(**parts["domain"]), calibration)


def _learner(metadata: dict[str, Any], arrays: dict[str, np.ndarray]) -> Learner:
    """Return the learner that a saved clock names."""
    kind, _, inner = metadata["model"].partition(" ")
    stacked = kind == Stacked.KIND and inner
    name = inner if stacked else metadata["model"]
    # A regressor that could be saved is linear: its arrays are all that is needed.
    learner: Learner = LEARNERS.get(name, Scikit(name))
    if stacked:
        learner = Stacked(tuple(int(width) for width in arrays["widths"]), learner)
    if "proportions" in (metadata["statistics"] or ()):
        learner = Pooled(learner, metadata["statistics"])
    return learner
