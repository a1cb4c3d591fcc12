"""Heat maps that follow gradients of the age, by Captum."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from skinage.errors import StageError
from skinage.explain.attribution.age_of_tiles import BATCH, AgeOfTiles

FIRST_STEPS, MOST_PASSES = 8, 4096
TOLERANCE, TOLERANCE_YEARS = 0.02, 0.01
ERROR_PART = 0.2
"""Of the standard error over the pictures: a finer integral would only look more certain."""
N_NOISY, NOISE_PART = 50, 0.15
"""Copies of the tile, and the noise as a part of the tile's range (Smilkov et al., section 3.2)."""

Found = tuple[Tensor, int]
"""``(h, w)`` heat, and how many pictures passed the encoder for it."""


def integrated(age_of: AgeOfTiles, tile: Tensor, pictures: Tensor, seed: int) -> Found:
    """Integrate gradients from each picture to the tile (Gauss and Legendre), and average.

    The number of steps is doubled, up to 4,096 steps of all pictures together, until the heat
    adds up to the difference as nearly as `allowed_error` says.

    Parameters
    ----------
    age_of
        The person's age as a function of the tile.
    tile, pictures
        ``(1, 3, h, w)`` and ``(n, 3, h, w)``, prepared.
    seed
        Not needed: nothing is drawn.
    """
    from captum.attr import IntegratedGradients

    integrate = IntegratedGradients(age_of).attribute
    with torch.no_grad():
        ages = [age_of(some) for some in pictures.split(BATCH)]
        years = (age_of(tile) - torch.cat(ages)).cpu().numpy()
    difference, error = mean_and_error(years)
    allowed = allowed_error(difference, error)
    n_steps, n_passes = FIRST_STEPS, 0
    while True:
        heat = torch.zeros_like(tile[0, 0], dtype=torch.float64)
        # A few pictures at a time: Captum makes all steps of all of them at once.
        for some in pictures.split(max(1, 512 // n_steps)):
            ends = tile.expand(len(some), -1, -1, -1)
            found = integrate(ends, some, n_steps=n_steps, internal_batch_size=BATCH)
            heat += found.sum(dim=(0, 1)) / len(pictures)
        n_passes += n_steps * len(pictures)
        is_near = abs(float(heat.sum()) - difference) <= allowed
        if is_near or 2 * n_steps * len(pictures) > MOST_PASSES:
            return heat, n_passes
        n_steps *= 2


def mean_and_error(years: np.ndarray) -> tuple[float, float]:
    """Return the mean over pictures and its standard error, 0 for one picture; in years."""
    error = float(years.std(ddof=1) / np.sqrt(len(years))) if len(years) > 1 else 0.0
    return float(years.mean()), error


def allowed_error(difference: float, standard_error: float) -> float:
    """Return how many years a heat map may miss the difference by, in years."""
    return max(TOLERANCE * abs(difference), TOLERANCE_YEARS, ERROR_PART * standard_error)


def smooth_grad(age_of: AgeOfTiles, tile: Tensor, pictures: Tensor | None, seed: int) -> Found:
    """Average gradients over copies of the tile with noise; no picture is needed."""
    from captum.attr import NoiseTunnel, Saliency

    noise = NOISE_PART * float(tile.max() - tile.min())
    with torch.random.fork_rng(devices=[tile.device] if tile.is_cuda else []):
        torch.manual_seed(seed)
        found = NoiseTunnel(Saliency(age_of)).attribute(
            tile, nt_type="smoothgrad", nt_samples=N_NOISY, nt_samples_batch_size=BATCH,
            stdevs=noise, abs=False,
        )  # fmt: skip
    return found[0].sum(dim=0), N_NOISY


def grad_cam(age_of: AgeOfTiles, tile: Tensor, pictures: Tensor | None, seed: int) -> Found:
    """Weigh the last layer that is a picture by its mean gradients; no picture is needed."""
    from captum.attr import LayerAttribution, LayerGradCam

    layer = _last_picture(age_of.module, tile)
    small = LayerGradCam(age_of, layer).attribute(tile, attr_dim_summation=True)
    size = (tile.shape[-2], tile.shape[-1])
    return LayerAttribution.interpolate(small, size, "bilinear")[0, 0], 1


def _last_picture(module: nn.Module, tile: Tensor) -> nn.Module:
    """Return the last layer whose output has places, ``(1, channels, h, w)``.

    Raises
    ------
    StageError
        If there is none, or layers of tokens come behind it.
    """
    shapes: list[tuple[nn.Module, torch.Size]] = []

    def note(layer: nn.Module, inputs: Any, output: Any) -> None:
        if isinstance(output, Tensor):
            shapes.append((layer, output.shape))

    hooks = [layer.register_forward_hook(note) for layer in module.modules()]
    try:
        with torch.no_grad():
            module(tile)
    finally:
        for hook in hooks:
            hook.remove()
    with_places = [
        (layer, shape)
        for layer, shape in shapes
        if len(shape) == 3 or (len(shape) == 4 and min(shape[-2:]) > 1)
    ]
    if not with_places or len(with_places[-1][1]) == 3:
        kind = "tokens" if with_places else "no picture"
        raise StageError(
            f"attribute: the last layers of this encoder give {kind}, and grad_cam needs a layer "
            "(1, channels, h, w); use expected_gradients or occlusion"
        )
    return with_places[-1][0]
