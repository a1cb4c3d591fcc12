import subprocess
import sys

import pytest
import timm
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from skinage import StageError
from skinage.encoders.backbone import build_backbone
from skinage.encoders.encoder import new_encoder
from skinage.encoders.foundation import describe
from skinage.encoders.weights import fill_backbone, read_weights, write_weights


@pytest.fixture
def checkpoint(tmp_path):
    """A timm ResNet with its classifier, as a safetensors file and as it is."""
    torch.manual_seed(1)
    model = timm.create_model("test_resnet", num_classes=4)
    save_file(model.state_dict(), tmp_path / "resnet.safetensors")
    return tmp_path / "resnet.safetensors", model


def test_a_file_of_weights_replaces_random_ones_and_stands_on_the_card(checkpoint):
    path, model = checkpoint
    encoder = new_encoder("test_resnet", 32, 1.0, weights=path)
    for name, value in encoder.module.state_dict().items():
        torch.testing.assert_close(value, model.state_dict()[name], rtol=0, atol=0)
    assert encoder.metadata["weights"] == "resnet.safetensors"
    assert encoder.metadata["weights_dropped"] == ["fc.bias", "fc.weight"]
    other = new_encoder("test_resnet", 32, 1.0)
    assert encoder.metadata["hash"] != other.metadata["hash"]


def test_missing_surplus_and_misshapen_entries_are_named(checkpoint):
    path, _ = checkpoint
    weights = load_file(path)
    del weights["layer1.0.conv1.weight"]
    weights["extra.weight"] = torch.zeros(1)
    weights["conv1.0.weight"] = torch.zeros(2, 2)
    save_file(weights, path)
    with pytest.raises(StageError) as refusal:
        fill_backbone(build_backbone(describe("test_resnet")), path)
    message = str(refusal.value)
    assert 'Missing key(s) in state_dict: "layer1.0.conv1.weight"' in message
    assert 'Unexpected key(s) in state_dict: "extra.weight"' in message
    assert "size mismatch for conv1.0.weight" in message


def test_weights_of_another_architecture_are_refused(checkpoint):
    with pytest.raises(StageError, match=r"not the weights .*Missing .*blocks\.0"):
        fill_backbone(build_backbone(describe("test_vit")), checkpoint[0])


def test_cut_short_or_absent_files_are_refused(checkpoint, tmp_path):
    path, _ = checkpoint
    for size in (len(path.read_bytes()) - 10, 400, 5, 0):
        path.write_bytes(path.read_bytes()[:size])
        with pytest.raises(StageError, match="cut short"):
            read_weights(path)
    for absent in (tmp_path, tmp_path / "absent.safetensors"):
        with pytest.raises(StageError, match="no such file"):
            read_weights(absent)


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("name", ["weights.pth", "disguised.safetensors"])
def test_pickles_are_refused_by_content(tmp_path, name, zipped):
    torch.save({}, tmp_path / name, _use_new_zipfile_serialization=zipped)
    with pytest.raises(StageError, match="a pickle or zip file"):
        read_weights(tmp_path / name)


def test_safetensors_under_the_name_of_a_pickle_are_read(checkpoint, tmp_path):
    path, model = checkpoint
    path.rename(tmp_path / "pytorch_model.bin")
    assert set(read_weights(tmp_path / "pytorch_model.bin")) == set(model.state_dict())


def test_the_conversion_that_the_message_shows_works(checkpoint, tmp_path):
    _, model = checkpoint
    torch.save(model.state_dict(), tmp_path / "old.bin")
    with pytest.raises(StageError) as refusal:
        new_encoder("test_resnet", 32, 1.0, weights=tmp_path / "old.bin")
    snippet = str(refusal.value).partition("\n\n")[2]
    subprocess.run([sys.executable, "-W", "error", "-c", snippet], check=True, timeout=100)
    converted = load_file(tmp_path / "old.safetensors")
    torch.testing.assert_close(converted, dict(model.state_dict()), rtol=0, atol=0)


def test_weights_that_two_layers_share_are_written_and_read(tmp_path):
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    model[1].weight = model[0].weight
    write_weights(model, tmp_path / "tied.safetensors")
    torch.testing.assert_close(
        read_weights(tmp_path / "tied.safetensors"), dict(model.state_dict())
    )


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(StageError, match=r"absent/w\.safetensors: cannot be written"):
        write_weights(nn.Linear(2, 2), tmp_path / "absent" / "w.safetensors")
