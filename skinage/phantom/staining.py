"""How much dye horn, epidermis and dermis hold, place by place."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from skinage.phantom.anatomy import CORNEUM, DERMIS, ELASTOSIS, EPIDERMIS, SHAPE, Skin
from skinage.phantom.fields import CellTexture, smooth_noise

PAPILLARY_UM = 75.0
GRENZ_UM = 15.0  # free zone between junction and elastosis


def stain_layers(skin: Skin, person: Mapping[str, Any], rng: np.random.Generator) -> None:
    """Dye horn, epidermis and dermis; nuclei, vessels and adnexa come later."""
    texture = CellTexture(rng)
    _stain_epidermis(skin, rng, texture=texture)
    _stain_papillary(skin, rng, texture=texture)
    _stain_bundles(skin, person, rng, texture=texture)
    if person["elastosis_um"] > 0:
        _stain_elastosis(skin, person, rng, texture=texture)


def _stain_epidermis(skin: Skin, rng: np.random.Generator, *, texture: CellTexture) -> None:
    haematoxylin, eosin = skin.haematoxylin.ravel(), skin.eosin.ravel()
    at = skin.pixels_of(CORNEUM)
    along, depth = skin.along.ravel()[at], skin.depth.ravel()[at]
    bent = depth + 2 * smooth_noise(rng, SHAPE, 18).ravel()[at]
    strand = np.exp(-((texture.edge_at(bent / 5, along / 34) / 0.13) ** 2))
    eosin[at] = 0.16 + 0.75 * strand
    haematoxylin[at] = 0.05 + 0.30 * strand + 0.25 * (depth > -3)
    at = skin.pixels_of(EPIDERMIS)
    along, depth = skin.along.ravel()[at], skin.depth.ravel()[at]
    basal = np.exp(skin.below.ravel()[at] / 14)
    granular = np.exp(-(((depth - 4) / 5) ** 2))
    border = np.exp(-((texture.edge_at(depth / 9, along / 11) / 0.09) ** 2))
    cloud = smooth_noise(rng, SHAPE, 30).ravel()[at]
    eosin[at] = 0.46 + 0.07 * border - 0.06 * basal + 0.03 * cloud
    haematoxylin[at] = 0.26 + 0.10 * basal + 0.30 * granular + 0.04 * border + 0.03 * cloud


def _stain_papillary(skin: Skin, rng: np.random.Generator, *, texture: CellTexture) -> None:
    """Fine, felted, pale fibres everywhere below the junction; bundles come on top, deeper."""
    at = skin.pixels_of(DERMIS)
    at = at[skin.below.ravel()[at] < PAPILLARY_UM + 70]
    along, deep = skin.along.ravel()[at], skin.depth.ravel()[at]
    bend = [5 * smooth_noise(rng, SHAPE, 16).ravel()[at] for _ in range(2)]
    felt = texture.nearest((deep + bend[0]) / 5, (along + bend[1]) / 30)[1]
    cloud = smooth_noise(rng, SHAPE, 40).ravel()[at]
    skin.eosin.ravel()[at] = 0.24 + 0.55 * felt + 0.03 * cloud
    skin.haematoxylin.ravel()[at] = 0.07 + 0.02 * cloud
    skin.direction.ravel()[at] = skin.tilt + 0.6 * cloud


def _stain_bundles(
    skin: Skin, person: Mapping[str, Any], rng: np.random.Generator, *, texture: CellTexture
) -> None:
    """Bundles in patches: each patch has its own direction, drawn about the surface."""
    at = skin.pixels_of(DERMIS)
    at = at[skin.below.ravel()[at] > PAPILLARY_UM - 70]
    along, deep, below = (a.ravel()[at] for a in (skin.along, skin.depth, skin.below))
    rough, fine, middle, coarse = (smooth_noise(rng, SHAPE, s).ravel()[at] for s in (9, 22, 45, 90))
    patches = CellTexture(rng, n_cells=24, texels=24)
    patch, patch_edge = patches.nearest((deep + 10 * fine) / 50, (along + 16 * middle) / 105)
    count = texture.cell.max() + 1
    angle = rng.vonmises(0, person["fibre_concentration"], count).astype(np.float32)[patch]
    cosine, sine = np.cos(angle), np.sin(angle)
    shift = rng.uniform(0, 2000, (2, count)).astype(np.float32)
    onward = along * cosine + deep * sine + shift[0][patch]
    aside = deep * cosine - along * sine + shift[1][patch]
    aside += 2.5 * np.sin(onward / 12 + 2 * middle) + 4 * fine + 1.2 * rough
    width = person["bundle_um"] * np.exp(rng.normal(0, 0.18, count)).astype(np.float32)[patch]
    stretch = np.exp(rng.normal(1.75, 0.45, count)).astype(np.float32)[patch]
    row, column = aside / width, onward / (width * stretch)
    loose = np.quantile(texture.edge, 1 - person["collagen_fraction"])
    limit = loose * width * np.exp(0.2 * coarse + 0.15 * fine - 0.03)
    parted = patch_edge * 60 + limit * (0.9 + 0.6 * middle)
    inward_um = np.minimum(texture.edge_at(row, column) * width, parted)
    solid = _step((inward_um - limit) / 0.4)
    shade = rng.normal(1, 0.12, count).astype(np.float32)[texture.nearest(row, column)[0]]
    fibril = texture.nearest(aside / 2.7, onward / 40)[1]
    dense = 0.02 + solid * (shade * (0.52 + 0.36 * fibril) + 0.03 * coarse)
    deeper = _step((below - PAPILLARY_UM + 16 * middle) / 10)
    for dye, bundles in ((skin.eosin, dense), (skin.haematoxylin, 0.01 + 0.05 * solid)):
        dye.ravel()[at] += deeper * (bundles - dye.ravel()[at])
    skin.direction.ravel()[at] = angle + skin.tilt


def _step(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(x, -30, 30)))


def _stain_elastosis(
    skin: Skin, person: Mapping[str, Any], rng: np.random.Generator, *, texture: CellTexture
) -> None:
    """Grey-blue clumped fibres between a narrow free zone and the planted depth."""
    at = skin.pixels_of(DERMIS)
    at = at[skin.below.ravel()[at] < GRENZ_UM + person["elastosis_um"] + 60]
    below, along, deep = (a.ravel()[at] for a in (skin.below, skin.along, skin.depth))
    wide, near, rough = (smooth_noise(rng, SHAPE, s).ravel()[at] for s in (45, 14, 8))
    below += 16 * wide
    share = _step((below - GRENZ_UM) / 4) * _step((GRENZ_UM + person["elastosis_um"] - below) / 9)
    share *= 0.85 - 0.25 * _step(-2 - 3 * near)
    clump = texture.edge_at((deep + 9 * near) / 8, (along + 9 * wide + 5 * rough) / 17)
    clump = _step((clump - 0.10) / 0.05) * (1 + 0.15 * rough)
    for dye, fibres in (
        (skin.haematoxylin, 0.10 + 0.17 * clump),
        (skin.eosin, 0.10 + 0.22 * clump),
    ):
        dye.ravel()[at] += share * (fibres - dye.ravel()[at])
    skin.labels.ravel()[at[share > 0.4]] = ELASTOSIS
