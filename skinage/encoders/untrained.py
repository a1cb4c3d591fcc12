"""Encoders that training starts from, and the untrained baseline."""

import copy

import numpy as np
import pandas as pd
import torch

from skinage.encoders.encoder import Encoder, new_encoder, settle_batch_norm
from skinage.encoders.scale import check_scale
from skinage.slides.reading.batches import read_tiles

SETTLING_TILES = 5120
"""Number of tiles that batch-norm statistics are averaged over."""


def starting_point(tiles: pd.DataFrame, backbone: str | Encoder, *, seed: int) -> Encoder:
    """Return the encoder that training changes: a new one, or a copy of an existing one.

    Parameters
    ----------
    tiles
        The tile table; its scales become part of the metadata.
    backbone
        The name of a backbone, or an encoder for tiles of these scales.
    seed
        Fixes new weights.

    Raises
    ------
    StageError
        If the encoder is for tiles of another scale.
    """
    if isinstance(backbone, Encoder):
        check_scale(backbone.metadata, tiles, "training")
        return Encoder(copy.deepcopy(backbone.module), backbone.metadata)
    scales = np.unique(tiles["mpp"]).tolist()
    encoder = new_encoder(backbone, int(tiles["tile_px"].iloc[0]), scales[0], seed=seed)
    if len(scales) > 1:
        return Encoder(encoder.module, encoder.metadata | {"mpp": scales})
    return encoder


def untrained_encoder(
    tiles: pd.DataFrame, backbone: str = "test_resnet", *, seed: int = 0
) -> Encoder:
    """Return an encoder with random weights, the baseline of a training.

    Its batch-norm statistics are the average over up to ``SETTLING_TILES`` tiles, as those of a
    trained encoder are; otherwise the comparison would not be fair.

    Parameters
    ----------
    tiles
        The tile table.
    backbone
        Any timm model name.
    seed
        Fixes the weights and the choice of tiles.

    Returns
    -------
    Encoder
        In evaluation mode, on the CPU.

    Raises
    ------
    SlideError
        If a slide cannot be read.
    """
    encoder = starting_point(tiles, backbone, seed=seed)
    some = tiles.sample(min(len(tiles), SETTLING_TILES), random_state=seed)
    # Batches of one slide each would settle on that slide's stain: read, then mix.
    batches = [pixels for _, pixels in read_tiles(some)]
    mixed = np.random.default_rng(seed).permutation(np.concatenate(batches))
    tensors = torch.from_numpy(mixed).permute(0, 3, 1, 2)
    settle_batch_norm(encoder, tensors.split(256))
    return encoder
