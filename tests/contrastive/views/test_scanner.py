import io

import numpy as np
import pytest
import torch
from PIL import Image

from skinage.contrastive.views.scanner import compressed, refocused, with_noise
from skinage.slides.reading.batches import read_pixels


@pytest.fixture(scope="module")
def phantom_pixels(phantom_tiles):
    return read_pixels(phantom_tiles.head(2))


def with_margin(pictures):
    return torch.nn.functional.pad(pictures, (1, 1, 1, 1), mode="replicate")


def test_blur_of_one_is_the_mean_of_nine_and_none_is_none():
    pictures = torch.rand(3, 3, 9, 11, generator=torch.Generator().manual_seed(0))
    changed = refocused(with_margin(pictures), torch.tensor([1.0, 0.0, -0.5]))
    mean = pictures[:, :, 3:6, 4:7].mean((2, 3))
    torch.testing.assert_close(changed[0, :, 4, 5], mean[0])
    torch.testing.assert_close(changed[1], pictures[1])
    middle = pictures[2, :, 4, 5]
    torch.testing.assert_close(changed[2, :, 4, 5], middle + 0.5 * (middle - mean[2]))


def test_noise_has_the_deviation_asked_for_and_no_neighbours():
    grey = torch.full((2, 3, 64, 64), 0.5)
    noisy = with_noise(grey.clone(), torch.tensor([0.02, 0.0]), torch.tensor([3, 4])) - grey
    assert noisy[0].std().item() == pytest.approx(0.02, rel=0.03)
    assert abs(noisy[0].mean().item()) < 0.001
    assert torch.equal(noisy[1], torch.zeros(3, 64, 64))
    beside = torch.corrcoef(torch.stack([noisy[0, :, :, 1:], noisy[0, :, :, :-1]]).flatten(1))
    channels = torch.corrcoef(noisy[0].flatten(1))
    assert abs(beside[0, 1]) < 0.05
    assert (channels - torch.eye(3)).abs().max() < 0.05


@pytest.mark.parametrize("quality", [60, 90])
@pytest.mark.parametrize("size_px", [(48, 48), (37, 51)])
def test_jpeg_is_the_one_that_pillow_writes(phantom_pixels, quality, size_px):
    tile = phantom_pixels[0][: size_px[0], : size_px[1]]
    light = torch.from_numpy(tile).permute(2, 0, 1)[None].repeat(2, 1, 1, 1) / 255
    ours = compressed(light.clone(), torch.tensor([1]), torch.tensor([5, quality])) * 255
    written = io.BytesIO()
    Image.fromarray(tile).save(written, "JPEG", quality=quality)
    theirs = np.asarray(Image.open(written)).astype(float)
    assert np.abs(theirs - tile).max() > 5  # there is something to agree on
    assert np.abs(ours[1].permute(1, 2, 0).numpy() - theirs).max() <= 2
    assert torch.equal(ours[0], light[0] * 255)
