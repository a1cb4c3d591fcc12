"""Heat maps from patches of a tile that are replaced, by Captum; no gradient is needed."""

import torch
from torch import Tensor

from skinage.explain.attribution.age_of_tiles import BATCH, AgeOfTiles

PATCHES = 8
"""Patches along a side."""


def occlusion(age_of: AgeOfTiles, tile: Tensor, pictures: Tensor, seed: int) -> tuple[Tensor, int]:
    """Replace each patch by the same place of each picture, and share its years over its pixels.

    Two grids of patches, one shifted by half a patch, are averaged.

    Parameters
    ----------
    age_of
        The person's age as a function of the tile.
    tile, pictures
        ``(1, 3, h, w)`` and ``(n, 3, h, w)``, prepared.
    seed
        Not needed: nothing is drawn.

    Returns
    -------
    heat : torch.Tensor
        ``(h, w)`` years per pixel, the mean over the pictures.
    n_passes : int
        How many pictures passed the encoder.
    """
    from captum.attr import FeatureAblation

    side = max(1, tile.shape[-1] // PATCHES)
    heat, n_passes = torch.zeros_like(tile[0, 0], dtype=torch.float64), 0
    for shift in (0, side // 2):
        patch = _patches(tile, side, shift)
        area = torch.bincount(patch.flatten())[patch]
        for some in pictures.split(BATCH):
            with torch.no_grad():
                found = FeatureAblation(age_of).attribute(
                    tile.expand(len(some), -1, -1, -1), some, feature_mask=patch[None, None],
                    perturbations_per_eval=max(1, BATCH // len(some)),
                )  # fmt: skip
            # The three colours of a patch are replaced together and all have its years.
            heat += found[:, 0].sum(dim=0) / area / len(pictures) / 2
            n_passes += len(some) * (int(patch.max()) + 2)
    return heat, n_passes


def _patches(tile: Tensor, side: int, shift: int) -> Tensor:
    """Return the number of the patch of each pixel, ``(h, w)`` from 0 without a gap."""
    height, width = tile.shape[-2:]
    rows = (torch.arange(height, device=tile.device) + shift) // side
    columns = (torch.arange(width, device=tile.device) + shift) // side
    return rows[:, None] * (int(columns.max()) + 1) + columns
