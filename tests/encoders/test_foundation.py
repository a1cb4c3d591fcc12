import json
import shutil
from pathlib import Path

import httpx
import pytest
import timm
import torch
from huggingface_hub.errors import (
    GatedRepoError,
    LocalEntryNotFoundError,
    RemoteEntryNotFoundError,
)
from safetensors.torch import save_file

from skinage import SettingError, StageError
from skinage.encoders import foundation
from skinage.encoders.backbone import build_backbone
from skinage.encoders.encoder import new_encoder
from skinage.encoders.foundation import ASKED, describe, foundation_model

MEAN, STD = [0.7, 0.6, 0.5], [0.2, 0.3, 0.1]


@pytest.fixture
def folder(tmp_path):
    """A ViT in timm's layout, with a picture size and colours of its own."""
    return stand_in(tmp_path / "stand-in")


def stand_in(folder, model_args=(), **layers):
    torch.manual_seed(3)
    folder.mkdir()
    model = timm.create_model("test_vit", num_classes=7, img_size=64, **dict(model_args), **layers)
    save_file(model.state_dict(), folder / "model.safetensors")
    pictures = {"mean": MEAN, "std": STD, "input_size": [3, 64, 64], "fixed_input_size": True}
    classes = {"num_classes": 7, "classifier": "head"}
    config = {"architecture": "test_vit", "pretrained_cfg": pictures | classes}
    (folder / "config.json").write_text(json.dumps(config | {"model_args": dict(model_args)}))
    return folder


@pytest.fixture
def hub(folder, monkeypatch):
    """The hub's downloader with the stand-in as its only repository; gives what was asked for."""
    asked = []

    def download(repository, filename, *, revision=None):
        asked.append((repository, filename, revision))
        if not (folder / filename).is_file():
            raise refused(RemoteEntryNotFoundError, 404)
        return str(folder / filename)

    monkeypatch.setattr(foundation, "hf_hub_download", download)
    return asked


def refused(kind, status):
    request = httpx.Request("GET", "https://huggingface.co/org/model")
    return kind("refused", response=httpx.Response(status, request=request))


def test_a_folder_says_colours_and_size_and_loads_its_weights(folder):
    encoder = new_encoder(f"local-dir:{folder}", 64, 0.5)
    expected = timm.create_model(f"local-dir:{folder}", pretrained=True, num_classes=0).eval()
    images = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        torch.testing.assert_close(encoder.module(images), expected(images))
    assert encoder.metadata["mean"] == MEAN
    assert encoder.metadata["std"] == STD
    assert encoder.metadata["input_size"] == [3, 64, 64]
    assert encoder.metadata["method"] == "pretrained"
    assert encoder.metadata["weights_dropped"] == ["head.bias", "head.weight"]


@pytest.mark.parametrize("backbone", ["hf-hub:org/model@v1", "hf_hub:org/model@v1"])
def test_the_hub_gives_what_the_folder_gives(folder, hub, backbone):
    fetched, local = new_encoder(backbone, 64, 0.5), new_encoder(f"local-dir:{folder}", 64, 0.5)
    same = ("architecture", "model_args", "mean", "std", "input_size", "weights_hash", "features")
    assert {key: fetched.metadata[key] for key in same} == {
        key: local.metadata[key] for key in same
    }
    assert hub == [("org/model", name, "v1") for name in ("config.json", "model.safetensors")]
    assert fetched.metadata["backbone"] == backbone


@pytest.mark.parametrize("backbone", ["hf-hub:paige-ai/Virchow2", "local-dir:{}/Virchow2"])
def test_what_a_model_card_asks_is_added_to_the_config(tmp_path, monkeypatch, backbone):
    # The layers stand on the model metadata only, not in the config.
    layers = {"mlp_layer": timm.layers.SwiGLUPacked, "act_layer": torch.nn.SiLU}
    folder = stand_in(tmp_path / "Virchow2", {"reg_tokens": 4, "global_pool": ""}, **layers)
    monkeypatch.setattr(foundation, "hf_hub_download", lambda _, name, **__: str(folder / name))
    encoder = new_encoder(backbone.format(tmp_path), 64, 0.5)
    assert encoder.metadata["features"] == "class_and_mean"
    assert encoder.metadata["dim"] == 2 * 64
    assert encoder.metadata["model_args"]["mlp_layer"] == "SwiGLUPacked"
    renamed = shutil.copytree(folder, tmp_path / "renamed")
    with pytest.raises(StageError, match="one vector"):
        new_encoder(f"local-dir:{renamed}", 64, 0.5)


def test_foundation_models_are_known_by_repository_or_folder():
    assert foundation_model("hf-hub", "mahmoodlab/UNI@main") == "MahmoodLab/UNI"
    assert foundation_model("hf-hub", "somebody/UNI") == ""
    assert foundation_model("local-dir", "/data/UNI2-h/") == "MahmoodLab/UNI2-h"
    cached = "/cache/models--paige-ai--Virchow/snapshots/0a1b"
    assert foundation_model("local-dir", cached) == "paige-ai/Virchow"
    assert foundation_model("local-dir", "/data/uni/encoder") == ""
    assert foundation_model("name", "resnet18") == ""


@pytest.mark.parametrize(
    ("repository", "architecture", "model_args", "millions"),
    [
        ("MahmoodLab/UNI", "vit_large_patch16_224", {}, 303.4),
        ("MahmoodLab/UNI2-h", "vit_giant_patch14_224", {}, 681.4),
        ("bioptimus/H-optimus-0", "vit_giant_patch14_reg4_dinov2", {}, 1134.8),
        (
            "paige-ai/Virchow",
            "vit_huge_patch14_224",
            {"mlp_ratio": 5.3375, "init_values": 1},
            631.2,
        ),
    ],
)
def test_sizes_are_the_published_ones(repository, architecture, model_args, millions):
    size = {"input_size": [3, 224, 224], "fixed_input_size": True}
    metadata = describe(architecture) | size | {"model_args": model_args | ASKED[repository]}
    with torch.device("meta"):  # shapes without memory
        module = build_backbone(metadata)
    count = sum(weight.numel() for weight in module.parameters())
    assert count / 1e6 == pytest.approx(millions, abs=0.06)


def test_only_a_pickle_there_is_refused_with_a_way_out(folder, hub):
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    for backbone in ("hf-hub:org/model", f"local-dir:{folder}"):
        with pytest.raises(StageError, match=r"(?s)no model\.safetensors.*weights_only=True"):
            new_encoder(backbone, 64, 0.5)


@pytest.mark.parametrize(
    "error", [LocalEntryNotFoundError("offline"), refused(GatedRepoError, 403), OSError("cable")]
)
def test_hub_out_of_reach_says_what_to_do(monkeypatch, error):
    def download(*_, **__):
        raise error

    monkeypatch.setattr(foundation, "hf_hub_download", download)
    with pytest.raises(StageError) as refusal:
        describe("hf-hub:org/model")
    for advice in ("licence", "https://huggingface.co/org/model", "login", "local-dir:model"):
        assert advice in str(refusal.value)


def test_weights_out_of_reach_are_not_taken_for_absent(folder, monkeypatch):
    def download(_, filename, **__):
        if filename == "config.json":
            return str(folder / filename)
        raise LocalEntryNotFoundError("offline")

    monkeypatch.setattr(foundation, "hf_hub_download", download)
    with pytest.raises(StageError, match="cannot be fetched"):
        new_encoder("hf-hub:org/model", 64, 0.5)


def test_a_folder_without_a_timm_config_is_refused(folder):
    with pytest.raises(StageError, match=r"config\.json: not there"):
        describe(f"local-dir:{folder / 'absent'}")
    config = Path(folder / "config.json")
    for text in ('{"architectures": ["ViTModel"]}', "{", "[1]"):
        config.write_text(text)
        with pytest.raises(StageError, match="not a timm config"):
            describe(f"local-dir:{folder}")
    config.write_text('{"architecture": "vit_tset", "pretrained_cfg": {}}')
    with pytest.raises(SettingError, match=r"no model 'vit_tset' of local-dir"):
        describe(f"local-dir:{folder}")


def test_a_repository_without_a_config_is_not_taken_for_out_of_reach(folder, hub):
    (folder / "config.json").unlink()
    with pytest.raises(StageError, match=r"config\.json: not there; expected timm's layout"):
        describe("hf-hub:org/model")


def test_a_config_of_one_level_and_free_picture_sizes_are_read_as_timm_does(folder):
    config = json.loads((folder / "config.json").read_text())
    flat = {"architecture": config["architecture"], **config["pretrained_cfg"]}
    whole = describe(f"local-dir:{folder}")
    (folder / "config.json").write_text(json.dumps(flat))
    assert describe(f"local-dir:{folder}") == whole
    config["model_args"] = {"dynamic_img_size": True}
    (folder / "config.json").write_text(json.dumps(config))
    assert not describe(f"local-dir:{folder}")["fixed_input_size"]
    model = timm.create_model(f"local-dir:{folder}", pretrained=False)
    assert not model.pretrained_cfg["fixed_input_size"]


@pytest.mark.parametrize(
    ("name", "found"),
    [("resnet_18", "resnet18"), ("resnet18.of_mine", "resnet18"), ("org/model", "hf-hub:")],
)
def test_unknown_names_get_near_ones(name, found):
    with pytest.raises(SettingError, match=found):
        describe(name)


def test_a_tag_chooses_the_colours_of_a_name():
    assert describe("vit_base_patch16_224.augreg_in21k")["mean"] == [0.5, 0.5, 0.5]
    assert describe("vit_base_patch16_224.dino")["mean"] == [0.485, 0.456, 0.406]
