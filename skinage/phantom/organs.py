"""Where vessels, follicles, glands and nerves lie, and how vessels look."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from skinage.phantom.anatomy import Skin
from skinage.phantom.glands import add_eccrine_coil, add_follicle, add_nerve, add_tube
from skinage.phantom.labels import Label
from skinage.phantom.shapes import Outline
from skinage.phantom.stamping import Places, footprint, is_any_of, stamp_nuclei

INNER = (Label.COLLAGEN, Label.GAP, Label.ELASTOSIS)
NERVES_PER_MM2 = 0.4
CAPILLARIES_PER_MM2 = 90.0  # of papillary dermis
PLEXUS_UM = (60.0, 220.0)  # below the junction, where vessels are most


def add_organs(skin: Skin, person: Mapping[str, Any], rng: np.random.Generator) -> None:
    """Add vessels, follicles, glands and nerves to a dyed piece of skin."""
    dermal = is_any_of(skin, *INNER)
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
    # Three times as many places as vessels, of which the plexus keeps more.
    rows = skin.spots(rng, 3 * person["vessels_per_mm2"], lambda at: _deep(skin, at, 25), 2)
    below = skin.below[skin.window.pixels(rows[:, :2])]
    share = np.where((below > PLEXUS_UM[0]) & (below < PLEXUS_UM[1]), 2.0, 0.81) / 3
    for row in rows[rows[:, 3] < share]:
        if dermal(skin.window.pixels(row[None, :2]))[0]:
            own = np.random.default_rng(int(row[2] * 2**32))
            _add_vessel(skin, row[:2], person["vessel_um"] / 2, own)
    _add_capillaries(skin, rng)


def _deep(skin: Skin, at: Places, below_um: float) -> np.ndarray:
    """Tell where an organ finds room: in the dermis, away from its borders."""
    return is_any_of(skin, *INNER)(at) & (skin.below[at] > below_um)


def _add_vessel(skin: Skin, middle: np.ndarray, half_um: float, rng: np.random.Generator) -> None:
    """Add a thin wall with flat nuclei, empty or with red cells, some in a cuff of cells."""
    half = half_um * rng.uniform(0.6, 1.4)
    angle = float(skin.direction[skin.window.pixels(middle[None])][0]) + rng.normal(0, 0.4)
    inner = Outline(skin, middle, (half * rng.uniform(1.0, 2.2), half), angle, rng)
    wall = 1 + rng.uniform(2.2, 4.0) / half
    inner.paint(skin, Label.VESSEL, [(wall, 0.14, 0.52), (1.0, 0.0, 0.015)])
    if rng.random() < 0.65:
        _add_red_cells(skin, inner, rng)
    inner.line(skin, rng, 13.0)
    if rng.random() < 0.65:
        number = int(rng.poisson(13))
        around = rng.uniform(0, 2 * np.pi, number)
        far = max(inner.halves) * rng.uniform(0.9, 1.3, number) + rng.exponential(9, number) + 4
        middles = middle + np.stack([np.sin(around), np.cos(around)], axis=1) * far[:, None]
        axes = np.stack([rng.uniform(2.6, 5.0, number), rng.uniform(1.8, 2.6, number)], axis=1)
        keep = is_any_of(skin, *INNER, Label.PAPILLARY_DERMIS)(skin.window.pixels(middles))
        stamp_nuclei(
            skin,
            middles[keep],
            axes[keep],
            angle=(around + np.pi / 2)[keep],
            dye=np.full(keep.sum(), 1.55),
            label=Label.LYMPHOCYTE,
        )


def _add_red_cells(skin: Skin, inner: Outline, rng: np.random.Generator) -> None:
    reach = max(inner.halves)
    number = int(rng.uniform(0.4, 0.9) * np.pi * np.prod(inner.halves) / 22)
    spots = rng.uniform(-reach, reach, (4 * number, 2)) + inner.middle
    at = skin.window.pixels(spots)
    cosine, sine = np.cos(inner.angle), np.sin(inner.angle)
    down, across = (spots - inner.middle).T
    u = (across * cosine + down * sine) / (inner.halves[0] - 2.5)
    v = (down * cosine - across * sine) / max(inner.halves[1] - 2.5, 1)
    spots = spots[(np.hypot(u, v) < 0.9) & (skin.labels[at] == Label.VESSEL)][:number]
    if len(spots):
        round_um = np.full((len(spots), 2), 3.0)
        at_px, _, radius = footprint(skin, spots, round_um, np.zeros(len(spots)))
        # A dent in the middle, as red cells have.
        amount = np.clip((1.1 - radius) * 6, 0, 1) * (0.75 + 0.25 * radius**2)
        np.maximum.at(skin.blood.ravel(), at_px, 0.9 * amount.astype(np.float32))
        np.maximum.at(skin.eosin.ravel(), at_px, 0.40 * amount.astype(np.float32))


def _add_capillaries(skin: Skin, rng: np.random.Generator) -> None:
    """Add loops of the papillae: a few flat nuclei about a small lumen."""
    rows = skin.spots(rng, CAPILLARIES_PER_MM2, is_any_of(skin, Label.PAPILLARY_DERMIS), 1)
    for row in rows:
        own = np.random.default_rng(int(row[2] * 2**32))
        halves = (own.uniform(4, 8), own.uniform(2.5, 3.5))
        angle = skin.tilt + np.pi / 2 + own.normal(0, 0.5)
        over = (Label.PAPILLARY_DERMIS,)
        loop = Outline(skin, row[:2], halves, angle, own, over)
        loop.paint(skin, Label.PAPILLARY_DERMIS, [(1.5, 0.10, 0.45), (1.0, 0.0, 0.05)])
        loop.line(skin, own, 11.0)
