"""Turned, mirrored and zoomed parts of tiles, by one bilinear resampling."""

import torch
from torch import Tensor
from torch.nn import functional


def resampled(light: Tensor, middle: Tensor, step: Tensor, turned: Tensor, side: int) -> Tensor:
    """Return a square part of every tile.

    Parameters
    ----------
    light
        ``(n, 3, h, w)`` float32.
    middle
        ``(n, 2)`` x and y of the middle of each part, in pixels from the tile's corner.
    step
        ``(n, 2)`` tile pixels in x and y from one pixel of the part to the next; negative to
        mirror.
    turned
        ``(n,)`` 1 where the columns of the part run along the rows of the tile, else 0.
    side
        Pixels of a part, both ways. Beyond the tile its outermost pixels go on.

    Returns
    -------
    torch.Tensor
        ``(n, 3, side, side)``.
    """
    half = torch.tensor([light.shape[3], light.shape[2]]) / 2
    # grid_sample counts from -1 to 1; (n, 2, side): how far x and y get along their own axis.
    from_middle = torch.arange(side) + 0.5 - side / 2
    way = ((step / half)[..., None] * from_middle).to(light.device)
    start = (middle / half - 1)[..., None].to(light.device)
    by_column = torch.stack([1 - turned, turned], 1)[..., None].to(way)
    along_columns, along_rows = start + way * by_column, way * (1 - by_column)
    grid = (along_columns[:, :, None, :] + along_rows[..., None]).permute(0, 2, 3, 1)
    return functional.grid_sample(light, grid, padding_mode="border", align_corners=False)
