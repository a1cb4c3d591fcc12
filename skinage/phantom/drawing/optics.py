"""From dye to picture: Beer-Lambert light through two stains, then optics and noise."""

import numpy as np
from scipy.ndimage import gaussian_filter1d

from skinage.phantom.drawing.anatomy import WINDOW_UM, Skin, Slide, lay_out
from skinage.phantom.drawing.artefacts import add_fold, add_lesion, mark
from skinage.phantom.drawing.fields import Window
from skinage.phantom.drawing.nuclei import add_nuclei
from skinage.phantom.drawing.organs import add_organs
from skinage.phantom.drawing.staining import stain_layers
from skinage.phantom.randomness import Seed, stream

SCANNER_BLUR_UM = {"A": 0.45, "B": 0.75, "C": 0.55, "D": 0.95, "E": 0.60}
SCANNER_GAMMA = {"A": 1.0, "B": 0.94, "C": 1.07, "D": 1.03, "E": 0.88}
DENSITIES = {"haematoxylin": 1.2, "eosin": 1.05}  # optical density of a unit of dye, fresh
BLOOD_OD = (0.05, 0.42, 0.62)  # red cells beside eosin: orange
THICKNESSES = ("epidermis_um", "rete_um", "corneum_um", "dermis_um", "elastosis_um")


def draw_slide(slide: Slide, *, seed: Seed, mpp: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Draw a slide and the label of each of its pixels.

    Parameters
    ----------
    slide
        A row of `make_people` or `make_slides`, as a dict.
    seed
        The seed of the pieces: the same row and seed give the same pixels.
    mpp
        Micrometres per pixel; the same pieces are drawn at any scale.

    Returns
    -------
    picture : numpy.ndarray
        ``(h, w, 3)`` uint8 RGB: 1.5 x 2 mm of glass for every piece.
    labels : numpy.ndarray
        ``(h, w)`` uint8, values of `Label`.
    """
    # Plain Python numbers: a numpy scalar would turn the float32 arithmetic into float64.
    slide = {name: getattr(value, "item", lambda v=value: v)() for name, value in slide.items()}
    seeds = np.atleast_1d(seed).tolist()
    n_pieces = int(slide["n_pieces"])
    n_rows = 1 if n_pieces < 4 else 2
    n_cols = -(-n_pieces // n_rows)
    height, width = Window(*WINDOW_UM, mpp).shape
    picture = np.empty((n_rows * height, n_cols * width, 3), np.uint8)
    labels = np.zeros(picture.shape[:2], np.uint8)
    for number, (row, col) in enumerate(np.ndindex(n_rows, n_cols)):
        part = np.s_[row * height : (row + 1) * height, col * width : (col + 1) * width]
        if number < n_pieces:
            piece = slide | {"has_fold": slide["has_fold"] and number == 0}
            skin = draw_piece(piece, [*seeds, number], mpp)
            picture[part], labels[part] = expose(skin, slide, [*seeds, number]), skin.labels
        else:
            glass = [slide[f"background_{colour}"] for colour in "rgb"]
            grain = _grain([*seeds, number], (height, width))[..., None]
            picture[part] = np.clip(glass + grain + 0.5, 0, 255)
    mark(picture, labels, slide, stream(seeds, "marks"), mpp)
    return picture, labels


def draw_piece(slide: Slide, seed: Seed, mpp: float) -> Skin:
    """Return one piece of skin as labels and dye, before any light passes through."""
    # A section cut at an angle shows every layer thicker than it is.
    oblique = 1 / np.cos(np.deg2rad(slide["section_tilt_deg"]))
    slide = dict(slide) | {name: float(slide[name] * oblique) for name in THICKNESSES}
    skin = lay_out(slide, stream(seed, "layers"), mpp)
    stain_layers(skin, slide, stream(seed, "staining"))
    add_lesion(skin, slide, stream(seed, "lesion"))
    add_organs(skin, slide, stream(seed, "organs"))
    add_nuclei(skin, slide, stream(seed, "nuclei"))
    add_fold(skin, slide, stream(seed, "fold"))
    return skin


def expose(skin: Skin, slide: Slide, seed: Seed) -> np.ndarray:
    """Return the picture, ``(h, w, 3)`` uint8, that light makes of dyed skin."""
    haematoxylin, eosin = (
        getattr(skin, dye) * np.float32(density * slide[f"{dye}_strength"])
        for dye, density in DENSITIES.items()
    )
    bloody = np.flatnonzero(skin.blood)
    grain = _grain(seed, skin.window.shape)
    picture = np.empty((*skin.window.shape, 3), np.uint8)
    blur_px = SCANNER_BLUR_UM[slide["scanner"]] / skin.window.mpp
    for k, colour in enumerate("rgb"):
        density = haematoxylin * np.float32(slide[f"haematoxylin_{colour}"])
        density += eosin * np.float32(slide[f"eosin_{colour}"])
        density.ravel()[bloody] += skin.blood.ravel()[bloody] * np.float32(BLOOD_OD[k])
        density *= -SCANNER_GAMMA[slide["scanner"]]
        light = np.exp(density) * np.float32(slide[f"background_{colour}"])
        for axis in (0, 1):
            light = gaussian_filter1d(light, blur_px, axis=axis, truncate=2.5)
        picture[..., k] = np.clip(light + grain + 0.5, 0, 255)
    return picture


def _grain(seed: Seed, shape: tuple[int, int]) -> np.ndarray:
    """Return the noise of the sensor, the same in all colours."""
    return stream(seed, "grain").standard_normal(shape, dtype=np.float32) * 1.5
