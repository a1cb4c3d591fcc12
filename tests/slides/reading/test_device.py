import os

import numpy as np
import psutil
import pytest
import torch

from skinage.errors import StageError
from skinage.slides.reading.batches import read_tiles
from skinage.slides.reading.pool import close_idle


def test_tensors_hold_the_same_pixels_in_the_same_order(tiles):
    plain = list(read_tiles(tiles, 7))
    batches = read_tiles(tiles, 7, device="cpu")
    assert batches.decoder == "CPU"
    assert "GPU" in batches.reason
    sent = list(batches)
    assert len(sent) == len(plain)
    for (rows, tensor), (expected_rows, expected) in zip(sent, plain, strict=True):
        assert (tensor.dtype, tensor.device.type) == (torch.uint8, "cpu")
        np.testing.assert_array_equal(rows, expected_rows)
        np.testing.assert_array_equal(tensor.numpy(), expected)


def test_failures_are_told(tiles, damaged_slide):
    bad = tiles.assign(path=damaged_slide[0], slide_id="bad", x=0, y=0, extent_px=32)
    failures = {}
    assert list(read_tiles(bad, 7, failures, device="cpu")) == []
    assert list(failures) == ["bad"]


def test_stopping_half_way_leaves_nothing(tiles):
    close_idle()
    before = len(os.listdir("/proc/self/fd")), psutil.Process().children()
    batches = read_tiles(tiles, 4, device="cpu")
    next(batches)
    batches.close()
    close_idle()
    assert (len(os.listdir("/proc/self/fd")), psutil.Process().children()) == before


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_missing_gpu_is_an_error(tiles):
    with pytest.raises(StageError, match="no GPU is there"):
        read_tiles(tiles, device="cuda")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_a_gpu_gets_the_same_pixels(tiles):
    plain = list(read_tiles(tiles, 7))
    for (rows, tensor), (expected_rows, expected) in zip(
        read_tiles(tiles, 7, device="cuda"), plain, strict=True
    ):
        assert tensor.device.type == "cuda"
        np.testing.assert_array_equal(rows, expected_rows)
        np.testing.assert_array_equal(tensor.cpu().numpy(), expected)
