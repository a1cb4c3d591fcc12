import json
import math
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from torch.nn import functional

from skinage import StageError
from skinage.contrastive.encoder import new_encoder
from skinage.contrastive.methods import SimCLR
from skinage.contrastive.train import train, untrained_encoder
from skinage.slides.batches import read_pixels
from skinage.storage import stored

SETTINGS = {"backbone": "test_resnet", "epochs": 4, "batch_size": 32, "device": "cpu"}


def _weights(encoder):
    return torch.cat([value.flatten().double() for value in encoder.module.state_dict().values()])


def test_loss_is_that_of_a_slow_independent_version():
    """NT-Xent by loops: every view against all others but itself (Chen 2020, equation 1)."""
    encoder = new_encoder("test_resnet", 32, 2.0)
    method = SimCLR(encoder.module, encoder.card, batch_size=6, seed=0)
    z = torch.randn(12, 128, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    unit = functional.normalize(z, dim=1)
    total = 0.0
    for i in range(12):
        similar = [math.exp(float(unit[i] @ unit[j]) / 0.2) for j in range(12)]
        partner = (i + 6) % 12
        total -= math.log(similar[partner] / (sum(similar) - similar[i]))
    found = method.loss(*z.chunk(2))
    assert found.item() == pytest.approx(total / 12, rel=1e-6)


def test_an_encoder_in_evaluation_mode_is_trained_with_its_batch_norm():
    encoder = new_encoder("test_resnet", 32, 2.0)
    assert not encoder.module.training
    method = SimCLR(encoder.module, encoder.card, batch_size=6, seed=0)
    assert all(module.training for module in method.modules())


@pytest.mark.slow
def test_training_lowers_the_loss_and_leaves_an_encoder(phantom_tiles, tmp_path):
    encoder = train(phantom_tiles, **SETTINGS | {"epochs": 30}, out=tmp_path / "encoder")
    losses = [row["loss"] for row in encoder.history]
    assert [row["epoch"] for row in encoder.history] == list(range(1, 31))
    assert np.mean(losses[-5:]) < np.mean(losses[:5])  # of three batches each, so it varies
    names = {path.name for path in (tmp_path / "encoder").iterdir()}
    assert names == {"encoder.safetensors", "encoder.json", "history.json", "last.ckpt"}
    card = json.loads((tmp_path / "encoder" / "encoder.json").read_text())
    assert card["tile_px"] == 48
    assert card["method"] == "simclr"
    features = encoder.embed(read_pixels(phantom_tiles.head(5)))
    assert features.shape == (5, card["dim"])
    assert np.isfinite(features).all()


def test_every_epoch_mixes_the_tiles_anew(phantom_tiles, monkeypatch):
    """Tiles that always met the same others would always be told from the same others."""
    seen = []
    step = SimCLR.training_step

    def watch(self, pixels, number):
        seen.append((self.current_epoch, {tile.numpy().tobytes() for tile in pixels}))
        return step(self, pixels, number)

    monkeypatch.setattr(SimCLR, "training_step", watch)
    train(phantom_tiles, **SETTINGS | {"epochs": 3})
    first = dict(reversed(seen))
    assert len(seen) == 9
    for epoch in (1, 2):
        assert len(first[0] & first[epoch]) < 25
    assert first[1] != first[2]


def test_the_same_settings_load_and_others_train_anew(phantom_tiles, tmp_path):
    settings = SETTINGS | {"epochs": 1}
    first = train(phantom_tiles, **settings, out=tmp_path / "encoder")
    written = (tmp_path / "encoder" / "encoder.safetensors").stat().st_mtime_ns
    again = train(phantom_tiles, **settings, out=tmp_path / "encoder")
    assert (tmp_path / "encoder" / "encoder.safetensors").stat().st_mtime_ns == written
    assert torch.equal(_weights(first), _weights(again))
    other = train(phantom_tiles, **settings, seed=1, out=tmp_path / "encoder")
    assert not torch.equal(_weights(first), _weights(other))


STOPPABLE = """
import pandas as pd
from skinage.contrastive.train import train
tiles = pd.read_parquet("tiles.parquet")
train(tiles, backbone="test_resnet", epochs=4, batch_size=32, device="cpu", out="encoder")
"""


@pytest.mark.slow
def test_killed_and_started_again_it_ends_at_the_same_weights(phantom_tiles, tmp_path):
    whole = train(phantom_tiles, **SETTINGS, out=tmp_path / "whole")
    phantom_tiles.to_parquet(tmp_path / "tiles.parquet")
    child = subprocess.Popen([sys.executable, "-c", STOPPABLE], cwd=tmp_path)
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob(".made/encoder-*/last.ckpt")) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    assert list(tmp_path.glob(".made/encoder-*/last.ckpt"))
    resumed = train(phantom_tiles, **SETTINGS, out=tmp_path / "encoder")
    assert [row["epoch"] for row in resumed.history] == [1, 2, 3, 4]
    torch.testing.assert_close(_weights(resumed), _weights(whole), rtol=1e-4, atol=1e-5)
    assert not list(tmp_path.glob(".made/encoder-*"))


def test_a_loss_that_is_no_number_stops_with_the_step(phantom_tiles, monkeypatch):
    monkeypatch.setattr("skinage.contrastive.methods.LEARNING_RATE", 1e30)
    with pytest.raises(StageError, match=r"the loss is (nan|inf) at step \d+ .epoch \d+"):
        train(phantom_tiles, **SETTINGS)


def test_unknown_method_and_too_few_tiles_are_named(phantom_tiles, tmp_path):
    with pytest.raises(StageError, match="found 'simclr2'; expected one of simclr"):
        train(phantom_tiles, method="simclr2")
    with pytest.raises(StageError, match="fewer than a batch of 512"):
        train(phantom_tiles, batch_size=512, out=tmp_path / "encoder")
    assert not stored(tmp_path / "encoder", {})


def test_the_untrained_rival_is_settled_on_these_tiles(phantom_tiles):
    rival = untrained_encoder(phantom_tiles, "test_resnet", seed=3)
    raw = new_encoder("test_resnet", 48, float(phantom_tiles["mpp"].iloc[0]), seed=3)
    for (name, settled), (_, fresh) in zip(
        rival.module.state_dict().items(), raw.module.state_dict().items(), strict=True
    ):
        changed = not torch.equal(settled, fresh)
        assert changed == ("running_" in name or "num_batches" in name), name
