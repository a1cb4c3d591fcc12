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

    A view shows a part of the tile, turned and stained anew. Two views that share only some of
    their field are meant to be matched by what the tissue is like, not by where each spot lies.

    Attributes
    ----------
    share
        Side of a view as a share of the tile's side, in pixels and, but for the zoom, in um.
    zoom
        Physical scale is kept within this factor, up and down.
    stain_strength
        Standard deviation of the log of each stain's strength; 0.3 covers laboratories.
    stain_mixing
        Standard deviation of what one stain takes of another's colour.
    background
        Standard deviation of an optical-density offset per colour channel (scanner white point).
    focus
        How far a view is blurred (up to 1: a whole 3 px mean) or sharpened (by as much), as
        scanners differ.
    turns
        Quarter turns and mirrors: tissue has no up.
    """

    share: float = 0.5
    zoom: float = 1.25
    stain_strength: float = 0.3
    stain_mixing: float = 0.05
    background: float = 0.03
    focus: float = 0.8
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
            ``(n, 3, share * h, share * w)`` float32 in 0 to 1.
        """
        density = optical_density(pixels)
        moved = self._focus(self._move(density, generator), generator)
        return torch.exp(-self._stain(moved, generator)).clamp_(0, 1)

    def _move(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Turn, mirror, crop: one bilinear resampling."""
        n, channels, height, width = images.shape
        angle = torch.zeros(n)
        mirror = torch.ones(n)
        if self.turns:
            angle = torch.randint(4, (n,), generator=generator) * (math.pi / 2)
            mirror = torch.randint(2, (n,), generator=generator) * 2.0 - 1
        scale = self.zoom ** (torch.rand(n, generator=generator) * 2 - 1)
        side = (self.share * scale).clamp(max=1.0)  # of the tile, in um
        shift = (torch.rand(n, 2, generator=generator) * 2 - 1) * (1 - side)[:, None]
        cosine, sine = torch.cos(angle) * side, torch.sin(angle) * side
        theta = torch.stack(
            [
                torch.stack([cosine * mirror, -sine, shift[:, 0]], 1),
                torch.stack([sine * mirror, cosine, shift[:, 1]], 1),
            ],
            1,
        )  # (n, 2, 3)
        size = [n, channels, round(self.share * height), round(self.share * width)]
        grid = functional.affine_grid(theta.to(images), size, align_corners=False)
        return functional.grid_sample(
            images, grid, mode="bilinear", padding_mode="reflection", align_corners=False
        )

    def _focus(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Blur or sharpen: go part of the way to the local mean, or away from it."""
        if not self.focus:
            return images
        part = (torch.rand(len(images), 1, 1, 1, generator=generator) * 2 - 1) * self.focus
        mean = functional.avg_pool2d(images, 3, stride=1, padding=1, count_include_pad=False)
        return torch.lerp(images, mean, part.to(images))

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
