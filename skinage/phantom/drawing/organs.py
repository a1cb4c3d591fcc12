"""Where vessels, follicles, glands and nerves lie, and how vessels look."""

import numpy as np

from skinage.phantom.drawing.anatomy import Places, Skin, Slide, one_by_one
from skinage.phantom.drawing.fields import unit
from skinage.phantom.drawing.glands import add_eccrine_coil, add_follicle, add_nerve, add_tube
from skinage.phantom.drawing.labels import DERMIS, Label
from skinage.phantom.drawing.shapes import Outline
from skinage.phantom.drawing.stamping import footprint, stamp_nuclei
from skinage.phantom.randomness import Rng

NERVES_PER_MM2 = 0.4
CAPILLARIES_PER_MM2 = 90.0  # of papillary dermis
PLEXUS_UM = (60.0, 220.0)  # below the junction, where vessels are most


def add_organs(skin: Skin, person: Slide, rng: Rng) -> None:
    """Add vessels, follicles, glands and nerves to a dyed piece of skin."""
    rows = skin.spots(rng, person["adnexa_per_mm2"], lambda at: _deep(skin, at, 150), 2)
    for (middle, own), which in zip(one_by_one(rows), rows[:, 3], strict=True):
        if which < 0.52:
            add_follicle(skin, middle, own)
        elif skin.below[skin.window.pixels(middle[None])][0] > 280:
            add_eccrine_coil(skin, middle, own)
        else:  # higher up, only the duct is met
            add_tube(skin, middle, own, is_duct=True)
    rows = skin.spots(rng, NERVES_PER_MM2, lambda at: _deep(skin, at, 250), 1)
    for middle, own in one_by_one(rows):
        add_nerve(skin, middle, own)
    _add_vessels(skin, person, rng)
    _add_capillaries(skin, rng)


def _deep(skin: Skin, at: Places, below_um: float) -> np.ndarray:
    """Return where an organ has room: in the dermis, away from its borders."""
    return skin.has(*DERMIS)(at) & (skin.below[at] > below_um)


def _add_vessels(skin: Skin, person: Slide, rng: Rng) -> None:
    """Add vessels of the planted density, of which the plexus has more than its share."""
    # Three times as many places as vessels; a third of them is taken, whatever the layers' areas.
    rows = skin.spots(rng, 3 * person["vessels_per_mm2"], lambda at: _deep(skin, at, 25), 2)
    step = max(1, round(4 / skin.window.mpp))
    sample = tuple(np.mgrid[: skin.labels.shape[0] : step, : skin.labels.shape[1] : step])
    below = skin.below[sample][_deep(skin, sample, 25)]
    share = _crowding(skin.below[skin.window.pixels(rows[:, :2])]) / _crowding(below).mean() / 3
    for middle, own in one_by_one(rows[rows[:, 3] < share]):
        if _deep(skin, skin.window.pixels(middle[None]), 25)[0]:  # not on another vessel
            _add_vessel(skin, middle, person["vessel_um"] / 2, own)


def _crowding(below_um: np.ndarray) -> np.ndarray:
    above, deeper = below_um < PLEXUS_UM[0], below_um > PLEXUS_UM[1]
    return np.select([above, deeper], [0.5, 1.0], 2.5)


def _add_vessel(skin: Skin, middle: np.ndarray, half_um: float, rng: Rng) -> None:
    """Add a thin wall with flat nuclei, empty or with red cells, some in a cuff of cells."""
    half = half_um * rng.uniform(0.6, 1.4)
    angle = float(skin.direction[skin.window.pixels(middle[None])][0]) + rng.normal(0, 0.4)
    inner = Outline(skin, middle, (half * rng.uniform(1.0, 2.2), half), angle, rng)
    wall = 1 + rng.uniform(1.6, 3.4) / half
    if rng.random() < 0.6:
        # A cleft on one side, where the tissue shrank away.
        side = np.maximum(0, np.cos(inner.around - np.float32(rng.uniform(0, 2 * np.pi))))
        inner.tint(0.9 * inner.share(wall + 4.5 / half * side**2), 0.0, 0.02)
    inner.paint(Label.VESSEL, [(wall, 0.15, 0.56), (1.0, 0.0, 0.015)])
    if rng.random() < 0.65:
        _add_red_cells(inner)
    inner.line(14.0, radius=1 - 0.3 / half, axes=(4.2, 1.5))
    if rng.random() < 0.65:
        _add_cuff(inner)


def _add_cuff(inner: Outline) -> None:
    """Add a few round and spindle cells about a vessel."""
    skin, rng = inner.skin, inner.rng
    number = int(rng.poisson(13))
    around = rng.uniform(0, 2 * np.pi, number)
    far = max(inner.halves) * rng.uniform(0.9, 1.3, number) + rng.exponential(9, number) + 4
    middles = inner.middle + unit(around).T * far[:, None]
    axes = np.stack([rng.uniform(2.6, 5.0, number), rng.uniform(1.8, 2.6, number)], axis=1)
    angle, dermal = around + np.pi / 2, skin.has(*DERMIS)
    tips = 5 * np.stack([np.cos(around), -np.sin(around)], axis=1)
    keep = np.all([dermal(skin.window.pixels(middles + k * tips)) for k in (-1, 0, 1)], axis=0)
    stamp_nuclei(skin, middles, axes, angle=angle, dye=1.55, keep=keep, label=Label.LYMPHOCYTE)


def _add_red_cells(inner: Outline) -> None:
    """Pack discs into the lumen, more or less full, and often on one side of it."""
    skin, rng, reach = inner.skin, inner.rng, inner.halves[0]
    steps = np.arange(-reach, reach, 5.5)
    spots = np.stack(np.meshgrid(0.9 * steps, steps, indexing="ij"), axis=-1)
    spots[1::2, :, 1] += 2.75
    spots = (spots + rng.uniform(-0.6, 0.6, spots.shape)).reshape(-1, 2)
    heading, level = rng.uniform(0, 2 * np.pi), rng.uniform(-0.3, 1.1)
    towards = spots @ unit(heading) / reach + rng.normal(0, 0.2, len(spots))
    shade = rng.uniform(0.8, 1.1, len(spots))
    spots += inner.middle
    free = 1 - 3.2 / inner.halves[1]
    keep = (towards < level) & (inner.radius_at(spots) < free)
    spots, shade = spots[keep], shade[keep].astype(np.float32)
    if len(spots):
        size = np.full((len(spots), 2), 2.8)
        at, which, radius = footprint(skin, spots, size, np.zeros(len(spots)))
        # A dent in the middle, as red cells have.
        amount = np.clip((1.1 - radius) * 5, 0, 1) * (0.8 + 0.2 * radius**2) * shade[which]
        np.maximum.at(skin.blood.ravel(), at, amount.astype(np.float32))
        np.maximum.at(skin.eosin.ravel(), at, 0.55 * amount.astype(np.float32))


def _add_capillaries(skin: Skin, rng: Rng) -> None:
    """Add loops of the papillae: a few plump nuclei about a small lumen."""
    rows = skin.spots(rng, CAPILLARIES_PER_MM2, skin.has(Label.PAPILLARY_DERMIS), 1)
    for middle, own in one_by_one(rows):
        halves = (own.uniform(4, 8), own.uniform(2.6, 3.6))
        angle = skin.tilt + np.pi / 2 + own.normal(0, 0.5)
        loop = Outline(skin, middle, halves, angle, own, (Label.PAPILLARY_DERMIS,))
        loop.paint(Label.PAPILLARY_DERMIS, [(1.5, 0.10, 0.50), (1.0, 0.0, 0.05)])
        loop.line(10.0, radius=1.3, axes=(3.6, 1.7))
