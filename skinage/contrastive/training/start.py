"""Where training starts, and the rival that stays there."""

import copy
from itertools import islice

import numpy as np
import pandas as pd

from skinage.contrastive.training.stream import TileStream
from skinage.encoders.encoder import Encoder, new_encoder, settle_batch_norm
from skinage.encoders.scale import check_scale

SETTLING_BATCHES = 20


def untrained_encoder(tiles: pd.DataFrame, backbone: str = "test_resnet", seed: int = 0) -> Encoder:
    """Make the rival that training has to beat: random weights, settled batch-norm statistics.

    Parameters
    ----------
    tiles
        The tile table; some thousand of its tiles settle the statistics.
    backbone
        Any timm model name.
    seed
        Fixes weights and tiles.
    """
    encoder = starting_point(tiles, backbone, seed)
    settle(encoder, TileStream(tiles, min(256, len(tiles)), seed))
    return encoder


def starting_point(tiles: pd.DataFrame, backbone: str | Encoder, seed: int) -> Encoder:
    """Make the encoder that training changes: a new one, or a copy of one that is there.

    Parameters
    ----------
    tiles
        The tile table; its scales go on the card.
    backbone
        A name, or an encoder for tiles of these scales.
    seed
        Fixes new weights.

    Raises
    ------
    StageError
        If the encoder is for tiles of another scale.
    """
    if isinstance(backbone, Encoder):
        check_scale(backbone.card, tiles, "training")
        return Encoder(copy.deepcopy(backbone.module), backbone.card)
    scales = np.unique(tiles["mpp"]).tolist()
    encoder = new_encoder(backbone, int(tiles["tile_px"].iloc[0]), scales[0], seed)
    if len(scales) > 1:
        return Encoder(encoder.module, encoder.card | {"mpp": scales})
    return encoder


def settle(encoder: Encoder, stream: TileStream) -> None:
    """Set batch-norm statistics to the average over some batches of the stream's first epoch."""
    stream.epoch = 0
    settle_batch_norm(encoder, (batch.first for batch in islice(stream, SETTLING_BATCHES)))
