"""Vessels, follicles and glands: wobbly ellipses in layers, each with its nuclei."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from skinage.phantom.anatomy import ADNEXA, DERMIS, PIECE_UM, SHAPE, VESSEL, Skin
from skinage.phantom.fields import smooth_noise
from skinage.phantom.nuclei import stamp_nuclei

Layer = tuple[float, float, float]  # outer radius, haematoxylin, eosin


def add_organs(skin: Skin, person: Mapping[str, Any], rng: np.random.Generator) -> None:
    """Add vessels, follicles and glands to a dyed piece of skin."""
    half_um = person["vessel_um"] / 2
    for middle in _dermal_spots(skin, rng, per_mm2=person["vessels_per_mm2"], deeper_um=25):
        half, angle = half_um * rng.uniform(0.6, 1.5), float(skin.direction[tuple(middle)])
        _add_vessel(skin, Ellipse(skin, middle, rng, half_um=half, angle=angle), rng)
    for middle in _dermal_spots(skin, rng, per_mm2=person["adnexa_per_mm2"], deeper_um=170):
        if rng.random() < 0.5:
            _add_follicle(skin, middle, rng)
        else:
            _add_gland(skin, middle, rng)


class Ellipse:
    """A wobbly ellipse in the dermis.

    Attributes
    ----------
    window
        The rows and columns about it.
    radius
        In the window: 1 on the outline, infinite outside the dermis.
    """

    def __init__(
        self,
        skin: Skin,
        middle: np.ndarray,
        rng: np.random.Generator,
        *,
        half_um: float,
        angle: float,
    ) -> None:
        self.middle, self.halves = middle, (half_um * rng.uniform(1.0, 2.2), half_um)
        self.angle = angle + rng.normal(0, 0.4)
        reach = int(max(self.halves) * 1.5) + 6
        top, left = np.maximum(0, middle.astype(int) - reach)
        self.window = np.s_[top : int(middle[0]) + reach, left : int(middle[1]) + reach]
        shape = skin.labels[self.window].shape
        down = (np.arange(shape[0]) + top - middle[0])[:, None]
        across = np.arange(shape[1]) + left - middle[1]
        u = (across * np.cos(self.angle) + down * np.sin(self.angle)) / self.halves[0]
        v = (down * np.cos(self.angle) - across * np.sin(self.angle)) / self.halves[1]
        waves = zip((2, 3, 5), rng.uniform(0, 2 * np.pi, 3), strict=True)
        wobble = [0.16 / k * np.cos(k * np.arctan2(v, u) + phase) for k, phase in waves]
        self.radius = np.hypot(u, v) * (1 + sum(wobble))
        self.radius[skin.labels[self.window] < DERMIS] = np.inf

    def paint(self, skin: Skin, label: int, layers: list[Layer]) -> None:
        """Paint from outside inwards."""
        for outer, haematoxylin, eosin in layers:
            skin.haematoxylin[self.window][self.radius < outer] = haematoxylin
            skin.eosin[self.window][self.radius < outer] = eosin
        skin.labels[self.window][self.radius < layers[0][0]] = label

    def fill(
        self, skin: Skin, rng: np.random.Generator, *, between: tuple[float, float], apart_um: float
    ) -> None:
        """Scatter roundish nuclei between two radii."""
        inside = (self.radius > between[0]) & (self.radius < between[1])
        down, across = (np.arange(1.0, n - 1, apart_um) for n in inside.shape)
        grid = np.stack(np.meshgrid(down, across, indexing="ij"), axis=-1)
        grid[1::2, :, 1] += apart_um / 2
        grid += rng.uniform(-0.3, 0.3, grid.shape) * apart_um
        middles = grid.reshape(-1, 2)
        at = np.clip(middles.round().astype(int), 0, np.array(inside.shape) - 1)
        corner = np.array([side.start for side in self.window])
        middles = middles[inside[at[:, 0], at[:, 1]]] + corner
        number = len(middles)
        stamp_nuclei(
            skin,
            middles,
            np.array([3.5, 2.7]) * rng.lognormal(0, 0.12, (number, 2)),
            angle=rng.uniform(0, np.pi, number),
            dye=rng.normal(1.1, 0.15, number),
        )

    def line(self, skin: Skin, rng: np.random.Generator, *, apart_um: float) -> None:
        """Lay flat nuclei along the outline."""
        number = max(3, int(np.pi * sum(self.halves) / apart_um))
        around = 2 * np.pi * (np.arange(number) + rng.uniform(-0.3, 0.3, number)) / number
        cosine, sine = np.cos(self.angle), np.sin(self.angle)
        u, v = (self.halves[0] + 1.5) * np.cos(around), (self.halves[1] + 1.5) * np.sin(around)
        tangent = np.arctan2(self.halves[1] * np.cos(around), -self.halves[0] * np.sin(around))
        stamp_nuclei(
            skin,
            self.middle + np.stack([u * sine + v * cosine, u * cosine - v * sine], axis=1),
            np.array([3.8, 1.5]) * rng.lognormal(0, 0.12, (number, 2)),
            angle=self.angle + tangent,
            dye=np.full(number, 1.3),
        )


def _dermal_spots(
    skin: Skin, rng: np.random.Generator, *, per_mm2: float, deeper_um: float
) -> np.ndarray:
    """Draw ``(n, 2)`` rows and columns of organs, well inside the dermis."""
    inner = (skin.labels >= DERMIS) & (skin.below > deeper_um)
    inner &= (skin.depth < PIECE_UM[0] - 110) & (np.abs(skin.along) < PIECE_UM[1] / 2 - 90)
    at = np.flatnonzero(inner)
    spots = rng.choice(at, rng.poisson(per_mm2 * len(at) / 1e6))
    return np.stack(np.unravel_index(spots, SHAPE), axis=1)


def _add_vessel(skin: Skin, vessel: Ellipse, rng: np.random.Generator) -> None:
    """Add a thin wall with flat nuclei, empty or full of red cells."""
    thin = 1 / vessel.halves[1]
    vessel.paint(
        skin, VESSEL, [(1 + 5.5 * thin, 0.02, 0.08), (1 + 3 * thin, 0.14, 0.5), (1.0, 0.0, 0.02)]
    )
    if rng.random() < 0.6:
        cells = smooth_noise(rng, vessel.radius.shape, 2.5)
        blood = (vessel.radius < 0.93) & (cells > -0.5)
        skin.eosin[vessel.window][blood] = (0.60 + 0.10 * cells)[blood]
    vessel.line(skin, rng, apart_um=14)


def _add_follicle(skin: Skin, middle: np.ndarray, rng: np.random.Generator) -> None:
    """Add an obliquely cut hair follicle: sheath, epithelium, horn in the middle."""
    upright = skin.tilt + np.pi / 2
    follicle = Ellipse(skin, middle, rng, half_um=rng.uniform(34, 50), angle=upright)
    layers = [(1.12, 0.03, 0.42), (1.0, 0.30, 0.42), (0.34, 0.12, 0.75), (0.2, 0.05, 0.25)]
    follicle.paint(skin, ADNEXA, layers)
    follicle.fill(skin, rng, between=(0.38, 0.97), apart_um=8)


def _add_gland(skin: Skin, middle: np.ndarray, rng: np.random.Generator) -> None:
    """Add an eccrine coil: a handful of small tubes lined by nuclei."""
    for _ in range(int(rng.integers(5, 10))):
        here = middle + rng.normal(0, 34, 2)
        half, angle = rng.uniform(13, 18), rng.uniform(0, np.pi)
        tube = Ellipse(skin, here, rng, half_um=half, angle=angle)
        tube.paint(skin, ADNEXA, [(1.12, 0.03, 0.35), (1.0, 0.20, 0.28), (0.28, 0.0, 0.03)])
        tube.fill(skin, rng, between=(0.45, 0.98), apart_um=7)
