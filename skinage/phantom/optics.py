"""From dye to picture: Beer-Lambert light through two stains, then optics and noise."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter1d

from skinage.phantom.anatomy import SHAPE, Skin, lay_out
from skinage.phantom.nuclei import add_nuclei
from skinage.phantom.organs import add_organs
from skinage.phantom.staining import stain_layers

SCANNER_BLUR_PX = {"A": 0.55, "B": 0.8}
SCANNER_GAMMA = {"A": 1.0, "B": 0.94}


def draw(person: Mapping[str, Any], seed: int | Sequence[int]) -> Skin:
    """Draw a person's skin as labels and dye, before any light passes through."""
    rng = np.random.default_rng([seed, 0])
    # Plain Python numbers: a numpy scalar would turn the float32 arithmetic into float64.
    person = {name: getattr(value, "item", lambda v=value: v)() for name, value in person.items()}
    skin = lay_out(person, rng)
    stain_layers(skin, person, rng)
    add_organs(skin, person, rng)
    add_nuclei(skin, person, rng)
    return skin


def render(person: Mapping[str, Any], seed: int) -> np.ndarray:
    """Draw a person's slide.

    Parameters
    ----------
    person
        A row of `make_people`.
    seed
        Seed of the piece: the same person and seed give the same pixels.

    Returns
    -------
    numpy.ndarray
        ``(1280, 1664, 3)`` uint8 RGB at 1 um/px.
    """
    return expose(draw(person, seed), person, seed)


def render_labels(person: Mapping[str, Any], seed: int) -> np.ndarray:
    """Give the truth of the picture that `render` draws.

    Returns
    -------
    numpy.ndarray
        ``(1280, 1664)`` uint8; the names of the labels are in `skinage.phantom.anatomy`.
    """
    return draw(person, seed).labels


def expose(skin: Skin, person: Mapping[str, Any], seed: int) -> np.ndarray:
    """Shine light through dyed skin: ``(h, w, 3)`` uint8."""
    rng = np.random.default_rng([seed, 1])
    haematoxylin = skin.haematoxylin * np.float32(person["haematoxylin_strength"])
    eosin = skin.eosin * np.float32(person["eosin_strength"])
    grain = rng.standard_normal(SHAPE, dtype=np.float32) * 1.5
    picture = np.empty((*SHAPE, 3), np.uint8)
    blur = SCANNER_BLUR_PX[person["scanner"]]
    for k, colour in enumerate("rgb"):
        density = haematoxylin * np.float32(person[f"haematoxylin_{colour}"])
        density += eosin * np.float32(person[f"eosin_{colour}"])
        density *= -SCANNER_GAMMA[person["scanner"]]
        light = np.exp(density) * np.float32(person[f"background_{colour}"])
        for axis in (0, 1):
            light = gaussian_filter1d(light, blur, axis=axis, truncate=2.5)
        picture[..., k] = np.clip(light + grain + 0.5, 0, 255)
    return picture


def draw_slide(
    person: Mapping[str, Any], seed: int | Sequence[int], mpp: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Draw a slide: ``(h, w, 3)`` uint8 RGB, and ``(h, w)`` uint8 what each pixel is."""
    skin = draw(person, seed)
    return expose(skin, person, seed), skin.labels
