"""Views by name, and pictures of each of their switches."""

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from skinage.contrastive.views.histology import HistologyViews
from skinage.contrastive.views.protocol import Views
from skinage.errors import SettingError

__all__ = ["NAMED", "HistologyViews", "one_switch_each", "views_named"]

# With everything off a view is the middle of its tile, of the size that the others have.
NONE = HistologyViews(
    zoom=1.0, anywhere=False, turns=False, haematoxylin=0.0, eosin=0.0, residual=0.0,
    stain_mixing=0.0, background=0.0, focus=0.0, noise=0.0, jpeg=0.0,
)  # fmt: skip
NAMED: dict[str, Views] = {"histology": HistologyViews(), "none": NONE}


def views_named(views: str | Views) -> Views:
    """Return the views of a name.

    Parameters
    ----------
    views
        ``"histology"``: `HistologyViews`; ``"none"``: the middle of the tile, unchanged. An object
        with the methods of `skinage.contrastive.views.protocol.Views` is returned as it is.

    Raises
    ------
    SettingError
        If there are no views of that name, or the object lacks one of the methods.
    """
    if isinstance(views, str) and views in NAMED:
        return NAMED[views]
    if isinstance(views, Views) and not isinstance(views, type):
        return views
    raise SettingError(
        f"views: found {views!r}; expected one of {', '.join(NAMED)}, or an object such as "
        "HistologyViews(jpeg=0.0) with the methods __call__, smaller and describe."
    )


# The attributes of each switch. JPEG, on in a few views only, is shown in all of them.
SHOWN = HistologyViews(jpeg=1.0)
SWITCHES = {
    "turns": ["turns"], "crop and zoom": ["anywhere", "zoom"], "haematoxylin": ["haematoxylin"],
    "eosin": ["eosin"], "residual": ["residual"], "stain vectors": ["stain_mixing"],
    "white balance": ["background"], "blur and sharpen": ["focus"], "noise": ["noise"],
    "JPEG": ["jpeg"],
}  # fmt: skip


def one_switch_each(pixels: NDArray[np.uint8], *, seed: int = 0) -> dict[str, NDArray[np.float32]]:
    """Return views with one switch at a time, then all together and none, for a figure.

    Parameters
    ----------
    pixels
        ``(n, h, w, 3)`` uint8 tiles.
    seed
        Fixes the random views.

    Returns
    -------
    dict
        Name of the switch or of the views: ``(n, s, s, 3)`` in 0 to 1. See
        `skinage.figures.switch_gallery`.
    """
    tiles = torch.from_numpy(pixels).permute(0, 3, 1, 2)
    one_each: dict[str, Views] = {
        name: replace(NONE, **{attribute: getattr(SHOWN, attribute) for attribute in attributes})
        for name, attributes in SWITCHES.items()
    }
    return {
        name: views(tiles, torch.Generator().manual_seed(seed)).permute(0, 2, 3, 1).numpy()
        for name, views in {**one_each, **NAMED}.items()
    }
