"""Follicles with their sebaceous glands and muscles, eccrine coils, and nerves."""

import numpy as np

from skinage.phantom.drawing.anatomy import Skin
from skinage.phantom.drawing.fields import turned, unit
from skinage.phantom.drawing.labels import Label
from skinage.phantom.drawing.shapes import SOFT, Outline
from skinage.phantom.drawing.stamping import stamp_nuclei
from skinage.phantom.randomness import Rng


def add_follicle(skin: Skin, middle: np.ndarray, rng: Rng) -> None:
    """Add an obliquely cut hair follicle, often with a sebaceous gland and a muscle beside it."""
    half = rng.uniform(32, 46)
    long = half * (rng.uniform(2.5, 4) if rng.random() < 0.35 else rng.uniform(1, 1.6))
    angle = skin.tilt + np.pi / 2 + rng.normal(0, 0.25)
    side, has_gland, has_muscle = rng.choice([-1, 1]), rng.random() < 0.75, rng.random() < 0.35
    has_hair = rng.random() < 0.7
    over = (*SOFT, Label.ECCRINE_GLAND, Label.SEBACEOUS_GLAND)
    follicle = Outline(skin, middle, (long, half), angle, rng, over)
    # From outside: sheath of collagen, glassy membrane, outer sheath, inner sheath, hair.
    layers = [(1.16, 0.05, 0.46), (1.04, 0.02, 0.62), (1.0, 0.40, 0.44), (0.84, 0.28, 0.42)]
    layers += [(0.56, 0.20, 0.38), (0.46, 0.18, 0.80), (0.34, 0.08, 0.70)]
    layers += [(0.25, 0.02, 0.10), (0.22, 0.22, 0.34), (0.08, 0.12, 0.24)] if has_hair else []
    follicle.paint(Label.FOLLICLE, layers if has_hair else [*layers, (0.22, 0.0, 0.02)])
    follicle.fill((0.52, 0.84), 8.6)
    follicle.line(5.2, radius=0.92, axes=(2.1, 3.7), dye=1.25)
    follicle.line(15.0, radius=1.12, axes=(4.6, 1.2))
    if has_gland:
        for _ in range(int(rng.integers(1, 4))):
            aside = side * half * rng.uniform(1.2, 1.8)
            onward = rng.normal(0, 0.5 * half)
            away = aside * unit(angle + np.pi / 2) + onward * unit(angle)
            _add_lobule(skin, middle + away, rng)
    if has_muscle:
        _add_muscle(skin, middle - side * half * 2.2 * unit(angle + np.pi / 2), angle, side, rng)


def _add_lobule(skin: Skin, middle: np.ndarray, rng: Rng) -> None:
    """Add a lobule of pale foamy cells in a rim of small dark ones."""
    halves = (rng.uniform(42, 66), rng.uniform(34, 46))
    lobule = Outline(skin, middle, halves, rng.uniform(0, np.pi), rng)
    home = rng.integers(5, 20, 2)
    down, across = lobule.down / 16 + home[0], lobule.across / 16 + home[1]
    place = np.broadcast_arrays(down, across)
    wall = np.exp(-((skin.cells.edge_at(*place) / 0.06) ** 2))
    net = np.exp(-((skin.texture.edge_at(*(4.6 * step for step in place)) / 0.2) ** 2))
    lobule.paint(Label.SEBACEOUS_GLAND, [(1.07, 0.04, 0.48), (1.0, 0.26, 0.40)])
    foam = (0.03 + 0.13 * net + 0.08 * wall, 0.05 + 0.20 * net + 0.24 * wall)
    lobule.tint(lobule.share(0.90), *foam)
    lobule.line(9.0, radius=0.95, axes=(3.6, 1.7))
    # A nucleus in the middle of every cell.
    cell = np.stack(np.meshgrid(*[np.arange(-5, 6)] * 2, indexing="ij"), axis=-1).reshape(-1, 2)
    part = skin.cells.centres[:, *((cell + home) % skin.cells.n_cells).T].T
    size, middles = rng.lognormal(0, 0.1, (len(cell), 2)), middle + (cell + part) * 16
    inside = lobule.radius_at(middles) < 0.82
    size *= (3.1, 2.7)
    stamp_nuclei(skin, middles, size, angle=np.pi * part[:, 0], dye=1.2, keep=inside)


def _add_muscle(skin: Skin, middle: np.ndarray, angle: float, side: int, rng: Rng) -> None:
    """Add the muscle that raises the hair: a smooth oblique band with long nuclei."""
    halves = (rng.uniform(80, 130), rng.uniform(11, 17))
    muscle = Outline(skin, middle, halves, angle - side * rng.uniform(0.4, 0.8), rng)
    wave = skin.texture.edge_at(*_fibres(muscle, 4.0, 60.0))
    muscle.tint(muscle.share(1.0), 0.14 + 0.08 * wave, 0.58 + 0.35 * wave)
    skin.labels[muscle.window][muscle.radius < 1] = Label.FOLLICLE
    _add_long_nuclei(muscle, half_um=6.5)


def add_eccrine_coil(skin: Skin, middle: np.ndarray, rng: Rng) -> None:
    """Add an eccrine coil in loose stroma: pale secretory tubes, smaller and darker ducts."""
    stroma = Outline(skin, middle, (96, 80), rng.uniform(0, np.pi), rng)
    felt = skin.texture.edge_at(*_fibres(stroma, 5.0, 14.0))
    loose = 0.75 * np.clip((1 - stroma.radius) * 4, 0, 1)
    stroma.tint(loose, 0.06, 0.14 + 0.30 * felt)
    first, n_tubes = rng.uniform(0, 2 * np.pi), int(rng.integers(7, 13))
    for k in range(n_tubes):
        # Each by the golden angle beyond the last: as close as seeds in a sunflower.
        away = 21 * np.sqrt(k + 0.3) * unit(first + 2.4 * k) + rng.normal(0, 4, 2)
        add_tube(skin, middle + away, rng, is_duct=rng.random() < 0.35)


def add_tube(skin: Skin, middle: np.ndarray, rng: Rng, *, is_duct: bool) -> None:
    """Add one cut through a gland's tube."""
    half = rng.uniform(10.5, 13) if is_duct else rng.uniform(14, 19)
    halves = (half * rng.uniform(1.0, 1.9), half)
    tube = Outline(skin, middle, halves, rng.uniform(0, np.pi), rng)
    if is_duct:  # two layers of cells, a cuticle about the lumen
        layers = [(1.14, 0.03, 0.42), (1.0, 0.34, 0.50), (0.32, 0.10, 0.72), (0.22, 0.0, 0.02)]
        tube.paint(Label.ECCRINE_GLAND, layers)
        tube.line(6.4, radius=0.84, axes=(2.7, 1.9), dye=1.15)
        tube.line(6.0, radius=0.52, axes=(2.3, 1.8), dye=1.15)
    else:  # one layer of clear cells on flat ones
        layers = [(1.12, 0.03, 0.50), (1.0, 0.20, 0.42), (0.82, 0.11, 0.27)]
        tube.paint(Label.ECCRINE_GLAND, [*layers, (0.34, 0.16, 0.42), (0.26, 0.0, 0.06)])
        tube.line(8.5, radius=0.68, axes=(3.0, 2.6), dye=1.15)
        tube.line(17.0, radius=0.97, axes=(3.6, 1.1))


def add_nerve(skin: Skin, middle: np.ndarray, rng: Rng) -> None:
    """Add a small nerve: a pale, wavy bundle with slender nuclei along it."""
    halves = (rng.uniform(30, 60), rng.uniform(11, 17))
    nerve = Outline(skin, middle, halves, skin.tilt + rng.normal(0, 0.6), rng)
    nerve.paint(Label.COLLAGEN, [(1.15, 0.05, 0.55), (1.0, 0.12, 0.30)])
    wave = skin.texture.edge_at(*_fibres(nerve, 3.0, 30.0))
    nerve.tint(0.8 * nerve.share(1.0), 0.12, 0.20 + 0.35 * wave)
    _add_long_nuclei(nerve, half_um=5.5)


def _add_long_nuclei(organ: Outline, *, half_um: float) -> None:
    """Add slender nuclei along the long axis of an organ."""
    number = int(np.prod(organ.halves) / 42)
    onward, aside = organ.rng.uniform(-0.85, 0.85, (2, number)) * np.array(organ.halves)[:, None]
    turn, size = organ.rng.normal(0, 0.16, number), organ.rng.lognormal(0, 0.15, (number, 2))
    middles = organ.middle + onward[:, None] * unit(organ.angle)
    middles += aside[:, None] * unit(organ.angle + np.pi / 2)
    inside = organ.radius_at(middles) < 0.9
    size *= (half_um, 1.3)
    stamp_nuclei(organ.skin, middles, size, angle=organ.angle + turn, dye=1.15, keep=inside)


def _fibres(organ: Outline, wide_um: float, long_um: float) -> tuple[np.ndarray, np.ndarray]:
    """Return wavy coordinates, in cells of a mosaic, across and along the long axis of an organ."""
    onward, aside = turned(organ.down, organ.across, organ.angle)
    onward = onward + np.float32(organ.middle.sum())
    return (aside + 3 * np.sin(onward / 13)) / wide_um, onward / long_um
