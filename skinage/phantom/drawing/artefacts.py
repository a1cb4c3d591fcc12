"""Lesions in the section, and what was done to it: folds, dust and pen."""

import numpy as np

from skinage.phantom.drawing.anatomy import Skin, Slide, one_by_one
from skinage.phantom.drawing.fields import smooth_noise
from skinage.phantom.drawing.labels import DERMIS, Label
from skinage.phantom.drawing.shapes import Outline
from skinage.phantom.drawing.stamping import stamp_nuclei
from skinage.phantom.randomness import Rng

INKS = {"blue": (0.30, 0.42, 0.80), "green": (0.30, 0.64, 0.44), "black": (0.24, 0.24, 0.27)}
"""Share of red, green and blue light that passes a pen mark."""


def add_lesion(skin: Skin, slide: Slide, rng: Rng) -> None:
    """Put a patch of scar or of a naevus into the dermis, where the slide has one."""
    if not slide["lesion"]:
        return
    along, depth = rng.uniform(-400, 400), rng.uniform(250, 420)
    halves = rng.uniform(170, 260), rng.uniform(120, 170)
    middle = skin.place(np.array([along]), np.array([depth]))[0]
    patch = Outline(skin, middle, halves, skin.tilt, rng, DERMIS)
    ragged = 0.10 * smooth_noise(rng, skin.window, 45) + 0.06 * smooth_noise(rng, skin.window, 14)
    patch.radius += ragged[patch.window]
    (_add_scar if slide["lesion"] == "scar" else _add_naevus)(patch)
    skin.labels[patch.window][patch.radius < 1] = Label.LESION


def _add_scar(patch: Outline) -> None:
    """Fine parallel collagen almost without gaps, and many spindles along it."""
    skin, rng = patch.skin, patch.rng
    share = np.clip((1 - patch.radius) * 4 + 0.5, 0, 1)
    cloud, near = (smooth_noise(rng, skin.window, scale)[patch.window] for scale in (70, 22))
    along, depth = skin.along[patch.window], skin.depth[patch.window] + 7 * cloud + 3 * near
    fibre = skin.texture.edge_at(depth / 5.5, along / 60)
    slit = np.exp(-((skin.texture.edge_at(depth / 13, along / 110 + near / 8) / 0.05) ** 2))
    eosin = (0.42 + 0.45 * fibre + 0.05 * near) * (1 - 0.7 * slit)
    patch.tint(share, 0.07 + 0.03 * cloud, eosin)
    rows = skin.spots(rng, 2400, skin.has(*DERMIS), 2)
    spots, (length, turn) = rows[:, :2], rows[:, 2:].T
    axes = np.stack([5 + 3 * length, np.full(len(rows), 1.6)], axis=1)
    inside, angle = patch.radius_at(spots) < 0.95, skin.tilt + 0.4 * (turn - 0.5)
    stamp_nuclei(skin, spots, axes, angle=angle, dye=1.4, keep=inside)


def _add_naevus(patch: Outline) -> None:
    """Nests of round cells, smaller the deeper they lie, as naevus cells mature."""
    skin = patch.skin
    nests = skin.spots(patch.rng, 1100, skin.has(*DERMIS), 1)
    for middle, own in one_by_one(nests[patch.radius_at(nests[:, :2]) < 0.92]):
        deeper = np.clip(((middle - patch.middle)[0] / patch.halves[1] + 1) / 2, 0, 1)
        long, wide = own.uniform((16, 13), (32, 22)) * (1.2 - 0.5 * deeper)
        nest = Outline(skin, middle, (long, wide), skin.tilt + own.normal(0, 0.6), own, DERMIS)
        nest.paint(Label.LESION, [(1.12, 0.04, 0.48), (1.0, 0.20, 0.38)])
        nest.fill((0.0, 0.92), 8.4 - 1.2 * deeper, 3.3 - 0.6 * deeper)


def add_fold(skin: Skin, slide: Slide, rng: Rng) -> None:
    """Fold a band of the section over its neighbour, where the slide has a fold."""
    if not slide["has_fold"]:
        return
    where, width_um = rng.uniform(-450, 450), rng.uniform(35, 80)
    bent = skin.along - where - 35 * smooth_noise(rng, skin.window, 300)
    band = (np.abs(bent) < width_um / 2) & (skin.labels != Label.GLASS)
    shift = round(width_um / skin.window.mpp)
    for dye in (skin.haematoxylin, skin.eosin, skin.blood):
        dye[band] += np.roll(dye, shift, axis=1)[band]
    skin.labels[band] = Label.FOLD


def mark(picture: np.ndarray, labels: np.ndarray, slide: Slide, rng: Rng, mpp: float) -> None:
    """Put dust and pen on the finished picture and its labels, in place."""
    if slide["has_pen"]:
        _draw_pen(picture, labels, rng, mpp)
    size_px, number = np.array(labels.shape), int(slide["n_dust"])
    places, halves_um = rng.uniform(0, 1, (number, 2)), rng.uniform(2.5, 12.5, number)
    for place, half_um in zip(places, halves_um, strict=True):
        _drop_dust(picture, labels, place * size_px, half_um / mpp, rng)


def _drop_dust(
    picture: np.ndarray, labels: np.ndarray, place: np.ndarray, half_px: float, rng: Rng
) -> None:
    """Drop a grain out of focus: dark and fading out, or bright in a dark ring."""
    reach = int(2.5 * half_px) + 2
    first = np.maximum(0, place.astype(int) - reach)
    window = tuple(slice(a, int(p) + reach) for a, p in zip(first, place, strict=True))
    shape = labels[window].shape
    down, across = (np.arange(n) + a + 0.5 - p for n, a, p in zip(shape, first, place, strict=True))
    angle, flat, phase = rng.uniform(0, np.pi), rng.uniform(1, 1.8), rng.uniform(0, 2 * np.pi)
    shade, is_bright = rng.uniform(0.15, 0.55), rng.random() < 0.3
    u = across * np.cos(angle) + down[:, None] * np.sin(angle)
    v = (down[:, None] * np.cos(angle) - across * np.sin(angle)) * flat
    around = np.arctan2(v, u)
    wobble = 1 + 0.08 * np.sin(3 * around + phase) + 0.06 * np.sin(5 * around)
    far = np.hypot(u, v) / half_px * wobble
    cover = np.clip(1.5 * (1.35 - far), 0, 1)
    passed = 1 - (1 - shade) * cover
    if is_bright:
        passed += (1.15 - shade) * np.exp(-((far / 0.6) ** 2))
    lit = picture[window] * passed[..., None] + 0.5
    picture[window] = np.where(cover[..., None] > 0, np.minimum(lit, 255), picture[window])
    labels[window][cover > 0] = Label.DUST


def _draw_pen(picture: np.ndarray, labels: np.ndarray, rng: Rng, mpp: float) -> None:
    """Draw a felt-pen stroke down one side of the slide: streaky, and darker at its edges."""
    ink = -np.log(np.array(list(INKS.values())[int(rng.integers(len(INKS)))], np.float32))
    start, sway, turns, is_right = rng.uniform((150, -70, 1, 0), (400, 70, 3, 1))
    half_um = rng.uniform(80, 150)
    height, width = labels.shape
    middle = start + sway * np.sin(turns * np.pi * np.linspace(0, 1, height, dtype=np.float32))
    if is_right > 0.5:
        middle = width * mpp - middle
    ends = np.array([middle.min() - half_um, middle.max() + half_um]) / mpp
    left, right = np.clip(ends.astype(int) + np.array([0, 1]), 0, width)
    across = (np.arange(left, right, dtype=np.float32) + 0.5) * mpp
    aside = (across - middle[:, None]) / half_um  # -1 and 1 at the edges
    streaks = np.interp(aside, np.linspace(-1, 1, 20), rng.uniform(0.7, 0.95, 20))
    edge = np.exp((np.abs(aside) - 1) * (half_um / 10))
    inside = np.abs(aside) < 1
    density = (streaks + 0.35 * edge)[inside, None].astype(np.float32) * ink
    part = np.s_[:, left:right]
    picture[part][inside] = picture[part][inside] * np.exp(-density)
    labels[part][inside] = Label.PEN
