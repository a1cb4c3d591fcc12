"""Weights in safetensors files, read strictly; pickles are refused."""

import hashlib
from pathlib import Path
from textwrap import shorten
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from skinage.encoders.backbone import ClassAndMean
from skinage.encoders.foundation import WEIGHTS_FILE, find_file, source
from skinage.errors import StageError

CLASSIFIERS = ("head.", "fc.", "classifier.")
PICKLES = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")  # zip, then bare

# How to convert once; {found} and {made} are file names.
CONVERSION = """\
Convert it once, if you trust where it comes from, and pass the new file as weights=:

import torch
from safetensors.torch import save_file
state = torch.load({found!r}, map_location="cpu", weights_only=True)
save_file({{name: value.clone().contiguous() for name, value in state.items()}}, {made!r})
"""


def pretrained_file(backbone: str, weights: str | Path | None) -> Path | None:
    """Return the safetensors file for a backbone: the one given, or that of its repository.

    Returns
    -------
    pathlib.Path or None
        None for a name of timm without weights; its weights stay random.

    Raises
    ------
    StageError
        If a repository or folder has no ``model.safetensors``.
    """
    kind, place = source(backbone)
    if weights is not None or kind == "name":
        return None if weights is None else Path(weights)
    path = find_file(kind, place, WEIGHTS_FILE)
    if path is None:
        raise StageError(
            f"{backbone}: no model.safetensors there, and nothing is unpickled here. "
            + CONVERSION.format(found="pytorch_model.bin", made="model.safetensors")
        )
    return path


def fill_backbone(module: nn.Module, path: Path) -> dict[str, Any]:
    """Load a timm checkpoint strictly, and return the metadata about it.

    Parameters
    ----------
    module
        The module of `build_backbone`; changed in place.
    path
        A safetensors file. Entries of a classifier that the module lacks are dropped.

    Raises
    ------
    StageError
        If the file is missing, cut short, a pickle, or of another architecture.
    """
    weights = read_weights(path)
    model = module.model if isinstance(module, ClassAndMean) else module
    surplus = sorted(set(weights) - set(model.state_dict()))
    dropped = [name for name in surplus if name.startswith(CLASSIFIERS)]
    kept = {name: value for name, value in weights.items() if name not in dropped}
    fit(model, kept, path, "A foundation model's folder has to keep its name, such as UNI2-h.")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"weights": path.name, "weights_hash": digest, "weights_dropped": dropped}


def read_weights(path: Path) -> dict[str, Tensor]:
    """Read a safetensors file; a pickle is refused by its content, whatever its name."""
    if not path.is_file():
        raise StageError(f"{path}: no such file; expected weights as a .safetensors file.")
    try:
        return load_file(path)
    except SafetensorError as error:
        with path.open("rb") as file:
            start = file.read(9)
        # The JSON header of safetensors begins after eight bytes of length.
        if start.startswith(PICKLES) and start[8:9] != b"{":
            raise StageError(
                f"{path}: a pickle or zip file, which could run code when read; expected "
                "safetensors. "
                + CONVERSION.format(found=str(path), made=str(path.with_suffix(".safetensors")))
            ) from error
        raise StageError(
            f"{path}: not a whole safetensors file ({error}); cut short? Copy or download it again."
        ) from error


def fit(model: nn.Module, weights: dict[str, Tensor], path: Path, advice: str = "") -> None:
    """Load weights; none may be missing or surplus, and each must have the right shape."""
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise StageError(
            f"{path}: not the weights of this backbone ({shorten(str(error), 1000)}). "
            f"Take weights and backbone that belong together. {advice}".rstrip()
        ) from error


def write_weights(model: nn.Module, path: Path) -> None:
    """Write all weights of a model, also those that two layers share."""
    # Copies: safetensors refuses weights that share memory.
    weights = {
        name: value.clone(memory_format=torch.contiguous_format)
        for name, value in model.state_dict().items()
    }
    try:
        save_file(weights, path)
    except SafetensorError as error:
        raise StageError(
            f"{path}: cannot be written ({error}). Free some space, or choose a folder that can "
            "be written, and start again."
        ) from error
