"""Backbones, built by timm from metadata with random weights."""

from typing import Any

import timm
import torch
from torch import Tensor, nn

from skinage.encoders.foundation import with_layers
from skinage.errors import StageError


class ClassAndMean(nn.Module):
    """The class token of a vision transformer beside the mean of its patch tokens.

    Register tokens are excluded, as the model cards of Virchow and Virchow2 ask.

    Parameters
    ----------
    model
        A timm vision transformer with a class token.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        if getattr(model, "cls_token", None) is None:
            raise StageError(
                f"features: 'class_and_mean' needs a vision transformer with a class token; found "
                f"a {type(model).__name__}."
            )
        self.model: Any = model

    def forward(self, images: Tensor) -> Tensor:
        """Return ``(n, 2 * width)`` features of ``(n, 3, h, w)`` images."""
        tokens = self.model.forward_features(images)
        patches = tokens[:, self.model.num_prefix_tokens :]
        return torch.cat([tokens[:, 0], patches.mean(dim=1)], dim=1)


def build_backbone(metadata: dict[str, Any]) -> nn.Module:
    """Return the module that metadata describes, with random weights and without the hub.

    Parameters
    ----------
    metadata
        Metadata with the keys that `skinage.encoders.foundation.describe` returns.

    Raises
    ------
    StageError
        If the architecture does not take these arguments.
    """
    keys = ("input_size", "fixed_input_size", "mean", "std")
    try:
        model = timm.create_model(
            metadata["architecture"],
            pretrained=False,
            pretrained_cfg_overlay={key: metadata[key] for key in keys},
            **{**with_layers(metadata["model_args"]), "num_classes": 0},
        )
    except (TypeError, RuntimeError, AssertionError) as error:
        raise StageError(
            f"backbone: timm cannot build a {metadata['architecture']} with "
            f"{metadata['model_args']}: {error}"
        ) from error
    # On two (busy) cores mobilenetv3_small_050 at 64 px trained about twice as fast.
    model = model.to(memory_format=torch.channels_last)
    return ClassAndMean(model) if metadata["features"] == "class_and_mean" else model


def feature_width(module: nn.Module, metadata: dict[str, Any], tile_px: int) -> int:
    """Return the number of features of a forward pass: num_features of some backbones is less."""
    try:
        with torch.inference_mode():
            features = module(torch.zeros(2, 3, tile_px, tile_px))
    except (AssertionError, RuntimeError, ValueError) as error:
        raise StageError(
            f"tile_px: found {tile_px}; {metadata['backbone']} takes tile_px="
            f"{metadata['input_size'][-1]} ({error})."
        ) from error
    if features.ndim != 2:
        raise StageError(
            f"backbone: {metadata['backbone']} gives an array of {tuple(features.shape[1:])} a "
            "tile; expected one vector. Set global_pool in model_args of its config.json."
        )
    return features.shape[1]
