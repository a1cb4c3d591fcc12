"""The protocol of objects that make the views of a training."""

from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor


@runtime_checkable
class Views(Protocol):
    """Any object that draws random views of tiles; pass it as ``ska.Method(..., views=object)``.

    `skinage.contrastive.views.histology.HistologyViews` is one; a frozen dataclass with these three
    methods is the shortest way to another. The object holds settings only: whatever is random
    comes from the generator, so that the same seed trains the same encoder and a stopped training
    goes on as if it had not been stopped.
    """

    def __call__(self, pixels: Tensor, generator: torch.Generator, copies: int = 1) -> Tensor:
        """Return random views of every tile of a batch.

        Parameters
        ----------
        pixels
            ``(n, 3, h, w)`` uint8 RGB tiles, on the device that trains. They must not be changed.
        generator
            The source of all random numbers. It lives on the CPU and is seeded for every epoch.
        copies
            Number of views of each tile.

        Returns
        -------
        torch.Tensor
            ``(copies * n, 3, s, s)`` float32 from 0 to 1 on the device of ``pixels``; ``s`` is the
            same for all calls with tiles of one size. First the first view of every tile in their
            order, then the second view of every tile, and so on. The values are not normalised:
            the training does that by the mean and standard deviation of its backbone.
        """

    def smaller(self) -> "Views":
        """Return views like these, of half the side; DINO uses them as its local crops."""

    def describe(self) -> dict[str, Any]:
        """Return all settings that decide the views, as JSON-able values, with the class name.

        The description is part of the recipe of a training: a finished encoder is loaded instead
        of trained again only if the description is the same.
        """
