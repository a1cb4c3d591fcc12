"""Where vessels, follicles, glands and nerves lie, and how vessels look."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from skinage.phantom.drawing.anatomy import Skin
from skinage.phantom.drawing.glands import add_eccrine_coil, add_follicle, add_nerve, add_tube
from skinage.phantom.drawing.labels import DERMIS, Label
from skinage.phantom.drawing.shapes import Outline
from skinage.phantom.drawing.stamping import Places, footprint, is_any_of, stamp_nuclei

NERVES_PER_MM2 = 0.4
CAPILLARIES_PER_MM2 = 90.0  # of papillary dermis
PLEXUS_UM = (60.0, 220.0)  # below the junction, where vessels are most


def add_organs(skin: Skin, person: Mapping[str, Any], rng: np.random.Generator) -> None:
    """Add vessels, follicles, glands and nerves to a dyed piece of skin."""
    for row in skin.spots(rng, person["adnexa_per_mm2"], lambda at: _deep(skin, at, 150), 2):
        own = np.random.default_rng(int(row[2] * 2**32))
        if row[3] < 0.52:
            add_follicle(skin, row[:2], own)
        elif skin.below[skin.window.pixels(row[None, :2])][0] > 280:
            add_eccrine_coil(skin, row[:2], own)
        else:  # higher up, only the duct is met
            add_tube(skin, row[:2], own, is_duct=True)
    for row in skin.spots(rng, NERVES_PER_MM2, lambda at: _deep(skin, at, 250), 1):
        add_nerve(skin, row[:2], np.random.default_rng(int(row[2] * 2**32)))
    _add_vessels(skin, person, rng)
    _add_capillaries(skin, rng)


def _deep(skin: Skin, at: Places, below_um: float) -> np.ndarray:
    """Return where an organ has room: in the dermis, away from its borders."""
    return is_any_of(skin, *DERMIS)(at) & (skin.below[at] > below_um)


def _add_vessels(skin: Skin, person: Mapping[str, Any], rng: np.random.Generator) -> None:
    """Add vessels of the planted density, of which the plexus has more than its share."""
    # Three times as many places as vessels; a third of them is taken, whatever the layers' areas.
    rows = skin.spots(rng, 3 * person["vessels_per_mm2"], lambda at: _deep(skin, at, 25), 2)
    step = max(1, round(4 / skin.window.mpp))
    sample = tuple(np.mgrid[: skin.labels.shape[0] : step, : skin.labels.shape[1] : step])
    below = skin.below[sample][_deep(skin, sample, 25)]
    share = _crowding(skin.below[skin.window.pixels(rows[:, :2])]) / _crowding(below).mean() / 3
    for row in rows[rows[:, 3] < share]:
        if _deep(skin, skin.window.pixels(row[None, :2]), 25)[0]:  # not on another vessel
            own = np.random.default_rng(int(row[2] * 2**32))
            _add_vessel(skin, row[:2], person["vessel_um"] / 2, own)


def _crowding(below_um: np.ndarray) -> np.ndarray:
    above, deeper = below_um < PLEXUS_UM[0], below_um > PLEXUS_UM[1]
    return np.select([above, deeper], [0.5, 1.0], 2.5)


def _add_vessel(skin: Skin, middle: np.ndarray, half_um: float, rng: np.random.Generator) -> None:
    """Add a thin wall with flat nuclei, empty or with red cells, some in a cuff of cells."""
    half = half_um * rng.uniform(0.6, 1.4)
    angle = float(skin.direction[skin.window.pixels(middle[None])][0]) + rng.normal(0, 0.4)
    inner = Outline(skin, middle, (half * rng.uniform(1.0, 2.2), half), angle, rng)
    wall = 1 + rng.uniform(1.6, 3.4) / half
    if rng.random() < 0.6:
        # A cleft on one side, where the tissue shrank away.
        side = np.maximum(0, np.cos(inner.around - np.float32(rng.uniform(0, 2 * np.pi))))
        inner.tint(skin, 0.9 * inner.share(skin, wall + 4.5 / half * side**2), 0.0, 0.02)
    inner.paint(skin, Label.VESSEL, [(wall, 0.15, 0.56), (1.0, 0.0, 0.015)])
    if rng.random() < 0.65:
        _add_red_cells(skin, inner, rng)
    inner.line(skin, rng, 14.0, radius=1 - 0.3 / half, axes=(4.2, 1.5))
    if rng.random() < 0.65:
        _add_cuff(skin, inner, rng)


def _add_cuff(skin: Skin, inner: Outline, rng: np.random.Generator) -> None:
    """Add a few round and spindle cells about a vessel."""
    number = int(rng.poisson(13))
    around = rng.uniform(0, 2 * np.pi, number)
    far = max(inner.halves) * rng.uniform(0.9, 1.3, number) + rng.exponential(9, number) + 4
    middles = inner.middle + np.stack([np.sin(around), np.cos(around)], axis=1) * far[:, None]
    axes = np.stack([rng.uniform(2.6, 5.0, number), rng.uniform(1.8, 2.6, number)], axis=1)
    tips = 5 * np.stack([np.cos(around), -np.sin(around)], axis=1)
    dermal = is_any_of(skin, *DERMIS)
    keep = np.all([dermal(skin.window.pixels(middles + k * tips)) for k in (-1, 0, 1)], axis=0)
    stamp_nuclei(
        skin,
        middles[keep],
        axes[keep],
        angle=(around + np.pi / 2)[keep],
        dye=np.full(keep.sum(), 1.55),
        label=Label.LYMPHOCYTE,
    )


def _add_red_cells(skin: Skin, inner: Outline, rng: np.random.Generator) -> None:
    """Pack discs into the lumen, more or less full, and often on one side of it."""
    reach = inner.halves[0]
    steps = np.arange(-reach, reach, 5.5)
    spots = np.stack(np.meshgrid(0.9 * steps, steps, indexing="ij"), axis=-1)
    spots[1::2, :, 1] += 2.75
    spots = (spots + rng.uniform(-0.6, 0.6, spots.shape)).reshape(-1, 2)
    heading, level = rng.uniform(0, 2 * np.pi), rng.uniform(-0.3, 1.1)
    towards = (spots @ [np.sin(heading), np.cos(heading)]) / reach + rng.normal(0, 0.2, len(spots))
    shade = rng.uniform(0.8, 1.1, len(spots))
    spots += inner.middle
    free = 1 - 3.2 / inner.halves[1]
    keep = (towards < level) & (inner.radius_at(skin, spots) < free)
    spots, shade = spots[keep], shade[keep].astype(np.float32)
    if len(spots):
        size = np.full((len(spots), 2), 2.8)
        at, which, radius = footprint(skin, spots, size, np.zeros(len(spots)))
        # A dent in the middle, as red cells have.
        amount = np.clip((1.1 - radius) * 5, 0, 1) * (0.8 + 0.2 * radius**2) * shade[which]
        np.maximum.at(skin.blood.ravel(), at, amount.astype(np.float32))
        np.maximum.at(skin.eosin.ravel(), at, 0.55 * amount.astype(np.float32))


def _add_capillaries(skin: Skin, rng: np.random.Generator) -> None:
    """Add loops of the papillae: a few plump nuclei about a small lumen."""
    rows = skin.spots(rng, CAPILLARIES_PER_MM2, is_any_of(skin, Label.PAPILLARY_DERMIS), 1)
    for row in rows:
        own = np.random.default_rng(int(row[2] * 2**32))
        halves = (own.uniform(4, 8), own.uniform(2.6, 3.6))
        angle = skin.tilt + np.pi / 2 + own.normal(0, 0.5)
        loop = Outline(skin, row[:2], halves, angle, own, (Label.PAPILLARY_DERMIS,))
        loop.paint(skin, Label.PAPILLARY_DERMIS, [(1.5, 0.10, 0.50), (1.0, 0.0, 0.05)])
        loop.line(skin, own, 10.0, radius=1.3, axes=(3.6, 1.7))
