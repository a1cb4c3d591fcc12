"""Changes of stains: one matrix per view in optical density, where stains add up."""

import math

import torch
from torch import Tensor

from skinage.stains import STAIN_VECTORS

STAINS = torch.tensor(STAIN_VECTORS, dtype=torch.float32)
WHITE = 255.0


def stain_change(strength: Tensor, mixing: Tensor) -> Tensor:
    """Return the matrices that change the stains in optical density.

    Parameters
    ----------
    strength
        ``(n, 3)`` factors of haematoxylin, eosin and the residual.
    mixing
        ``(n, 3, 3)``: what each stain (row) takes of the colour of each (column).

    Returns
    -------
    torch.Tensor
        ``(n, 3, 3)``; multiplies columns of RGB optical density from the left.
    """
    change = torch.diag_embed(strength) + mixing  # in coordinates of the stains
    return (torch.linalg.inv(STAINS) @ change @ STAINS).transpose(1, 2)


def restained(light: Tensor, matrix: Tensor, offset: Tensor) -> Tensor:
    """Return pictures with changed optical density.

    Parameters
    ----------
    light
        ``(n, 3, h, w)`` float32 from 0 to 255; its memory is used.
    matrix
        ``(n, 3, 3)`` from `stain_change`.
    offset
        ``(n, 3)`` optical density added to each channel.

    Returns
    -------
    torch.Tensor
        ``(n, 3, h, w)`` light, 1 for white; may be brighter than white.
    """
    # ln(out) = matrix (ln(in) - ln(white)) - offset: the white goes into the offset, one pass less.
    offset = offset + matrix.sum(2) * math.log(WHITE)
    logarithm = light.clamp_(min=1.0).log_().flatten(2)
    changed = torch.baddbmm(-offset[..., None].to(light), matrix.to(light), logarithm)
    return changed.exp_().view_as(light)
