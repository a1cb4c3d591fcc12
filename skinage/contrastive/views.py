"""Views: what may change between two pictures of the same tissue without changing its age.

Made on whole batches, on the device of the model: one resampling for the geometry, one matrix in
optical density for the stain.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

# Optical-density directions of haematoxylin, eosin and the residual; rows, RGB.
# Ruifrok & Johnston, Anal Quant Cytol Histol 23 (2001) 291.
STAINS = torch.tensor([[0.650, 0.704, 0.286], [0.072, 0.990, 0.105], [0.268, 0.570, 0.776]])
WHITE = 255.0
OPTICAL_DENSITY_LIMIT = math.log(WHITE)


@dataclass(frozen=True)
class HistologyViews:
    """Random views of H&E tiles that keep physical scale and structure.

    Attributes
    ----------
    zoom
        Largest magnification of the crop; 1.25 keeps physical scale within a quarter.
    stain_strength
        Standard deviation of the log of each stain's strength; 0.3 covers laboratories.
    stain_mixing
        Standard deviation of what one stain takes of another's colour.
    background
        Standard deviation of an optical-density offset per colour channel (scanner white point).
    turns
        Quarter turns and mirrors: tissue has no up.
    """

    zoom: float = 1.25
    stain_strength: float = 0.3
    stain_mixing: float = 0.05
    background: float = 0.03
    turns: bool = True

    def __call__(self, pixels: Tensor, generator: torch.Generator) -> Tensor:
        """Draw one view of every tile.

        Parameters
        ----------
        pixels
            ``(n, 3, h, w)`` uint8 RGB.
        generator
            Source of randomness on the CPU, so that every device draws the same views.

        Returns
        -------
        torch.Tensor
            ``(n, 3, h, w)`` float32 in 0 to 1.
        """
        density = optical_density(pixels)
        moved = self._move(density, generator)
        return torch.exp(-self._stain(moved, generator)).clamp_(0, 1)

    def _move(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Turn, mirror, crop: one bilinear resampling."""
        n = len(images)
        angle = torch.zeros(n)
        mirror = torch.ones(n)
        if self.turns:
            angle = torch.randint(4, (n,), generator=generator) * (math.pi / 2)
            mirror = torch.randint(2, (n,), generator=generator) * 2.0 - 1
        side = 1 - torch.rand(n, generator=generator) * (1 - 1 / self.zoom)  # fraction kept
        shift = (torch.rand(n, 2, generator=generator) * 2 - 1) * (1 - side)[:, None]
        cosine, sine = torch.cos(angle) * side, torch.sin(angle) * side
        theta = torch.stack(
            [
                torch.stack([cosine * mirror, -sine, shift[:, 0]], 1),
                torch.stack([sine * mirror, cosine, shift[:, 1]], 1),
            ],
            1,
        )  # (n, 2, 3)
        grid = functional.affine_grid(theta.to(images), list(images.shape), align_corners=False)
        return functional.grid_sample(
            images, grid, mode="bilinear", padding_mode="reflection", align_corners=False
        )

    def _stain(self, density: Tensor, generator: torch.Generator) -> Tensor:
        """Change stain strengths and colours: one 3x3 matrix per view in optical density."""
        n = len(density)
        strength = torch.exp(torch.randn(n, 3, generator=generator) * self.stain_strength)
        mixing = torch.randn(n, 3, 3, generator=generator) * self.stain_mixing
        change = torch.diag_embed(strength) + mixing  # in stain coordinates
        matrix = torch.linalg.inv(STAINS) @ change @ STAINS  # (n, 3, 3), acts on RGB rows
        offset = torch.randn(n, 3, 1, generator=generator) * self.background
        flat = density.flatten(2)  # (n, 3, h*w)
        changed = matrix.transpose(1, 2).to(flat) @ flat + offset.to(flat)
        return changed.view_as(density)


def optical_density(pixels: Tensor) -> Tensor:
    """Turn 8-bit light into optical density, where stains add up (Beer and Lambert).

    Parameters
    ----------
    pixels
        ``(n, 3, h, w)`` uint8 RGB.

    Returns
    -------
    torch.Tensor
        ``(n, 3, h, w)`` float32, 0 for white, at most ``ln 255``.
    """
    return -torch.log(pixels.float().clamp_(min=1.0) / WHITE)
