"""Where the layers of a piece of skin lie on the glass."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from skinage.phantom.fields import smooth_line, smooth_noise

SHAPE = (1280, 1664)  # px at 1 um/px
PIECE_UM = (1000.0, 1400.0)  # depth and width of the piece
GLASS, CORNEUM, EPIDERMIS, DERMIS, ELASTOSIS, VESSEL, ADNEXA = range(7)
_REACH = 1100  # px from the middle to the ends of the profiles


@dataclass
class Skin:
    """One piece of skin on its grid of 1 um pixels.

    Attributes
    ----------
    along, depth, below
        ``(h, w)`` um: along the surface, below the surface, below the dermo-epidermal junction.
    labels
        ``(h, w)`` uint8: what each pixel is (GLASS, CORNEUM, EPIDERMIS, ...).
    haematoxylin, eosin
        ``(h, w)`` amount of dye; 1 is a dense nucleus or a dense bundle.
    direction
        ``(h, w)`` angle of the fibres on the picture, radians.
    tilt
        Angle of the piece on the glass, radians.
    """

    along: np.ndarray
    depth: np.ndarray
    below: np.ndarray
    labels: np.ndarray
    tilt: float
    haematoxylin: np.ndarray = field(init=False)
    eosin: np.ndarray = field(init=False)
    direction: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.haematoxylin, self.eosin, self.direction = (
            np.zeros(self.labels.shape, np.float32) for _ in range(3)
        )

    def pixels_of(self, label: int) -> np.ndarray:
        """Give the flat indices of the pixels with this label."""
        return np.flatnonzero(self.labels == label)


def lay_out(person: Mapping[str, Any], rng: np.random.Generator) -> Skin:
    """Place the layers of a person's skin, tilted a little on the glass.

    Parameters
    ----------
    person
        A row of `make_people`.
    rng
        Source of surface, ridges, outline and tilt.

    Returns
    -------
    Skin
        With labels and coordinates, and no dye yet.
    """
    tilt = float(rng.uniform(-0.14, 0.14))
    down, across = (np.arange(n, dtype=np.float32) - n / 2 for n in SHAPE)
    cosine, sine = np.float32(np.cos(tilt)), np.float32(np.sin(tilt))
    along = cosine * across + sine * down[:, None]
    depth = cosine * down[:, None] - sine * across + np.float32(PIECE_UM[0] / 2)
    column = np.clip(along + _REACH, 0, 2 * _REACH - 1).astype(np.int32)
    depth -= _surface(rng)[column]
    bent = column + (4 * smooth_noise(rng, SHAPE, 22)).astype(np.int32)
    junction = _junction(person, rng)[np.clip(bent, 0, 2 * _REACH - 1)]
    junction += 1.2 * smooth_noise(rng, SHAPE, 7)
    below = depth - junction
    labels = np.where(below > 0, DERMIS, EPIDERMIS).astype(np.uint8)
    labels[depth < 0] = CORNEUM
    horn = person["corneum_um"] * (1 + 0.15 * smooth_line(rng, 2 * _REACH, 40))
    outline = 9 * smooth_noise(rng, SHAPE, 70) + 3 * smooth_noise(rng, SHAPE, 12)
    outside = (np.abs(along) + outline > PIECE_UM[1] / 2) | (depth < -horn[column])
    labels[outside | (depth + outline > PIECE_UM[0])] = GLASS
    return Skin(along, depth, below, labels, tilt)


def _surface(rng: np.random.Generator) -> np.ndarray:
    x = np.arange(-_REACH, _REACH, dtype=np.float32) / _REACH
    waves = 9 * smooth_line(rng, len(x), 160) + 2.5 * smooth_line(rng, len(x), 35)
    return waves + np.float32(rng.uniform(0, 90)) * x**2


def _junction(person: Mapping[str, Any], rng: np.random.Generator) -> np.ndarray:
    """Depth of the junction: the planted mean thickness, and pegs of the planted height."""
    pegs = np.zeros(2 * _REACH, np.float32)
    x = np.arange(2 * _REACH, dtype=np.float32)
    middles = np.cumsum(rng.uniform(70, 150, 40))
    for middle, half, height in zip(
        middles, rng.uniform(24, 40, 40), rng.uniform(0.55, 1.3, 40), strict=True
    ):
        pegs = np.maximum(pegs, height * np.exp(-(((x - middle) / half) ** 4)))
    swell = 0.06 * smooth_line(rng, len(x), 120)
    piece = np.s_[_REACH - int(PIECE_UM[1] / 2) : _REACH + int(PIECE_UM[1] / 2)]
    pegs, swell = pegs - pegs[piece].mean(), swell - swell[piece].mean()
    return np.maximum(12, person["epidermis_um"] * (1 + swell) + person["rete_um"] * pegs)
