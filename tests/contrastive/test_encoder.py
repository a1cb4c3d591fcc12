import json

import numpy as np
import pytest
import torch

from skinage import StageError
from skinage.contrastive.encoder import load_encoder, new_encoder, normalise, settle_batch_norm

BACKBONE = "mobilenetv3_small_050"


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3), dtype=np.uint8)


def test_width_on_the_card_is_that_of_a_forward_pass(pixels):
    encoder = new_encoder(BACKBONE, 32, 2.0)
    assert encoder.embed(pixels).shape == (6, encoder.card["dim"]) == (6, 1024)


def test_a_saved_encoder_gives_the_same_features(pixels, tmp_path):
    encoder = new_encoder(BACKBONE, 32, 2.0, seed=5)
    encoder.save(tmp_path / "encoder")
    loaded = load_encoder(tmp_path / "encoder")
    np.testing.assert_array_equal(loaded.embed(pixels), encoder.embed(pixels))
    assert loaded.card == encoder.card


def test_seed_fixes_weights_and_leaves_the_global_generator_alone(pixels):
    torch.manual_seed(0)
    before = torch.random.get_rng_state()
    one, same, other = (new_encoder(BACKBONE, 32, 2.0, seed).embed(pixels) for seed in (1, 1, 2))
    assert torch.equal(before, torch.random.get_rng_state())
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 0


def test_prepare_is_the_textbook_normalisation(pixels):
    encoder = new_encoder(BACKBONE, 32, 2.0)
    expected = (pixels / 255 - np.array(encoder.card["mean"])) / np.array(encoder.card["std"])
    prepared = encoder.prepare(pixels).numpy().transpose(0, 2, 3, 1)
    np.testing.assert_allclose(prepared, expected, atol=1e-5)


def test_settling_makes_first_batch_norm_see_zero_mean_unit_spread(pixels):
    encoder = new_encoder(BACKBONE, 32, 2.0)
    batch = torch.from_numpy(pixels).permute(0, 3, 1, 2)
    settle_batch_norm(encoder, [batch])
    convolved = encoder.module.conv_stem(normalise(batch.float() / 255, encoder.card))
    norm = encoder.module.bn1
    torch.testing.assert_close(norm.running_mean, convolved.mean((0, 2, 3)), atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(norm.running_var, convolved.var((0, 2, 3)), atol=1e-3, rtol=1e-2)
    assert not encoder.module.training
    assert norm.momentum == 0.1


def test_damaged_or_missing_files_are_named(tmp_path):
    folder = tmp_path / "encoder"
    with pytest.raises(StageError, match=r"no encoder\.safetensors"):
        load_encoder(folder)
    new_encoder(BACKBONE, 32, 2.0).save(folder)
    card = json.loads((folder / "encoder.json").read_text())
    (folder / "encoder.json").write_text(json.dumps(card | {"architecture": "resnet18"}))
    with pytest.raises(StageError, match="not the weights of this backbone"):
        load_encoder(folder)
    (folder / "encoder.json").write_text(json.dumps(card))
    weights = folder / "encoder.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(StageError, match="cut short"):
        load_encoder(folder)


def test_an_unknown_backbone_gets_near_names():
    with pytest.raises(StageError, match="resnet18"):
        new_encoder("resnet_18", 32, 2.0)
