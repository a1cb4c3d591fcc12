"""Sections drawn from plain shapes, whose layers are known to the micrometre."""

import numpy as np
import pytest

HAEMATOXYLIN, EOSIN = (0.48, 0.80, 0.36), (0.09, 0.85, 0.52)
TOP_UM, HORN_UM, EPIDERMIS_UM, LEFT_UM, RIGHT_UM = 100, 20, 60, 80, 880
WAVE_UM = 100.0


def picture_of(haematoxylin, eosin, *, strength=1.0, gamma=1.0, glass=(243, 241, 245)):
    density = haematoxylin[..., None] * 0.55 * np.array(HAEMATOXYLIN)
    density = strength * (density + eosin[..., None] * 0.45 * np.array(EOSIN))
    noise = np.random.default_rng(1).normal(0, 1.5, haematoxylin.shape)[..., None]
    light = np.array(glass) * 10 ** (-gamma * density) + noise
    return np.clip(light + 0.5, 0, 255).astype(np.uint8)


def stains_of(*, ridge_um=0.0, epidermis=True, fat_from_um=None, height=520):
    """Draw skin of 800 um: horn, epidermis with sine ridges, dermis of dense fibres with gaps."""
    rng = np.random.default_rng(0)
    y, x = np.indices((height, 960)).astype(np.float32)
    inside = (x >= LEFT_UM) & (x < RIGHT_UM)
    top = TOP_UM + HORN_UM
    junction = top + EPIDERMIS_UM + ridge_um / 2 * np.sin(2 * np.pi * (x - LEFT_UM) / WAVE_UM)
    if not epidermis:
        top, junction = TOP_UM, np.full_like(x, TOP_UM)
    bottom = height - 80
    dermis = inside & (y >= junction) & (y < bottom)
    horn, viable = inside & (y >= TOP_UM) & (y < top), inside & (y >= top) & (y < junction)
    haematoxylin, eosin = np.zeros((2, height, 960), np.float32)
    eosin[dermis] = np.where((y % 12 < 3) & (x % 40 < 25), 0.05, 0.85)[dermis]
    haematoxylin[horn], eosin[horn] = (
        np.where(y % 5 < 2, level, 0.0)[horn] for level in (0.7, 0.3)
    )
    haematoxylin[viable], eosin[viable] = 0.3, 0.8
    granular = viable & (y < top + 6)
    haematoxylin[granular] = 0.9
    for row, column in rng.uniform((top, LEFT_UM), (bottom, RIGHT_UM), (2400, 2)):
        near, clear = (
            np.s_[int(row) - k : int(row) + k + 1, int(column) - k : int(column) + k + 1]
            for k in (3, 10)
        )  # nuclei keep off the borders, which would follow them
        if viable[clear].all() or (dermis[clear].all() and rng.random() < 0.12):
            haematoxylin[near], eosin[near] = 1.0, 0.3
    if fat_from_um is not None:
        fat = inside & (y >= fat_from_um) & (y < bottom)
        wall = (y % 60 < 2) | (x % 60 < 2)
        haematoxylin[fat], eosin[fat] = 0.0, np.where(wall, 0.5, 0.0)[fat]
    return haematoxylin, eosin


@pytest.fixture(scope="session")
def draw():
    """Draw skin from `stains_of` and `picture_of`; the arguments of the second are a dict."""
    return lambda light=None, **skin: picture_of(*stains_of(**skin), **(light or {}))


@pytest.fixture(scope="session")
def flat_skin(draw):
    return draw()


@pytest.fixture(scope="session")
def ridged_skin(draw):
    return draw(ridge_um=40)
