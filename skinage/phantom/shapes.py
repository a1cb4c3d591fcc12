"""A wobbly ellipse in the dermis, to be painted in layers and lined with nuclei."""

import numpy as np

from skinage.phantom.anatomy import Skin
from skinage.phantom.labels import Label
from skinage.phantom.stamping import stamp_nuclei

Layer = tuple[float, float, float]
"""Outer radius (1 is the outline), amount of haematoxylin, amount of eosin."""
SOFT = (Label.PAPILLARY_DERMIS, Label.COLLAGEN, Label.GAP, Label.ELASTOSIS, Label.FAT)
"""What an organ or a lesion may displace."""


class Outline:
    """A wobbly ellipse in the dermis.

    Parameters
    ----------
    skin
        The piece it lies in.
    middle
        Down and across, um.
    halves
        Half length and half width, um.
    angle
        Of the long axis on the picture, radians.
    rng
        Source of the wobble.
    over
        Labels it may cover.

    Attributes
    ----------
    window
        The rows and columns about it.
    radius
        In the window: 1 on the outline, infinite where it may not lie.
    down, across
        In the window: um from the middle, as a column and as a row.
    """

    def __init__(
        self,
        skin: Skin,
        middle: np.ndarray,
        halves: tuple[float, float],
        angle: float,
        rng: np.random.Generator,
        over: tuple[Label, ...] = SOFT,
    ) -> None:
        self.middle, self.halves, self.angle = middle, halves, angle
        mpp = skin.window.mpp
        reach = max(halves) * 1.7 + 4
        first = np.maximum(0, ((middle - reach) / mpp).astype(int))
        last = np.minimum(skin.window.shape, ((middle + reach) / mpp).astype(int) + 1)
        self.window = np.s_[first[0] : last[0], first[1] : last[1]]
        axes = zip(first, last, middle, strict=True)
        down, across = ((np.arange(a, b, dtype=np.float32) + 0.5) * mpp - m for a, b, m in axes)
        self.down, self.across = down.astype(np.float32)[:, None], across.astype(np.float32)
        cosine, sine = np.float32(np.cos(angle)), np.float32(np.sin(angle))
        u = (self.across * cosine + self.down * sine) / np.float32(halves[0])
        v = (self.down * cosine - self.across * sine) / np.float32(halves[1])
        around = np.arctan2(v, u)
        waves = zip((2, 3, 5), rng.uniform(0, 2 * np.pi, 3).astype(np.float32), strict=True)
        wobble = [np.float32(0.16 / k) * np.cos(k * around + phase) for k, phase in waves]
        self.radius = np.hypot(u, v) * (1 + sum(wobble))
        self.radius[~np.isin(skin.labels[self.window], over)] = np.inf

    def paint(self, skin: Skin, label: Label, layers: list[Layer]) -> None:
        """Paint from outside inwards; the outermost layer is of no label."""
        mpp = skin.window.mpp
        for outer, haematoxylin, eosin in layers:
            # Over about a pixel, so that outlines are smooth.
            share = np.clip((outer - self.radius) * min(self.halves) / mpp + 0.5, 0, 1)
            for dye, amount in ((skin.haematoxylin, haematoxylin), (skin.eosin, eosin)):
                dye[self.window] += share * (amount - dye[self.window])
        skin.labels[self.window][self.radius < 1] = label

    def fill(
        self, skin: Skin, rng: np.random.Generator, between: tuple[float, float], apart_um: float
    ) -> np.ndarray:
        """Scatter roundish nuclei between two radii, and give their ``(n, 2)`` middles, um."""
        reach = max(self.halves) * 1.5
        steps = np.arange(-reach, reach, apart_um)
        grid = np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1)
        grid[1::2, :, 1] += apart_um / 2
        middles = (grid + rng.uniform(-0.28, 0.28, grid.shape) * apart_um).reshape(-1, 2)
        size, turn, dye = rng.standard_normal((3, len(middles)))
        middles += self.middle
        radius = self._radius_at(skin, middles)
        keep = (radius > between[0]) & (radius < between[1])
        stamp_nuclei(
            skin,
            middles[keep],
            (np.array([3.6, 2.9]) * np.exp(0.12 * size[:, None]))[keep],
            angle=turn[keep] * np.pi,
            dye=(1.2 + 0.15 * dye)[keep],
        )
        return middles[keep]

    def line(self, skin: Skin, rng: np.random.Generator, apart_um: float) -> None:
        """Lay flat nuclei along the outline, bulging inwards."""
        number = max(2, int(np.pi * sum(self.halves) / apart_um))
        around = 2 * np.pi * (np.arange(number) + rng.uniform(-0.35, 0.35, number)) / number
        size = rng.lognormal(0, 0.15, (number, 2))
        cosine, sine = np.cos(self.angle), np.sin(self.angle)
        u, v = self.halves[0] * np.cos(around), self.halves[1] * np.sin(around)
        tangent = np.arctan2(self.halves[1] * np.cos(around), -self.halves[0] * np.sin(around))
        middles = self.middle + np.stack([u * sine + v * cosine, u * cosine - v * sine], axis=1)
        inside = np.isfinite(self._radius_at(skin, middles))
        stamp_nuclei(
            skin,
            middles[inside],
            (np.array([3.9, 1.5]) * size)[inside],
            angle=self.angle + tangent[inside],
            dye=np.full(inside.sum(), 1.5),
        )

    def _radius_at(self, skin: Skin, spots: np.ndarray) -> np.ndarray:
        at = (spots / skin.window.mpp).astype(int) - [side.start for side in self.window]
        shape = np.array(self.radius.shape)
        within = ((at >= 0) & (at < shape)).all(axis=1)
        rows, cols = np.clip(at, 0, shape - 1).T
        return np.where(within, self.radius[rows, cols], np.inf)
