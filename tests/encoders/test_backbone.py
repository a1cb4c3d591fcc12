import pytest
import timm
import torch

from skinage import StageError
from skinage.encoders.backbone import (
    ClassAndMean,
    build_backbone,
    feature_width,
)
from skinage.encoders.foundation import describe


@pytest.fixture
def images():
    return torch.randn(3, 3, 32, 32, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("registers", [0, 4])
def test_class_token_stands_beside_the_mean_of_patches_without_registers(images, registers):
    metadata = describe("test_vit") | {"features": "class_and_mean"}
    metadata["model_args"] = {"reg_tokens": registers, "global_pool": ""}
    module = build_backbone(metadata).eval()
    with torch.inference_mode():
        features, tokens = module(images), module.model(images)
    assert tokens.shape == (3, 1 + registers + 4, 64)
    torch.testing.assert_close(features[:, :64], tokens[:, 0])
    torch.testing.assert_close(features[:, 64:], tokens[:, 1 + registers :].sum(1) / 4)


def test_class_and_mean_needs_a_class_token():
    with pytest.raises(StageError, match="class token; found a ResNet"):
        ClassAndMean(timm.create_model("test_resnet", num_classes=0))


def test_a_backbone_has_no_classifier_and_is_channels_last():
    module = build_backbone(describe("test_resnet"))
    assert not [name for name in module.state_dict() if name.startswith("fc.")]
    assert module.conv1[0].weight.is_contiguous(memory_format=torch.channels_last)


def test_layers_of_a_card_come_by_name():
    metadata = describe("test_vit")
    metadata["model_args"] = {"mlp_layer": "SwiGLUPacked", "act_layer": "SiLU", "num_classes": 5}
    module = build_backbone(metadata)
    assert isinstance(module.blocks[0].mlp.act, torch.nn.SiLU)
    assert module.blocks[0].mlp.fc1.out_features == 2 * module.blocks[0].mlp.fc2.in_features
    assert isinstance(module.head, torch.nn.Identity)


def test_arguments_that_an_architecture_does_not_take_are_named():
    metadata = describe("test_resnet") | {"model_args": {"reg_tokens": 4}}
    with pytest.raises(StageError, match=r"cannot build a test_resnet with .*reg_tokens"):
        build_backbone(metadata)


def test_a_fixed_size_is_that_of_the_card_and_other_tiles_are_refused():
    metadata = describe("test_vit3")  # takes one size only
    assert metadata["fixed_input_size"]
    metadata = metadata | {"backbone": "test_vit3", "input_size": [3, 64, 64]}
    module = build_backbone(metadata).eval()
    assert feature_width(module, metadata, 64) == 96
    with pytest.raises(StageError, match=r"tile_px: found 48; test_vit3 takes tile_px=64"):
        feature_width(module, metadata, 48)


def test_tokens_instead_of_one_vector_are_refused():
    metadata = describe("test_vit") | {"backbone": "test_vit", "model_args": {"global_pool": ""}}
    with pytest.raises(StageError, match=r"array of \(5, 64\) a tile"):
        feature_width(build_backbone(metadata), metadata, 32)
