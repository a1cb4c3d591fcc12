"""The encoder: a backbone with the metadata that says how to use it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import update_bn

from skinage.encoders.backbone import build_backbone, feature_width
from skinage.encoders.foundation import describe
from skinage.encoders.weights import (
    fill_backbone,
    fit,
    pretrained_file,
    read_weights,
    write_weights,
)
from skinage.errors import StageError
from skinage.storage import recipe_hash, write_json

WEIGHTS, METADATA, HISTORY = "encoder.safetensors", "encoder.json", "history.json"
METADATA_KEYS = (
    "backbone", "architecture", "model_args", "features", "input_size", "fixed_input_size", "dim",
    "tile_px", "mpp", "mean", "std", "hash",
)  # fmt: skip


@dataclass(frozen=True)
class Encoder:
    """A backbone in evaluation mode with its metadata.

    Attributes
    ----------
    module
        The module from ``(n, 3, h, w)`` normalised images to ``(n, dim)`` features.
    metadata
        ``backbone`` as given; what rebuilds it without the hub (``architecture``, ``model_args``,
        ``features``: ``"pooled"`` or ``"class_and_mean"``, ``input_size``, ``fixed_input_size``);
        ``dim``, ``tile_px``, ``mpp``, ``mean``, ``std``, ``method``, ``seed``, ``hash`` (of data
        and settings), for loaded weights ``weights``, ``weights_hash`` and ``weights_dropped``,
        and what training adds: ``epochs``, ``recipe``, ``labels_seen``, ``skipped``.
    history
        A dict per epoch with its loss and measures of the features; empty without training.
    """

    module: nn.Module
    metadata: dict[str, Any]
    history: list[dict[str, float]] = field(default_factory=list)

    def prepare(self, pixels: np.ndarray) -> Tensor:
        """Return pixels as the normalised tensor that the module takes.

        Parameters
        ----------
        pixels
            ``(n, h, w, 3)`` uint8 RGB tiles.

        Returns
        -------
        torch.Tensor
            ``(n, 3, h, w)`` float32, on the CPU.
        """
        images = torch.from_numpy(np.ascontiguousarray(pixels)).permute(0, 3, 1, 2)
        return normalise(images.float() / 255, self.metadata)

    def embed(self, pixels: np.ndarray) -> np.ndarray:
        """Return the features of tiles.

        Parameters
        ----------
        pixels
            ``(n, h, w, 3)`` uint8 RGB tiles.

        Returns
        -------
        numpy.ndarray
            ``(n, dim)`` float32, computed on the device of the module.
        """
        device = next(self.module.parameters()).device
        with torch.inference_mode():
            return self.module(self.prepare(pixels).to(device)).float().cpu().numpy()

    def save(self, folder: str | Path) -> None:
        """Write ``encoder.safetensors``, ``history.json`` and ``encoder.json`` into a folder.

        An old metadata file is removed first and the new one is written last, so that metadata
        never stands beside the weights of another encoder.

        Parameters
        ----------
        folder
            The folder to write into; it is made if it does not exist.

        Raises
        ------
        StageError
            If there is no room, or no right to write.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / METADATA).unlink(missing_ok=True)
        write_weights(self.module, folder / WEIGHTS)
        write_json(folder / HISTORY, self.history)
        write_json(folder / METADATA, self.metadata)


def load_encoder(folder: str | Path, weights: str = WEIGHTS) -> Encoder:
    """Load an encoder from its folder, without the hub; nothing is unpickled.

    Parameters
    ----------
    folder
        A folder with ``encoder.json`` and the weights, as `Encoder.save` writes it.
    weights
        Name of the file with the weights, such as ``"best.safetensors"`` of a training.

    Returns
    -------
    Encoder
        In evaluation mode, on the CPU.

    Raises
    ------
    StageError
        If a file is missing or cut short, the metadata lacks something, or the weights are of
        another backbone.
    """
    folder = Path(folder)
    metadata = _read_json(folder / METADATA, dict)
    lacking = [key for key in METADATA_KEYS if key not in metadata]
    if lacking:
        raise StageError(
            f"{folder / METADATA}: the metadata lacks {', '.join(lacking)}; it was changed by hand "
            "or written by an older version. Train or save the encoder again."
        )
    module = build_backbone(metadata)
    fit(module, read_weights(folder / weights), folder / weights)
    return Encoder(module.eval(), metadata, _read_json(folder / HISTORY, list))


def _read_json(path: Path, expected: type) -> Any:
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError) as error:  # of JSON and of UTF-8 alike
        raise StageError(
            f"{path}: no such file, or not JSON ({error}); expected the folder of a saved encoder."
        ) from error
    if not isinstance(content, expected):
        raise StageError(f"{path}: found {type(content).__name__}, expected {expected.__name__}.")
    return content


def new_encoder(
    backbone: str, tile_px: int, mpp: float, *, seed: int = 0, weights: str | Path | None = None
) -> Encoder:
    """Return an encoder with random weights, the baseline of every training, or pretrained ones.

    Parameters
    ----------
    backbone
        Any timm model name (random weights); ``"hf-hub:org/model"``, such as
        ``"hf-hub:MahmoodLab/UNI2-h"``; or ``"local-dir:FOLDER"`` with ``config.json`` and
        ``model.safetensors``. See `skinage.encoders.foundation`.
    tile_px
        The side of the tiles in px.
    mpp
        The scale of the tiles in um per px.
    seed
        Fixes random weights.
    weights
        A local ``.safetensors`` file to load instead.

    Returns
    -------
    Encoder
        In evaluation mode, on the CPU.

    Raises
    ------
    SettingError
        If timm has no backbone of this name.
    StageError
        If the backbone is out of reach, the weights belong to another one, or it does not take
        tiles of this size.
    """
    metadata: dict[str, Any] = {"backbone": backbone, "method": "untrained", **describe(backbone)}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = build_backbone(metadata).eval()
    metadata |= {"dim": feature_width(module, metadata, tile_px), "tile_px": tile_px, "mpp": mpp}
    file = pretrained_file(backbone, weights)
    if file is not None:
        metadata |= {"method": "pretrained", **fill_backbone(module, file)}
    metadata["seed"] = seed
    return Encoder(module, metadata | {"hash": recipe_hash(metadata)})


def normalise(images: Tensor, metadata: dict[str, Any]) -> Tensor:
    """Return ``(n, 3, h, w)`` images in 0 to 1, normalised by mean and std of the metadata."""
    mean = torch.tensor(metadata["mean"]).view(3, 1, 1).to(images)
    return (images - mean) / torch.tensor(metadata["std"]).view(3, 1, 1).to(images)


def settle_batch_norm(encoder: Encoder, batches: Iterable[Tensor]) -> None:
    """Set batch-norm statistics to the average over real tiles.

    Running averages of a short training lag behind the weights and spoil the features. The
    untrained baseline gets the same treatment, so that the comparison is fair.

    Parameters
    ----------
    encoder
        The encoder, changed in place.
    batches
        Batches of tiles to average over, ``(n, 3, h, w)`` uint8.
    """
    device = next(encoder.module.parameters()).device
    images = (normalise(batch.to(device).float() / 255, encoder.metadata) for batch in batches)
    update_bn(images, encoder.module)
