"""A wobbly ellipse in the dermis, to be painted in layers and lined with nuclei."""

import numpy as np

from skinage.phantom.drawing.anatomy import Skin
from skinage.phantom.drawing.fields import turned, unit
from skinage.phantom.drawing.labels import DERMIS, Label
from skinage.phantom.drawing.stamping import Numbers, stamp_nuclei
from skinage.phantom.randomness import Rng

Pair = tuple[float, float]
Layer = tuple[float, float, float]
"""Outer radius (1 is the outline), amount of haematoxylin, amount of eosin."""
SOFT = (*DERMIS, Label.FAT)
"""The labels that an organ or a lesion may cover."""


class Outline:
    """A wobbly ellipse in the dermis, straight in the middle if it is long.

    Parameters
    ----------
    skin
        The piece that it lies in.
    middle
        Down and across, um.
    halves
        Half length and half width, um.
    angle
        The angle of the long axis on the picture, radians.
    rng
        The generator of the wobble and of the nuclei.
    over
        The labels that it may cover.

    Attributes
    ----------
    window
        The rows and columns about it.
    radius
        In the window: 1 on the outline, smaller inside by 1 per half width at the sides, and
        not much slower at the ends; infinite where it may not lie.
    down, across, around
        In the window: um from the middle, as a column and as a row; angle from the long axis.
    """

    def __init__(
        self, skin: Skin, middle: np.ndarray, halves: Pair, angle: float, rng: Rng,
        over: tuple[Label, ...] = SOFT,
    ) -> None:  # fmt: skip
        self.skin, self.rng, self.middle, self.angle = skin, rng, middle, angle
        self.halves = max(halves), min(halves)
        self._long = np.float32(self.halves[0] / self.halves[1])
        self._phases = rng.uniform(0, 2 * np.pi, 3).astype(np.float32)
        mpp, reach = skin.window.mpp, self.halves[0] * 1.5 + 12
        first = np.maximum(0, ((middle - reach) / mpp).astype(int))
        last = np.minimum(skin.window.shape, ((middle + reach) / mpp).astype(int) + 1)
        self.window = np.s_[first[0] : last[0], first[1] : last[1]]
        axes = zip(first, last, middle, strict=True)
        down, across = ((np.arange(a, b, dtype=np.float32) + 0.5) * mpp - m for a, b, m in axes)
        self.down, self.across = down.astype(np.float32)[:, None], across.astype(np.float32)
        onward, aside = turned(self.down, self.across, angle)
        u, v = onward / np.float32(self.halves[0]), aside / np.float32(self.halves[1])
        self.around = np.arctan2(v, u)
        self.radius = self._radius(u, v, self.around)
        self.radius[~np.isin(skin.labels[self.window], over)] = np.inf

    def _radius(self, u: np.ndarray, v: np.ndarray, around: np.ndarray) -> np.ndarray:
        waves = zip((2, 3, 5), self._phases, strict=True)
        swell = 1 + sum(np.float32(0.16 / k) * np.cos(k * around + phase) for k, phase in waves)
        straight = np.float32(0.65) * (self._long - 1)  # in half widths, as are the layers
        end = np.maximum(np.abs(u) * self._long - straight, 0) / (self._long - straight)
        return np.hypot(end, v) * swell

    def paint(self, label: Label, layers: list[Layer]) -> None:
        """Paint from outside inwards; what lies beyond the outline keeps its label."""
        for outer, haematoxylin, eosin in layers:
            self.tint(self.share(outer), haematoxylin, eosin)
        self.skin.labels[self.window][self.radius < 1] = label

    def share(self, outer: float | np.ndarray) -> np.ndarray:
        """Return how much of each pixel of the window lies within a radius."""
        half_px = self.halves[1] / self.skin.window.mpp
        return np.clip((outer - self.radius) * half_px + 0.5, 0, 1)

    def tint(self, share: np.ndarray, haematoxylin: Numbers, eosin: Numbers) -> None:
        """Move the dye of the window towards new amounts."""
        self.skin.tint(self.window, share, haematoxylin, eosin)

    def fill(self, between: Pair, apart_um: float, half_um: float = 3.2) -> None:
        """Scatter roundish nuclei of a mean half width between two radii."""
        reach = self.halves[0] * 1.3
        steps = np.arange(-reach, reach, apart_um)
        grid = np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1)
        grid[1::2, :, 1] += apart_um / 2
        middles = (grid + self.rng.uniform(-0.28, 0.28, grid.shape) * apart_um).reshape(-1, 2)
        size, turn, dye = self.rng.standard_normal((3, len(middles)))
        middles += self.middle
        radius = self.radius_at(middles)
        keep = (radius > between[0]) & (radius < between[1])
        axes = half_um * np.array([1.12, 0.9]) * np.exp(0.12 * size[:, None])
        dye = 1.15 + 0.15 * dye
        stamp_nuclei(self.skin, middles, axes, angle=turn * np.pi, dye=dye, keep=keep)

    def line(
        self, apart_um: float, *, radius: float = 1.0, axes: Pair = (3.9, 1.5), dye: float = 1.4
    ) -> None:
        """Lay nuclei at a radius; `axes` are half lengths along and across the outline."""
        turn = np.linspace(0, 2 * np.pi, 121)
        sine, cosine = unit(turn)
        far = np.ones(len(turn))
        for _ in range(4):  # approaches the outline along every ray
            far /= self._radius(far * cosine, far * sine, turn)
        u, v = self.halves[0] * far * cosine, self.halves[1] * far * sine
        steps = np.hypot(np.diff(u), np.diff(v))
        run = np.concatenate([[0], np.cumsum(steps)])
        number = max(2, int(run[-1] / apart_um))
        at = (np.arange(number) + self.rng.uniform(-0.42, 0.42, number)) / number % 1 * run[-1]
        size, shade = self.rng.lognormal(0, 0.16, (number, 2)), self.rng.normal(1, 0.09, number)
        heading = np.unwrap(np.arctan2(np.gradient(v), np.gradient(u)))
        heading = np.interp(at, run, heading)
        aside = (1 - radius) * self.halves[1]
        u = np.interp(at, run, u) - aside * np.sin(heading)
        v = np.interp(at, run, v) + aside * np.cos(heading)
        sine, cosine = unit(self.angle)
        middles = self.middle + np.stack([u * sine + v * cosine, u * cosine - v * sine], axis=1)
        # Wholly in the dermis: both tips are looked up.
        angle = self.angle + heading
        tips = max(axes) * unit(angle).T
        ends = (self.radius_at(middles + tips), self.radius_at(middles - tips))
        inside = np.isfinite(ends).all(axis=0)
        size *= axes
        stamp_nuclei(self.skin, middles, size, angle=angle, dye=dye * shade, keep=inside)

    def radius_at(self, spots: np.ndarray) -> np.ndarray:
        """Look up the radius at ``(n, 2)`` um; infinite outside the window."""
        at = np.floor(spots / self.skin.window.mpp).astype(int) - [
            side.start for side in self.window
        ]
        shape = np.array(self.radius.shape)
        within = ((at >= 0) & (at < shape)).all(axis=1)
        rows, cols = np.clip(at, 0, shape - 1).T
        return np.where(within, self.radius[rows, cols], np.inf)
