"""Follicles with their sebaceous glands, and eccrine coils."""

import numpy as np

from skinage.phantom.anatomy import Skin
from skinage.phantom.labels import Label
from skinage.phantom.shapes import SOFT, Outline
from skinage.phantom.stamping import stamp_nuclei

OVER_GLANDS = (*SOFT, Label.SEBACEOUS_GLAND, Label.ECCRINE_GLAND)


def add_follicle(skin: Skin, middle: np.ndarray, rng: np.random.Generator) -> None:
    """Add an obliquely cut hair follicle: sheaths about a hair, often with a sebaceous lobule."""
    half = rng.uniform(32, 46)
    long = half * (rng.uniform(2.5, 4) if rng.random() < 0.35 else rng.uniform(1, 1.6))
    angle = skin.tilt + np.pi / 2 + rng.normal(0, 0.25)
    side, has_gland = rng.choice([-1, 1]), rng.random() < 0.75
    if has_gland:
        for _ in range(int(rng.integers(1, 4))):
            beside = np.array([rng.normal(0, 0.5 * half), side * rng.uniform(1.2, 1.8) * half])
            _add_lobule(skin, middle + beside, rng)
    follicle = Outline(skin, middle, (long, half), angle, rng, OVER_GLANDS)
    has_hair = rng.random() < 0.6
    layers = [(1.14, 0.04, 0.42), (1.0, 0.34, 0.46), (0.46, 0.16, 0.74), (0.32, 0.06, 0.62)]
    layers.append((0.24, 0.10, 0.25) if has_hair else (0.22, 0.0, 0.02))
    follicle.paint(skin, Label.FOLLICLE, layers)
    follicle.fill(skin, rng, (0.50, 0.97), 9.0)


def _add_lobule(skin: Skin, middle: np.ndarray, rng: np.random.Generator) -> None:
    """Add a lobule of pale foamy cells in a rim of small dark ones."""
    halves = (rng.uniform(42, 66), rng.uniform(34, 46))
    lobule = Outline(skin, middle, halves, rng.uniform(0, np.pi), rng)
    lobule.paint(skin, Label.SEBACEOUS_GLAND, [(1.06, 0.05, 0.40), (1.0, 0.30, 0.42)])
    inside = lobule.radius < 0.86
    place = (lobule.down / 15 + 9 + 0 * lobule.across, lobule.across / 16 + 9 + 0 * lobule.down)
    wall = np.exp(-((skin.cells.edge_at(*place) / 0.06) ** 2))
    foam = skin.texture.edge_at(*(6.5 * step for step in place))
    skin.eosin[lobule.window][inside] = (0.10 + 0.25 * foam + 0.30 * wall)[inside]
    skin.haematoxylin[lobule.window][inside] = (0.04 + 0.10 * foam + 0.10 * wall)[inside]
    lobule.fill(skin, rng, (0.0, 0.80), 17.0)
    lobule.line(skin, rng, 8.0)


def add_eccrine_coil(skin: Skin, middle: np.ndarray, rng: np.random.Generator) -> None:
    """Add an eccrine coil in loose stroma: pale secretory tubes, smaller and darker ducts."""
    stroma = Outline(skin, middle, (84, 66), rng.uniform(0, np.pi), rng)
    loose = 0.75 * np.clip((1 - stroma.radius) * 4, 0, 1)
    felt = skin.texture.edge_at(
        stroma.down / 5 + 0.04 * stroma.across, stroma.across / 14 + 0.08 * stroma.down
    )
    skin.eosin[stroma.window] += loose * (0.14 + 0.30 * felt - skin.eosin[stroma.window])
    skin.haematoxylin[stroma.window] += loose * (0.06 - skin.haematoxylin[stroma.window])
    for _ in range(int(rng.integers(7, 12))):
        add_tube(skin, middle + rng.normal(0, 27, 2), rng, is_duct=rng.random() < 0.35)


def add_tube(skin: Skin, middle: np.ndarray, rng: np.random.Generator, *, is_duct: bool) -> None:
    """Add one cut through a gland's tube."""
    half = rng.uniform(10.5, 13) if is_duct else rng.uniform(14, 19)
    halves = (half * rng.uniform(1.0, 1.9), half)
    tube = Outline(skin, middle, halves, rng.uniform(0, np.pi), rng, OVER_GLANDS)
    wall = (1.0, 0.34, 0.48) if is_duct else (1.0, 0.18, 0.34)
    lumen = (0.30, 0.08, 0.45) if is_duct else (0.26, 0.0, 0.06)
    tube.paint(skin, Label.ECCRINE_GLAND, [(1.14, 0.03, 0.34), wall, lumen, (0.2, 0.0, 0.02)])
    tube.fill(skin, rng, (0.40, 0.95), 7.2 if is_duct else 8.2)


def add_nerve(skin: Skin, middle: np.ndarray, rng: np.random.Generator) -> None:
    """Add a small nerve: a pale, wavy bundle with slender nuclei along it."""
    halves = (rng.uniform(30, 60), rng.uniform(11, 17))
    angle = skin.tilt + rng.normal(0, 0.6)
    nerve = Outline(skin, middle, halves, angle, rng)
    nerve.paint(skin, Label.COLLAGEN, [(1.1, 0.05, 0.5), (1.0, 0.12, 0.32)])
    number = int(sum(halves) / 4)
    middles = middle + rng.uniform(-1, 1, (number, 1)) * 0.8 * halves[0] * _unit(angle)
    middles += rng.uniform(-0.7, 0.7, (number, 1)) * halves[1] * _unit(angle + np.pi / 2)
    turn = rng.normal(0, 0.3, number)
    within = np.isin(skin.labels[skin.window.pixels(middles)], SOFT)
    stamp_nuclei(
        skin,
        middles[within],
        np.tile([5.5, 1.3], (within.sum(), 1)),
        angle=(angle + turn)[within],
        dye=np.full(within.sum(), 1.1),
    )


def _unit(angle: float) -> np.ndarray:
    return np.array([np.sin(angle), np.cos(angle)])
