"""Lightly's views for photographs, a baseline for the views of H&E; slow, tile by tile."""

import random
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class SimCLRViews:
    """SimCLR's views as Lightly makes them, which know nothing of stains or of scale.

    Crops of 8 to 100 % of the area, resized; mirrors; strong colour jitter; grey; blur.
    Chen et al. 2020 (arXiv 2002.05709).

    Attributes
    ----------
    share
        Side of a view in pixels as a share of the tile's, so that it has the size of the others.
    """

    share: float = 0.5

    def __call__(self, pixels: Tensor, generator: torch.Generator, copies: int = 1) -> Tensor:
        """Return random views; see `skinage.contrastive.views.protocol.Views`."""
        from lightly.transforms import SimCLRTransform
        from pytorch_lightning.utilities.seed import isolate_rng
        from torchvision.transforms.functional import to_pil_image

        side = round(self.share * min(pixels.shape[2:]))
        transform = SimCLRTransform(input_size=side, normalize=None).transforms[0]
        seed = int(torch.randint(2**31, (), generator=generator))
        tiles = [to_pil_image(tile) for tile in pixels.cpu()]
        with isolate_rng(include_cuda=False):
            # The transform draws from all three global sources; they are put back afterwards.
            random.seed(seed)
            np.random.seed(seed)  # noqa: NPY002
            torch.default_generator.manual_seed(seed)
            views = [transform(tile) for _ in range(copies) for tile in tiles]
        return torch.stack(views).to(pixels.device)

    def smaller(self) -> "SimCLRViews":
        """Return the views of half the side."""
        return replace(self, share=self.share / 2)

    def describe(self) -> dict[str, Any]:
        """Return all settings that decide the views."""
        return {"made_by": type(self).__name__, **asdict(self)}
