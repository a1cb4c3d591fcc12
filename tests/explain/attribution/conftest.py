"""Small encoders and clocks of which every number is known."""

from types import SimpleNamespace

import anndata
import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from skinage.clock.clock import Clock
from skinage.clock.learners.attention_net import AttentionModel
from skinage.clock.learners.ridge import LinearModel, Ridge
from skinage.encoders.encoder import Encoder
from skinage.people.pool import pool

SIDE = 16


class LinearModule(nn.Module):
    """Embeds a tile by a fixed linear map, for which gradients have a closed form."""

    def __init__(self, dim):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3 * SIDE * SIDE, dim) / 50)

    def forward(self, images):
        return images.flatten(1) @ self.weight


def make_encoder(module, dim, **metadata):
    metadata |= {"dim": dim, "tile_px": SIDE, "mpp": 1.0}
    metadata |= {"mean": [0.7, 0.5, 0.6], "std": [0.2, 0.3, 0.1]}
    return Encoder(module.eval(), metadata)


def linear_encoder(dim=5):
    torch.manual_seed(0)
    return make_encoder(LinearModule(dim), dim)


def bent_encoder(dim=6):
    torch.manual_seed(0)
    layers = nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, dim, 3, 2), nn.Hardswish()
    return make_encoder(nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten()), dim)


def make_clock(dim, statistics=("mean", "std")):
    rng = np.random.default_rng(2)
    names = [f"{statistic}_{k:04d}" for statistic in statistics for k in range(dim)]
    mean, scale, weights = rng.normal(size=(3, len(names)))
    return linear_clock(names, mean, np.abs(scale) + 0.1, weights)


def linear_clock(names, mean, scale, coefficients):
    return clock_of(LinearModel(mean, scale, coefficients, np.array(50.0)), names)


def clock_of(model, names, **metadata):
    metadata = {"model": "own", "encoder_hash": None, "statistics": None} | metadata
    return Clock(metadata | {"feature_names": names}, Ridge(), model, None, None)


def attention_clock(dim, hidden=4):
    torch.manual_seed(3)
    model = AttentionModel(dim, hidden)
    arrays = {name: value.numpy() for name, value in model.state_dict().items()}
    arrays["head.weight"] = 5 * arrays["head.weight"]
    names = [f"tile_{k:04d}" for k in range(dim)]
    return clock_of(AttentionModel.of(arrays), names, statistics=("mean", "std"))


def predict(encoder, clock, pixels):
    """Return what the clock itself predicts for a person of these tiles."""
    obs = pd.DataFrame({"person_id": "P1"}, index=[str(k) for k in range(len(pixels))])
    atlas = anndata.AnnData(encoder.embed(pixels), obs)
    pooled = clock.metadata["statistics"] is None
    return clock.predict(pool(atlas) if pooled else atlas).item()


def exchanged(pixels, position, value=255):
    changed = pixels.copy()
    changed[position] = value
    return changed


@pytest.fixture(scope="session")
def toys():
    """Return the functions of this file by name."""
    functions = (
        make_encoder, linear_encoder, bent_encoder, make_clock, linear_clock, clock_of,
        attention_clock, predict, exchanged,
    )  # fmt: skip
    return SimpleNamespace(side=SIDE, **{one.__name__: one for one in functions})


@pytest.fixture
def linear():
    return linear_encoder()


@pytest.fixture
def bent():
    return bent_encoder()


@pytest.fixture
def pixels():
    return np.random.default_rng(1).integers(60, 256, (6, SIDE, SIDE, 3), dtype=np.uint8)
