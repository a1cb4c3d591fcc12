"""The structures found in a section, drawn over the section."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Patch
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from skinage.errors import SettingError
from skinage.figures import style

STRUCTURES = {
    1: ("stratum corneum", style.ORANGE),
    2: ("viable epidermis", style.BLUE),
    3: ("papillary dermis", style.GREEN),
    4: ("reticular dermis", None),
    5: ("subcutis", "#F0E442"),
    6: ("adnexa", style.PURPLE),
    7: ("vessels", style.VERMILLION),
    8: ("unsure: fold, pen, dust", "#000000"),
}
"""Words and colour by the number of the structure; 0 is glass. The reticular dermis, the ground on
which the rest lies, keeps the colour of the section."""
NUCLEI_COLOUR = style.SKY
FILL, LINE_PT = 0.22, 1.0
MOST_PX = 2000
"""A longer side is drawn from every second pixel, or third, and so on."""
LEAST_SHARE = 5e-4
"""What takes up less of the tissue than this share is not in the legend."""


def section_structures(
    pixels: NDArray[np.uint8],
    structures: NDArray[np.uint8],
    *,
    mpp: float,
    nuclei: NDArray[np.generic] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the outline of each structure over a section, and what share of the tissue it takes.

    Parameters
    ----------
    pixels
        ``(h, w, 3)`` uint8 RGB of the section.
    structures
        ``(h, w)`` uint8, the number of the structure of each pixel; pixels are reduced to this
        shape where they are finer.
    mpp
        um per px of `structures`.
    nuclei
        ``(h, w)`` above 0 where a nucleus lies; not drawn if None.
    ax
        The axes to draw into; new ones if None.

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the drawing.

    Raises
    ------
    SettingError
        If pixels and structures do not show the same part of a slide.
    """
    height, width = structures.shape
    if abs(pixels.shape[0] * width - pixels.shape[1] * height) > 2 * max(pixels.shape[:2]):
        raise SettingError(
            f"section_structures: pixels are {pixels.shape[:2]}, structures {structures.shape}; "
            "expected two pictures of the same part of a slide."
        )
    ax = style.axes_or_new(ax, 7.5, 7.5 * height / width + 0.5)
    tissue_px = np.count_nonzero(structures)
    share = {number: (structures == number).sum() / (tissue_px or 1) for number in STRUCTURES}
    step = -(-max(height, width) // MOST_PX)
    drawn = structures[step // 2 :: step, step // 2 :: step]
    height, width = drawn.shape
    reduced = Image.fromarray(pixels).resize((width, height), Image.Resampling.BOX)
    picture = np.asarray(reduced).astype(np.float32)
    line_px = max(1, round(LINE_PT * width / (72 * ax.get_window_extent().width / 100)))
    handles = []
    for number, (name, colour) in STRUCTURES.items():
        if share[number] < LEAST_SHARE:
            continue
        label = f"{name} ({share[number]:.1%})"
        handles.append(Patch(facecolor=colour or "white", edgecolor=style.GREY, label=label))
        if colour is not None:
            _paint(picture, drawn == number, colour, line_px)
    if nuclei is not None:
        thinned = np.asarray(nuclei)[step // 2 :: step, step // 2 :: step]
        _paint(picture, thinned > 0, NUCLEI_COLOUR, 1)
        handles.append(Patch(facecolor=NUCLEI_COLOUR, label="nuclei"))
    style.show_picture(ax, picture.astype(np.uint8), mpp * step)
    ax.set_anchor("N")  # or a layout would measure the legend where the axes are not
    ax.legend(handles=handles, ncols=3, **style.ABOVE)
    return ax


def _paint(
    picture: NDArray[np.float32], mask: NDArray[np.bool_], colour: str, line_px: int
) -> None:
    """Tint a structure and draw its outline, in place."""
    shade = 255 * np.array(to_rgb(colour), np.float32)
    line = mask & ~ndimage.binary_erosion(mask, iterations=line_px, border_value=1)
    picture[mask] += FILL * (shade - picture[mask])
    picture[line] = shade
