"""Nuclei as ellipses, stamped by the thousand."""

from typing import Any

import numpy as np

from skinage.phantom.drawing.anatomy import Skin
from skinage.phantom.drawing.fields import turned
from skinage.phantom.drawing.labels import Label

Numbers = np.ndarray | float


def stamp_nuclei(
    skin: Skin, middles: np.ndarray, axes: np.ndarray, *, angle: Numbers = 0.0, dye: Numbers,
    keep: Any = np.s_[:], label: Label | None = None,
) -> None:  # fmt: skip
    """Stamp elliptic nuclei: a dense rim about a paler middle, as chromatin lies.

    Parameters
    ----------
    skin
        The piece to change.
    middles
        ``(n, 2)`` down and across, um.
    axes
        ``(n, 2)`` half length and half width, um.
    angle
        Direction of the long axis on the picture, radians: one, or ``(n,)``.
    dye
        Amount of haematoxylin: one, or ``(n,)``.
    keep
        Which of the nuclei are stamped.
    label
        What their pixels become; None leaves the labels as they are.
    """
    angles, dyes = (np.broadcast_to(given, len(middles))[keep] for given in (angle, dye))
    middles, axes = middles[keep], axes[keep]
    if len(middles) == 0:
        return
    at, which, radius = footprint(skin, middles, axes, angles)
    cover = np.clip((1 - radius) * axes[which, 1] / skin.window.mpp + 0.5, 0, 1).astype(np.float32)
    amount = cover * dyes.astype(np.float32)[which] * (0.48 + 0.52 * np.minimum(radius, 1) ** 2)
    np.maximum.at(skin.haematoxylin.ravel(), at, amount)
    skin.eosin.ravel()[at] *= 1 - 0.5 * cover
    if label is not None:
        skin.labels.ravel()[at[cover > 0.5]] = label


def footprint(
    skin: Skin, middles: np.ndarray, axes: np.ndarray, angle: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the pixels that ellipses touch: flat index, number of the ellipse, radius."""
    mpp, shape = skin.window.mpp, skin.window.shape
    reach = int(np.ceil((axes.max() + 1) / mpp))
    steps = np.arange(-reach, reach + 1)
    start = np.floor(middles / mpp).astype(np.int32)
    rows = start[:, 0, None, None] + steps[:, None]
    cols = start[:, 1, None, None] + steps
    rest = (middles - start * mpp).astype(np.float32)
    down = (steps[:, None] + 0.5).astype(np.float32) * mpp - rest[:, 0, None, None]
    across = (steps + 0.5).astype(np.float32) * mpp - rest[:, 1, None, None]
    onward, aside = turned(down, across, angle[:, None, None])
    half = axes.astype(np.float32)
    square = (onward / half[:, 0, None, None]) ** 2
    square += (aside / half[:, 1, None, None]) ** 2
    # Half a pixel beyond the outline is still touched.
    far = (1 + 0.5 * mpp / half[:, 1, None, None]) ** 2
    touched = (square < far) & (rows >= 0) & (rows < shape[0]) & (cols >= 0) & (cols < shape[1])
    at = (rows * shape[1] + cols)[touched]
    return at, np.nonzero(touched)[0], np.sqrt(square[touched])


def clear_halos(skin: Skin, middles: np.ndarray, axes: np.ndarray, angle: np.ndarray) -> None:
    """Thin the dye about nuclei that shrank in fixation."""
    if len(middles):
        at, _, _ = footprint(skin, middles, axes, angle)
        for dye, limit in ((skin.haematoxylin, 0.15), (skin.eosin, 0.30)):
            dye.ravel()[at] = np.minimum(dye.ravel()[at], limit)
