"""Effects of scanners: focus, noise and JPEG."""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

N_NOISE_FIELDS = 64
JPEG_QUALITY = (60, 91)  # scanners write about 70 to 90; archives compress once more


def refocused(light: Tensor, part: Tensor) -> Tensor:
    """Return blurred or sharpened pictures: part of the way to the mean of 3 px, or away from it.

    Parameters
    ----------
    light
        ``(n, 3, h + 2, w + 2)``: pictures with a margin of 1 px.
    part
        ``(n,)``: 1 for the mean, 0 for no change, negative to sharpen.

    Returns
    -------
    torch.Tensor
        ``(n, 3, h, w)``.
    """
    n, channels, height, width = light.shape
    kernels = (part / 9).view(n, 1, 1).repeat(1, 3, 3)
    kernels[:, 1, 1] += 1 - part
    kernels = kernels.repeat_interleave(channels, 0)[:, None].to(light)
    # Every channel of every view is a channel of one picture with a kernel of its own.
    channels_of_one = light.view(1, n * channels, height, width)
    moved = functional.conv2d(channels_of_one, kernels, groups=n * channels)
    return moved.view(n, channels, height - 2, width - 2)


def with_noise(light: Tensor, deviation: Tensor, field: Tensor) -> Tensor:
    """Return pictures with noise that is independent in every pixel and channel.

    Parameters
    ----------
    light
        ``(n, 3, s, s)``, 1 for white; its memory is used.
    deviation
        ``(n,)`` standard deviation of the noise of each picture, 1 for white.
    field
        ``(n,)`` number of the field of noise of each picture, below `N_NOISE_FIELDS`.
    """
    noise = _noise_fields(light.shape[1:], light.device)[field.to(light.device)]
    return light.addcmul_(noise, deviation.view(-1, 1, 1, 1).to(light))


@lru_cache(maxsize=4)
def _noise_fields(shape: torch.Size, device: torch.device) -> Tensor:
    """Return the fields; drawing each pixel of each view would cost more than all other steps."""
    drawn = torch.randn(N_NOISE_FIELDS, *shape, generator=torch.Generator().manual_seed(0))
    return drawn.to(device)


def compressed(light: Tensor, rows: Tensor, quality: Tensor) -> Tensor:
    """Return pictures of which some were compressed as JPEG (colour at half resolution).

    libjpeg-turbo on the CPU, whatever the device: every device then makes the same views.

    Parameters
    ----------
    light
        ``(n, 3, h, w)`` in 0 to 1, of any size; its memory is used.
    rows
        ``(k,)`` row numbers of the pictures to compress.
    quality
        ``(n,)`` JPEG quality of each picture, 1 to 100.
    """
    if not len(rows):
        return light
    from imagecodecs import jpeg8_decode, jpeg8_encode

    place = rows.to(light.device)
    chosen = (light[place] * 255).round_().to(torch.uint8).permute(0, 2, 3, 1).contiguous().cpu()
    read = [
        jpeg8_decode(jpeg8_encode(picture, level, subsampling="420"))
        for picture, level in zip(chosen.numpy(), quality[rows].tolist(), strict=True)
    ]
    light[place] = torch.from_numpy(np.stack(read)).permute(0, 3, 1, 2).to(light) / 255
    return light
