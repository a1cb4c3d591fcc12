"""A clock on disk: arrays in safetensors, and a metadata in JSON."""

import json
from pathlib import Path

import numpy as np

from skinage.clock.applicability import ApplicabilityDomain
from skinage.clock.clock import Clock
from skinage.clock.fitting import learner_of
from skinage.clock.intervals import Calibration
from skinage.encoders.weights import read_weights
from skinage.errors import StageError
from skinage.storage import write_json

METADATA, ARRAYS = "clock.json", "clock.safetensors"


def save_clock(clock: Clock, folder: str | Path) -> None:
    """Write a clock into a folder: ``clock.safetensors`` and ``clock.json``, its metadata.

    No feature of a person stands there, but for a Gaussian process, which is made of the features
    of its people: share that one as you would share them.

    Parameters
    ----------
    clock
        As `fit_clock` gives it.
    folder
        Made where it is not there; a clock in it is replaced.
    """
    from safetensors.numpy import save_file

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / METADATA).unlink(missing_ok=True)
    parts = {"model": clock.model.arrays(), "domain": vars(clock.domain)}
    if clock.calibration is not None:
        names = ("fold", "errors_years")
        parts["calibration"] = {name: getattr(clock.calibration, name) for name in names}
        for number, model in enumerate(clock.calibration.models):
            parts[f"inner{number}"] = model.arrays()
    arrays = {
        f"{part}/{name}": np.ascontiguousarray(array)
        for part, named in parts.items()
        for name, array in named.items()
    }
    save_file(arrays, folder / ARRAYS)
    write_json(folder / METADATA, clock.metadata)


def load_clock(folder: str | Path) -> Clock:
    """Load a clock from its folder; nothing is unpickled.

    Parameters
    ----------
    folder
        As `save_clock` writes it.

    Raises
    ------
    StageError
        If a file is missing, cut short, or no clock's.
    """
    folder = Path(folder)
    if not (folder / METADATA).is_file():
        raise StageError(f"{folder}: no {METADATA} there; expected a folder that save_clock wrote")
    metadata = json.loads((folder / METADATA).read_text())
    learner = learner_of(metadata["model"], metadata["statistics"])
    parts: dict[str, dict[str, np.ndarray]] = {}
    for name, array in read_weights(folder / ARRAYS).items():
        part, _, rest = name.partition("/")
        parts.setdefault(part, {})[rest] = array.numpy()
    calibration = None
    if "calibration" in parts:
        inner = [learner.load(parts[f"inner{k}"]) for k in range(len(parts) - 3)]
        calibration = Calibration(inner, **parts["calibration"])
    model = learner.load(parts["model"])
    return Clock(metadata, learner, model, ApplicabilityDomain(**parts["domain"]), calibration)
