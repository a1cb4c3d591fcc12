"""The encoder: a backbone, and a card that says how it wants to be used."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from skinage.errors import StageError
from skinage.storage import recipe_hash

WEIGHTS, CARD = "encoder.safetensors", "encoder.json"


@dataclass(frozen=True)
class Encoder:
    """A backbone in evaluation mode with its card.

    Attributes
    ----------
    module
        ``(n, 3, h, w)`` normalised float to ``(n, dim)``.
    card
        ``backbone``, ``dim``, ``tile_px``, ``mpp``, ``mean``, ``std``, ``method``, ``seed``,
        ``hash`` (of data and settings) and what training adds.
    history
        Loss per epoch; empty without training.
    """

    module: nn.Module
    card: dict[str, Any]
    history: list[dict[str, float]] = field(default_factory=list)

    def prepare(self, pixels: np.ndarray) -> Tensor:
        """Turn ``(n, h, w, 3)`` uint8 pixels into the normalised tensor the module takes."""
        images = torch.from_numpy(np.ascontiguousarray(pixels)).permute(0, 3, 1, 2)
        return normalise(images.float() / 255, self.card)

    def embed(self, pixels: np.ndarray) -> np.ndarray:
        """Embed ``(n, h, w, 3)`` uint8 pixels as ``(n, dim)`` float32."""
        device = next(self.module.parameters()).device
        with torch.inference_mode():
            return self.module(self.prepare(pixels).to(device)).float().cpu().numpy()

    def save(self, folder: str | Path) -> None:
        """Write ``encoder.safetensors``, ``encoder.json`` and ``history.json`` into a folder."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        state = {name: value.contiguous() for name, value in self.module.state_dict().items()}
        save_file(state, folder / WEIGHTS)
        (folder / CARD).write_text(json.dumps(self.card, indent=2) + "\n")
        (folder / "history.json").write_text(json.dumps(self.history, indent=1) + "\n")


def load_encoder(folder: str | Path) -> Encoder:
    """Load an encoder from its folder; nothing is unpickled.

    Parameters
    ----------
    folder
        With ``encoder.safetensors`` and ``encoder.json``.

    Raises
    ------
    StageError
        If a file is missing, cut short, or the weights are of another backbone.
    """
    folder = Path(folder)
    for name in (WEIGHTS, CARD):
        if not (folder / name).is_file():
            raise StageError(
                f"{folder}: no {name}; expected a folder that an encoder was saved to."
            )
    card = json.loads((folder / CARD).read_text())
    module = make_backbone(card["backbone"])
    try:
        module.load_state_dict(load_file(folder / WEIGHTS))
    except (SafetensorError, RuntimeError) as error:
        raise StageError(
            f"{folder / WEIGHTS}: not the weights of a {card['backbone']}: {error}"
        ) from error
    history = folder / "history.json"
    return Encoder(
        module.eval(), card, json.loads(history.read_text()) if history.is_file() else []
    )


def new_encoder(backbone: str, tile_px: int, mpp: float, seed: int = 0) -> Encoder:
    """Make an untrained encoder: random weights, the rival that every training has to beat.

    Parameters
    ----------
    backbone
        Any timm model name.
    tile_px, mpp
        The side of the tiles and their um per px.
    seed
        Fixes the weights.
    """
    import timm.data

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = make_backbone(backbone).eval()
    data = timm.data.resolve_model_data_config(module)
    with torch.inference_mode():
        # Some backbones give more features than their num_features says: ask a forward pass.
        dim = module(torch.zeros(2, 3, tile_px, tile_px)).shape[1]
    card = {
        "backbone": backbone, "method": "untrained", "dim": dim, "tile_px": tile_px, "mpp": mpp,
        "mean": list(data["mean"]), "std": list(data["std"]), "seed": seed,
    }  # fmt: skip
    return Encoder(module, card | {"hash": recipe_hash(card)})


def make_backbone(name: str) -> nn.Module:
    """Make a timm backbone without its classifier and with random weights."""
    import timm

    try:
        model = timm.create_model(name, pretrained=False, num_classes=0)
    except RuntimeError as error:
        near = get_close_matches(name, timm.list_models())
        raise StageError(
            f"backbone: timm has no model {name!r}; names near it: {', '.join(near) or 'none'}."
        ) from error
    # On two (busy) cores mobilenetv3_small_050 at 64 px trained about twice as fast.
    return model.to(memory_format=torch.channels_last)


def normalise(images: Tensor, card: dict[str, Any]) -> Tensor:
    """Normalise ``(n, 3, h, w)`` images in 0 to 1 as the card says."""
    mean = torch.tensor(card["mean"]).view(3, 1, 1).to(images)
    return (images - mean) / torch.tensor(card["std"]).view(3, 1, 1).to(images)


def settle_batch_norm(encoder: Encoder, batches: Iterable[Tensor]) -> None:
    """Set batch-norm statistics to the average over real tiles.

    Running averages of a short training lag behind the weights and spoil the features; the
    untrained rival gets the same treatment, so that it is not beaten for a wrong reason.

    Parameters
    ----------
    encoder
        Changed in place.
    batches
        ``(n, 3, h, w)`` uint8 tiles, as many as shall be averaged.
    """
    norms = [layer for layer in encoder.module.modules() if isinstance(layer, nn.BatchNorm2d)]
    momenta = [layer.momentum for layer in norms]
    device = next(encoder.module.parameters()).device
    for layer in norms:
        layer.reset_running_stats()
        layer.momentum = None  # a plain average over all batches
        layer.train()
    with torch.inference_mode():
        for batch in batches:
            encoder.module(normalise(batch.to(device).float() / 255, encoder.card))
    for layer, momentum in zip(norms, momenta, strict=True):
        layer.momentum = momentum
        layer.eval()
