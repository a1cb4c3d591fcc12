"""Draw what every switch of the views does to drawn and to real skin: ``data/views.jpg``.

Run from a checkout after ``make demo``: ``python benchmarks/views.py [skin.tif]``, with the path of
scikit-image's picture ``skin`` (public domain) where it cannot be downloaded.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from photograph_views import SimCLRViews

import skinage as ska
from skinage.contrastive.views.choice import one_switch_each
from skinage.figures.style import PAPER
from skinage.phantom.reference import real_skin

TILE_PX, REAL_CORNERS = 96, ((330, 150), (700, 260), (240, 420), (860, 560))


def main() -> None:
    tiles = pd.read_parquet("results/demo/tiles.parquet").sample(4, random_state=3)
    skin = real_skin(sys.argv[1] if len(sys.argv) > 1 else None)
    real = np.stack([skin[y : y + TILE_PX, x : x + TILE_PX] for x, y in REAL_CORNERS])
    pixels = np.concatenate([ska.read_pixels(tiles), real])
    batch = torch.from_numpy(pixels).permute(0, 3, 1, 2)
    foreign = SimCLRViews()(batch, torch.Generator().manual_seed(0)).permute(0, 2, 3, 1).numpy()
    pictures = one_switch_each(pixels) | {"for photographs": foreign}
    with plt.rc_context(PAPER):
        figure = ska.figures.switch_gallery(pixels, pictures, ["drawn"] * 4 + ["real"] * 4)
        figure.savefig("data/views.jpg", dpi=110, pil_kwargs={"quality": 88})


if __name__ == "__main__":
    main()
