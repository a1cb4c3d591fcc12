import json
import shutil

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save_file

from skinage import StageError
from skinage.encoders.encoder import load_encoder, new_encoder, normalise, settle_batch_norm

BACKBONE = "mobilenetv3_small_050"


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3), dtype=np.uint8)


def test_width_on_the_card_is_that_of_a_forward_pass(pixels):
    encoder = new_encoder(BACKBONE, 32, 2.0)
    assert encoder.embed(pixels).shape == (6, encoder.metadata["dim"]) == (6, 1024)


def test_a_saved_encoder_gives_the_same_features(pixels, tmp_path):
    encoder = new_encoder(BACKBONE, 32, 2.0, seed=5)
    encoder.save(tmp_path / "encoder")
    loaded = load_encoder(tmp_path / "encoder")
    np.testing.assert_array_equal(loaded.embed(pixels), encoder.embed(pixels))
    assert loaded.metadata == encoder.metadata


def test_seed_fixes_weights_and_leaves_the_global_generator_alone(pixels):
    torch.manual_seed(0)
    before = torch.random.get_rng_state()
    one, same, other = (new_encoder(BACKBONE, 32, 2.0, seed=n).embed(pixels) for n in (1, 1, 2))
    assert torch.equal(before, torch.random.get_rng_state())
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 0


def test_prepare_is_the_textbook_normalisation(pixels):
    encoder = new_encoder(BACKBONE, 32, 2.0)
    expected = (pixels / 255 - np.array(encoder.metadata["mean"])) / np.array(
        encoder.metadata["std"]
    )
    prepared = encoder.prepare(pixels).numpy().transpose(0, 2, 3, 1)
    np.testing.assert_allclose(prepared, expected, atol=1e-5)


def test_settling_makes_first_batch_norm_see_zero_mean_unit_spread(pixels):
    encoder = new_encoder(BACKBONE, 32, 2.0)
    batch = torch.from_numpy(pixels).permute(0, 3, 1, 2)
    settle_batch_norm(encoder, [batch])
    convolved = encoder.module.conv_stem(normalise(batch.float() / 255, encoder.metadata))
    norm = encoder.module.bn1
    torch.testing.assert_close(norm.running_mean, convolved.mean((0, 2, 3)), atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(norm.running_var, convolved.var((0, 2, 3)), atol=1e-3, rtol=1e-2)
    assert not encoder.module.training
    assert norm.momentum == 0.1


def test_damaged_or_missing_files_are_named(tmp_path):
    folder = tmp_path / "encoder"
    with pytest.raises(StageError, match=r"encoder\.json: no such file"):
        load_encoder(folder)
    new_encoder(BACKBONE, 32, 2.0).save(folder)
    metadata = json.loads((folder / "encoder.json").read_text())
    (folder / "encoder.json").write_text(json.dumps(metadata | {"architecture": "resnet18"}))
    with pytest.raises(StageError, match="not the weights of this backbone"):
        load_encoder(folder)
    (folder / "encoder.json").write_text(json.dumps(metadata))
    weights = folder / "encoder.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(StageError, match="cut short"):
        load_encoder(folder)


def test_a_card_that_is_damaged_or_lacks_keys_is_named(tmp_path):
    new_encoder(BACKBONE, 32, 2.0).save(tmp_path)
    metadata = tmp_path / "encoder.json"
    content = json.loads(metadata.read_text())
    del content["architecture"], content["mean"]
    metadata.write_text(json.dumps(content))
    with pytest.raises(StageError, match="lacks architecture, mean"):
        load_encoder(tmp_path)
    for text, found in (("{", "or not JSON"), ("[]", "found list, expected dict")):
        metadata.write_text(text)
        with pytest.raises(StageError, match=found):
            load_encoder(tmp_path)


def test_other_weights_beside_the_last_ones_load_by_name(pixels, tmp_path):
    best = new_encoder(BACKBONE, 32, 2.0, seed=1)
    best.save(tmp_path)
    (tmp_path / "encoder.safetensors").rename(tmp_path / "best.safetensors")
    new_encoder(BACKBONE, 32, 2.0, seed=2).save(tmp_path)
    loaded = load_encoder(tmp_path, weights="best.safetensors")
    np.testing.assert_array_equal(loaded.embed(pixels), best.embed(pixels))
    assert np.abs(load_encoder(tmp_path).embed(pixels) - best.embed(pixels)).max() > 0
    with pytest.raises(StageError, match=r"worst\.safetensors: no such file"):
        load_encoder(tmp_path, weights="worst.safetensors")


def test_a_pretrained_encoder_loads_without_the_folder_it_came_from(pixels, tmp_path):
    source = tmp_path / "Virchow"  # a stand-in that is recognised by its name
    layers = {"mlp_layer": timm.layers.SwiGLUPacked, "act_layer": torch.nn.SiLU}
    model = timm.create_model("test_vit", num_classes=0, global_pool="", img_size=32, **layers)
    source.mkdir()
    save_file(model.state_dict(), source / "model.safetensors")
    arguments = {"global_pool": "", "img_size": 32}
    config = {"architecture": "test_vit", "pretrained_cfg": {}, "model_args": arguments}
    (source / "config.json").write_text(json.dumps(config))
    encoder = new_encoder(f"local-dir:{source}", 32, 0.5)
    assert encoder.embed(pixels).shape == (6, 128)
    encoder.save(tmp_path / "encoder")
    shutil.rmtree(source)
    loaded = load_encoder(tmp_path / "encoder")
    np.testing.assert_array_equal(loaded.embed(pixels), encoder.embed(pixels))
    assert loaded.metadata == encoder.metadata


def test_a_stopped_save_leaves_no_card_beside_weights_not_its_own(tmp_path, monkeypatch):
    new_encoder(BACKBONE, 32, 2.0, seed=1).save(tmp_path)

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("skinage.encoders.encoder.write_json", stop)
    with pytest.raises(KeyboardInterrupt):
        new_encoder(BACKBONE, 32, 2.0, seed=2).save(tmp_path)
    with pytest.raises(StageError, match=r"encoder\.json: no such file"):
        load_encoder(tmp_path)
