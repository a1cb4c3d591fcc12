import os

import numpy as np
import psutil
import pytest
import torch

from skinage import read_tensors, read_tiles
from skinage.errors import SettingError, SlideError
from skinage.slides.reading.pool import close_idle

DEVICES = [
    "cpu",
    pytest.param(
        "cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
    ),
]


@pytest.mark.parametrize("device", DEVICES)
def test_tensors_hold_the_same_pixels_in_the_same_order(tiles, device):
    plain = list(read_tiles(tiles, batch_size=7))
    sent = list(read_tensors(tiles, batch_size=7, device=device))
    assert len(sent) == len(plain)
    for (rows, tensor), (expected_rows, expected) in zip(sent, plain, strict=True):
        assert (tensor.dtype, tensor.device.type) == (torch.uint8, device)
        np.testing.assert_array_equal(rows, expected_rows)
        np.testing.assert_array_equal(tensor.cpu().numpy(), expected)


def test_auto_is_the_gpu_if_there_is_one(tiles):
    _, tensor = next(read_tensors(tiles, batch_size=7))
    assert tensor.device.type == ("cuda" if torch.cuda.is_available() else "cpu")


def test_failures_are_reported_or_raised(tiles, damaged_slide):
    bad = tiles.assign(path=damaged_slide[0], slide_id="bad", x=0, y=0, extent_px=32)
    failures = {}
    assert list(read_tensors(bad, batch_size=7, failures=failures, device="cpu")) == []
    assert list(failures) == ["bad"]
    with pytest.raises(SlideError, match="JPEG"):
        list(read_tensors(bad, device="cpu"))


@pytest.mark.parametrize("device", DEVICES)
def test_stopping_half_way_leaves_nothing(tiles, device):
    next(read_tensors(tiles, batch_size=4, device=device))  # opens what the device itself needs
    close_idle()
    before = len(os.listdir("/proc/self/fd")), psutil.Process().children()
    batches = read_tensors(tiles, batch_size=4, device=device)
    next(batches)
    batches.close()
    close_idle()
    assert (len(os.listdir("/proc/self/fd")), psutil.Process().children()) == before


def test_an_unknown_device_is_an_error(tiles):
    with pytest.raises(SettingError, match="device is 'tpu'; expected 'auto', 'cpu' or 'cuda'"):
        read_tensors(tiles, device="tpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_missing_gpu_is_an_error(tiles):
    with pytest.raises(SettingError, match="torch finds no GPU"):
        read_tensors(tiles, device="cuda")
