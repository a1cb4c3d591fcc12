"""Where the layers of a piece of skin lie on the glass."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from skinage.phantom.drawing.fields import CellTexture, Window, smooth_line, smooth_noise, turned
from skinage.phantom.drawing.labels import Label
from skinage.phantom.randomness import Rng

WINDOW_UM = (1500.0, 2000.0)  # height and width of the glass about one piece
PAPILLARY_UM = 75.0
_REACH_UM = 1150.0  # from the middle to the ends of the profiles
_STEP_UM = 0.25  # of the profiles
_PROFILE_UM = np.arange(0, 2 * _REACH_UM, _STEP_UM, dtype=np.float32)
Slide = Mapping[str, Any]
"""A row of `make_people` or `make_slides`."""
Places = tuple[np.ndarray, np.ndarray]
"""Rows and columns of pixels."""


@dataclass
class Skin:
    """One piece of skin in its window.

    Attributes
    ----------
    window
        Size in um and mpp.
    along, depth, below
        ``(h, w)`` um: along the surface, below the surface, below the dermo-epidermal junction.
    labels
        ``(h, w)`` uint8: what each pixel is, see `Label`.
    haematoxylin, eosin
        ``(h, w)`` amount of dye; 1 is a dense nucleus or a dense bundle.
    direction
        ``(h, w)`` angle of the fibres on the picture, radians.
    blood
        ``(h, w)`` amount of red cells, which take up eosin and keep a colour of their own.
    tilt
        Angle of the piece on the glass, radians.
    surface
        Place of the surface along the piece, um below the middle, in steps of 0.25 um.
    cells
        The mosaic of the epidermis, with a nucleus in every cell.
    texture
        A less regular mosaic: of horn, bundles and fat.
    """

    window: Window
    along: np.ndarray
    depth: np.ndarray
    below: np.ndarray
    labels: np.ndarray
    tilt: float
    surface: np.ndarray
    cells: CellTexture
    texture: CellTexture
    haematoxylin: np.ndarray
    eosin: np.ndarray
    direction: np.ndarray
    blood: np.ndarray

    def has(self, *labels: Label) -> Callable[[Any], np.ndarray]:
        """Return a test of places: whether they carry one of these labels."""
        wanted = np.zeros(256, bool)
        wanted[list(labels)] = True
        return lambda at: wanted[self.labels[at]]

    def layer(
        self, *labels: Label, start_um: float = -np.inf, end_um: float = np.inf
    ) -> tuple[np.ndarray, ...]:
        """Return the pixels with these labels: flat indices, um along, in depth and below.

        `start_um` and `end_um` bound the um below the junction.
        """
        at = np.flatnonzero(self.has(*labels)(...))
        at = at[(self.below.ravel()[at] > start_um) & (self.below.ravel()[at] < end_um)]
        return at, *(place.ravel()[at] for place in (self.along, self.depth, self.below))

    def tint(self, at: Any, share: Any, haematoxylin: Any, eosin: Any) -> None:
        """Move the dye of a part (flat indices, or a window) towards new amounts."""
        for dye, amount in ((self.haematoxylin, haematoxylin), (self.eosin, eosin)):
            dye = dye.ravel() if isinstance(at, np.ndarray) else dye
            dye[at] += share * (amount - dye[at])

    def spots(
        self, rng: Rng, per_mm2: float, within: Callable[[Places], np.ndarray], n_more: int = 0
    ) -> np.ndarray:
        """Return random spots ``(n, 2)`` um (down, across), those of the window that lie within.

        `within` takes rows and columns and returns whether a spot may lie there. The spots are
        drawn in um before anything is looked up, together with `n_more` columns of uniform numbers
        from 0 to 1 for size and shape, so that the same spots look the same at any mpp.
        """
        sides = self.window.height_um, self.window.width_um
        number = rng.poisson(per_mm2 * sides[0] * sides[1] / 1e6)
        spots = rng.uniform(0, 1, (number, 2 + n_more))
        spots[:, :2] *= sides
        return spots[within(self.window.pixels(spots[:, :2]))]

    def place(self, along_um: np.ndarray, depth_um: np.ndarray) -> np.ndarray:
        """Return ``(n, 2)`` um (down, across) of places given by along and depth."""
        x, y = along_um, depth_um + self.surface[profile_index(along_um)]
        down = y * np.cos(self.tilt) + x * np.sin(self.tilt) + self.window.height_um / 2
        across = x * np.cos(self.tilt) - y * np.sin(self.tilt) + self.window.width_um / 2
        return np.stack([down, across], axis=1)


def one_by_one(rows: np.ndarray) -> Iterator[tuple[np.ndarray, Rng]]:
    """Yield each spot with a generator of its own, whose seed is the first number behind it."""
    for row in rows:
        yield row[:2], np.random.default_rng(int(row[2] * 2**32))


def profile_index(along_um: np.ndarray) -> np.ndarray:
    """Return the index into a profile along the surface."""
    last = int(2 * _REACH_UM / _STEP_UM) - 1
    return np.clip((along_um + _REACH_UM) / _STEP_UM, 0, last).astype(np.int32)


def lay_out(person: Slide, rng: Rng, mpp: float) -> Skin:
    """Place the layers of a person's skin, tilted a little on the glass.

    Parameters
    ----------
    person
        A row of `make_people`.
    rng
        The generator of surface, ridges, outline and tilt.
    mpp
        Micrometres per pixel.

    Returns
    -------
    Skin
        With labels and coordinates, and no dye yet.
    """
    window = Window(*WINDOW_UM, mpp)
    tilt = float(rng.uniform(-0.14, 0.14))
    wide_um, deep_um = float(rng.uniform(1350, 1650)), float(rng.uniform(950, 1150))
    surface = _surface(rng) - np.float32(deep_um / 2)
    down, across = (axis - axis.mean() for axis in window.axes_um())
    along, depth = turned(down[:, None], across, tilt)
    column = profile_index(along)
    depth -= surface[column]
    junction = _junction(person, rng, wide_um)
    bent = profile_index(along + 6 * smooth_noise(rng, window, 30))
    below = depth - junction[bent] - 1.2 * smooth_noise(rng, window, 7)
    labels = np.where(below > 0, Label.COLLAGEN, Label.VIABLE_EPIDERMIS).astype(np.uint8)
    labels[depth < 0] = Label.STRATUM_CORNEUM
    wave = smooth_noise(rng, window, 45)
    labels[(below > 0) & (below < PAPILLARY_UM + 16 * wave)] = Label.PAPILLARY_DERMIS
    lobe = 26 * smooth_noise(rng, window, 110) + 10 * wave
    labels[below > person["dermis_um"] + lobe] = Label.FAT
    uneven = smooth_line(rng, _PROFILE_UM, 40)
    horn = person["corneum_um"] * (1 + 0.15 * (uneven - uneven.mean()))
    outline = 9 * smooth_noise(rng, window, 70) + 3 * smooth_noise(rng, window, 12)
    outside = (np.abs(along) + outline > wide_um / 2) | (depth < -horn[column])
    labels[outside | (depth + outline > deep_um)] = Label.GLASS
    cells, texture = CellTexture(rng, jitter=0.25), CellTexture(rng)
    dyes = (np.zeros(window.shape, np.float32) for _ in range(4))
    return Skin(window, along, depth, below, labels, tilt, surface, cells, texture, *dyes)


def _surface(rng: Rng) -> np.ndarray:
    x = _PROFILE_UM
    waves = 9 * smooth_line(rng, x, 160) + 2.5 * smooth_line(rng, x, 35)
    return waves + np.float32(rng.uniform(0, 90)) * (x / _REACH_UM - 1) ** 2


def _junction(person: Slide, rng: Rng, wide_um: float) -> np.ndarray:
    """Depth of the junction: the planted mean thickness, and pegs of the planted mean height."""
    x = _PROFILE_UM
    number = int(2 * _REACH_UM / 110)
    middles = (np.arange(number) + rng.uniform(-0.28, 0.28, number) + 0.5) * 110
    halves, heights = rng.uniform(25, 39, number), rng.uniform(0.65, 1.25, number)
    shown = np.abs(middles - _REACH_UM) < wide_um / 2
    heights /= heights[shown].mean()
    each = (x - middles[:, None]) / halves[:, None]
    pegs = (heights[:, None] * np.exp(-(each**4))).max(axis=0)
    swell = 0.06 * smooth_line(rng, x, 120)
    piece = np.abs(x - _REACH_UM) < wide_um / 2
    pegs, swell = pegs - pegs[piece].mean(), swell - swell[piece].mean()
    return np.maximum(12, person["epidermis_um"] * (1 + swell) + person["rete_um"] * pegs)
