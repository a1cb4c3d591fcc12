"""Views of H&E tiles: changes that do not change the age of the tissue.

They are made on whole batches, on the device of the model: one resampling for the geometry, one
matrix in optical density for the stain, one small convolution for the focus. Changes that destroy
structure or invent colours (shear, solarising, turning the hue) are not among them, on purpose.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any

import torch
from torch import Tensor

from skinage.contrastive.views.geometry import resampled
from skinage.contrastive.views.scanner import (
    JPEG_QUALITY,
    N_NOISE_FIELDS,
    compressed,
    refocused,
    with_noise,
)
from skinage.contrastive.views.stains import WHITE, restained, stain_change
from skinage.errors import SettingError

BYTES_AT_ONCE = 4 * 2**20  # of tiles, in float32


@dataclass(frozen=True)
class HistologyViews:
    """Random views of H&E tiles that keep physical scale and structure.

    A view shows a part of the tile, turned, stained and scanned anew. Two views share only part of
    their field, so that the encoder matches them by the kind of tissue and not by its position.
    Each attribute is a switch of its own; 0 (for `zoom`: 1) or False is off.

    Attributes
    ----------
    share
        Side of a view divided by the (shorter) side of the tile, in pixels; without the zoom also
        in um.
    zoom
        Largest factor by which the physical scale changes, up and down.
    anywhere
        Whether a view lies anywhere in the tile, instead of in its middle.
    turns
        Whether views are turned by quarters and mirrored: tissue has no up.
    haematoxylin, eosin, residual
        Standard deviation of the logarithm of the strength of this stain; 0.3 covers the
        differences between laboratories.
    stain_mixing
        Standard deviation of the part of each stain vector that is added to another.
    background
        Standard deviation of an optical-density offset per colour channel (white balance).
    focus
        Largest blur (1 is the mean of 3 px) and largest sharpening, for scanners differ.
    noise
        Largest standard deviation of pixel noise in light, 1 for white; each view draws its own
        below it. 0.01 is 2.5 of 255 grey levels, what a camera leaves in plain glass.
    jpeg
        Proportion of views that are compressed once more as JPEG, with a quality from 60 to 90.
        It is small, because to compress a view costs nearly as much as to make it, and most slides
        are compressed already.

    Raises
    ------
    SettingError
        If a value is outside its range.
    """

    share: float = 0.5
    zoom: float = 1.25
    anywhere: bool = True
    turns: bool = True
    haematoxylin: float = 0.3
    eosin: float = 0.3
    residual: float = 0.3
    stain_mixing: float = 0.05
    background: float = 0.03
    focus: float = 0.8
    noise: float = 0.01
    jpeg: float = 0.05

    def __post_init__(self) -> None:
        """Refuse settings that no view can have."""
        wrong = {name: value for name, value in asdict(self).items() if value < 0}
        wrong |= {"zoom": self.zoom} if self.zoom < 1 else {}
        wrong |= {"share": self.share} if not 0 < self.share <= 1 else {}
        wrong |= {"jpeg": self.jpeg} if self.jpeg > 1 else {}
        if wrong:
            raise SettingError(
                f"views: found {wrong}; expected share above 0 and up to 1, zoom of 1 or more, "
                "jpeg from 0 to 1, the others 0 (off) or more."
            )

    def __call__(self, pixels: Tensor, generator: torch.Generator, copies: int = 1) -> Tensor:
        """Return random views of every tile.

        Parameters
        ----------
        pixels
            ``(n, 3, h, w)`` uint8 RGB, on any device.
        generator
            Source of all randomness, on the CPU, so that every device draws the same views.
        copies
            Views of each tile.

        Returns
        -------
        torch.Tensor
            ``(copies * n, 3, s, s)`` float32 in 0 to 1, ``s = share * min(h, w)``; the first
            view of every tile, then the second of every tile, and so on.
        """
        n, height, width = len(pixels), *pixels.shape[2:]
        side = max(1, round(self.share * min(height, width)))
        views = torch.empty(copies, n, 3, side, side, device=pixels.device)
        # Some tiles at a time on the CPU: memory that stays in the cache and is used again.
        at_once = max(1, BYTES_AT_ONCE // (12 * height * width)) if views.is_cpu else n
        # Half precision is for the network: eight bits of a logarithm would band the light.
        with torch.no_grad(), torch.autocast(pixels.device.type, enabled=False):
            drawn = self._draw(copies * n, side, torch.tensor([width, height]), generator)
            draws = {name: drawn[name].unflatten(0, (copies, n)) for name in drawn}
            for first in range(0, n, at_once):
                some = slice(first, first + at_once)
                light = pixels[some].to(torch.float32, memory_format=torch.contiguous_format)
                for copy in range(copies):
                    of_these = {name: draws[name][copy, some] for name in draws}
                    views[copy, some] = self._made(light, of_these, side)
        return compressed(views.flatten(0, 1), drawn["written"].nonzero()[:, 0], drawn["quality"])

    def smaller(self) -> "HistologyViews":
        """Return the views of half the side.

        Returns
        -------
        HistologyViews
            Views with half the ``share`` and all other settings the same.
        """
        return replace(self, share=self.share / 2)

    def describe(self) -> dict[str, Any]:
        """Return all settings that decide the views.

        Returns
        -------
        dict
            The attributes by name, and the name of the class as ``made_by``.
        """
        return {"made_by": type(self).__name__, **asdict(self)}

    def _draw(
        self, n: int, side: int, size_px: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Draw all numbers of ``n`` views, on the CPU; no switch changes the draws of another."""
        scale = self.zoom ** (torch.rand(n, 1, generator=generator) * 2 - 1)
        scale.clamp_(max=int(size_px.min()) / side)  # tile pixels per pixel of the view
        room = size_px - side * scale
        place = torch.rand(n, 2, generator=generator)
        # Whole pixels: without a zoom a view has the tile's own pixels, not means of neighbours.
        corner = (place * (room + 1) if self.anywhere else room / 2).floor().minimum(room)
        coins = torch.randint(2, (n, 3), generator=generator) * int(self.turns)
        spread = torch.tensor([self.haematoxylin, self.eosin, self.residual])
        strength = torch.exp(torch.randn(n, 3, generator=generator) * spread)
        mixing = torch.randn(n, 3, 3, generator=generator) * self.stain_mixing
        return {
            "middle": corner + side * scale / 2,
            "step": scale * (1 - 2 * coins[:, :2]),
            "turned": coins[:, 2],
            "stain": stain_change(strength, mixing),
            "offset": torch.randn(n, 3, generator=generator) * self.background,
            "blur": (torch.rand(n, generator=generator) * 2 - 1) * self.focus,
            "noise": torch.rand(n, generator=generator) * self.noise,
            "field": torch.randint(N_NOISE_FIELDS, (n,), generator=generator),
            "written": torch.rand(n, generator=generator) < self.jpeg,
            "quality": torch.randint(*JPEG_QUALITY, (n,), generator=generator),
        }

    def _made(self, light: Tensor, draws: dict[str, Tensor], side: int) -> Tensor:
        """Return one view of each of some tiles, in the order in which light is recorded."""
        place = draws["middle"], draws["step"], draws["turned"]
        light = resampled(light, *place, side + 2 if self.focus else side)  # refocusing takes 2 px
        if any([self.haematoxylin, self.eosin, self.residual, self.stain_mixing, self.background]):
            light = restained(light, draws["stain"], draws["offset"])
        else:
            light /= WHITE
        if self.focus:
            light = refocused(light, draws["blur"])
        if self.noise:
            light = with_noise(light, draws["noise"], draws["field"])
        return light.clamp_(0, 1)
