"""The amount of dye that horn, epidermis, dermis and fat hold, pixel by pixel."""

import numpy as np

from skinage.phantom.drawing.anatomy import PAPILLARY_UM, Skin, Slide
from skinage.phantom.drawing.fields import CellTexture, smooth_noise, turned
from skinage.phantom.drawing.labels import Label
from skinage.phantom.randomness import Rng

FIBROUS = (Label.PAPILLARY_DERMIS, Label.COLLAGEN)
GRENZ_UM = 15.0  # free zone between junction and elastosis
N_PATCHES = 1600  # as many as a mosaic has cells
CELL_UM = (11.3, 13.0)  # height and width of an epidermal cell


def stain_layers(skin: Skin, person: Slide, rng: Rng) -> None:
    """Dye horn, epidermis, dermis and fat; nuclei, vessels and adnexa come later."""
    _stain_horn(skin, rng)
    _stain_epidermis(skin, rng)
    _stain_papillary(skin, rng)
    _stain_bundles(skin, person, rng)
    if person["elastosis_um"] > 0:
        _stain_elastosis(skin, person, rng)
    _stain_fat(skin, rng)


def _stain_horn(skin: Skin, rng: Rng) -> None:
    """Lay a basket weave of thin walls about empty cells, on a compact layer."""
    at, along, depth, _ = skin.layer(Label.STRATUM_CORNEUM)
    bent = depth + 2.5 * smooth_noise(rng, skin.window, 25).ravel()[at]
    wall = np.exp(-((skin.texture.edge_at(bent / 5.5, along / 30) / 0.07) ** 2))
    compact = np.exp(depth / 2.5)
    eosin = 0.02 + 0.50 * np.maximum(0.8 * wall, compact)
    skin.tint(at, 1, 0.01 + 0.95 * wall + 0.55 * compact, eosin)


def _stain_epidermis(skin: Skin, rng: Rng) -> None:
    at, along, depth, below = skin.layer(Label.VIABLE_EPIDERMIS)
    basal = np.exp(below / 16)
    granular = np.exp(-(((depth - 3.5) / 4.5) ** 2))
    border = np.exp(-((skin.cells.edge_at(depth / CELL_UM[0], along / CELL_UM[1]) / 0.07) ** 2))
    cloud = smooth_noise(rng, skin.window, 30).ravel()[at]
    grain = 5 * skin.texture.nearest(depth / 3, along / 3.6)[1] - 1
    haematoxylin = 0.25 + 0.16 * basal + granular * (0.62 + 0.18 * grain)
    eosin = 0.58 + 0.05 * cloud - 0.10 * border + 0.04 * grain
    skin.tint(at, 1, haematoxylin - 0.06 * border + 0.04 * cloud, eosin)


def _stain_papillary(skin: Skin, rng: Rng) -> None:
    """Fine, felted, pale fibres below the junction; bundles come on top, deeper."""
    at, along, deep, _ = skin.layer(*FIBROUS, end_um=PAPILLARY_UM + 70)
    bend = [6 * smooth_noise(rng, skin.window, 16).ravel()[at] for _ in range(2)]
    felt = skin.texture.nearest((deep + bend[0]) / 4.5, (along + bend[1]) / 26)[1]
    cloud = smooth_noise(rng, skin.window, 40).ravel()[at]
    skin.tint(at, 1, 0.06 + 0.02 * cloud, 0.20 + 0.66 * felt + 0.04 * cloud)
    skin.direction.ravel()[at] = skin.tilt + 0.6 * cloud


def _stain_bundles(skin: Skin, person: Slide, rng: Rng) -> None:
    """Bundles of collagen, with gaps so wide that they take exactly the planted share."""
    at, *_, below = skin.layer(*FIBROUS, start_um=PAPILLARY_UM - 70)
    rough, fine, middle, coarse = noises = [
        smooth_noise(rng, skin.window, scale).ravel()[at] for scale in (9, 22, 45, 110)
    ]
    onward, aside, width, stretch = _follow_fibres(skin, person, rng, at, noises)
    row, column = aside / width, onward / (width * stretch)
    inward_um = skin.texture.edge_at(row, column) * width
    # Most borders are closed, some gape: the width of a gap changes along every bundle.
    gap_um = width * np.exp(0.08 * coarse + 0.15 * middle + 0.2 * fine + 0.45 * rough)
    reticular = below > PAPILLARY_UM + person["elastosis_um"] + 30
    sample = (inward_um / gap_um)[reticular][:: max(1, int(8 / skin.window.mpp**2))]
    gap_um *= np.quantile(sample, 1 - person["collagen_fraction"]) if len(sample) else 1.0
    solid = _step((inward_um - gap_um) / 0.2)
    number, _ = skin.texture.nearest(row, column)
    shade = rng.normal(1, 0.13, N_PATCHES).astype(np.float32)[number]
    fibril = skin.texture.nearest(aside / 2.2, onward / 14)[1]
    number, _ = skin.texture.nearest(aside / 3.2, onward / 6)
    speck = rng.normal(0, 0.10, N_PATCHES).astype(np.float32)[number]
    dense = solid * (shade * (0.40 + 0.50 * fibril + speck) + 0.05 * coarse)
    deeper = _step((below - PAPILLARY_UM + 16 * middle) / 10)
    skin.tint(at, deeper, 0.05 * solid, dense)
    labels = skin.labels.ravel()
    labels[at[(solid < 0.5) & (labels[at] == Label.COLLAGEN)]] = Label.GAP


def _follow_fibres(
    skin: Skin, person: Slide, rng: Rng, at: np.ndarray, noises: list[np.ndarray]
) -> tuple[np.ndarray, ...]:
    """Return um along and across the fibres, and the width and stretch of a bundle, for places.

    The dermis is a mosaic of patches; each has its own direction, drawn about the surface.
    """
    rough, fine, middle, _ = noises
    along, deep = skin.along.ravel()[at], skin.depth.ravel()[at]
    patches = CellTexture(rng, n_cells=24, texels=24)
    patch, _ = patches.nearest(
        (deep + 14 * fine + 5 * rough) / 72, (along + 14 * middle + 16 * fine + 5 * rough) / 150
    )
    angle = rng.vonmises(0, person["fibre_concentration"], N_PATCHES).astype(np.float32)[patch]
    skin.direction.ravel()[at] = angle + skin.tilt
    shift = rng.uniform(0, 2000, (2, N_PATCHES)).astype(np.float32)
    onward, aside = turned(deep, along, angle)
    onward += shift[0][patch]
    aside += shift[1][patch]
    aside += 3 * np.sin(onward / 14 + 2 * middle) + 5 * fine + 1.5 * rough
    # Plump islands are bundles cut across, long ribbons run in the plane of the section.
    across_cut = rng.random(N_PATCHES) < 0.4
    spread = rng.normal(0, 0.22, (2, N_PATCHES))
    width = person["bundle_um"] * np.exp(spread[0] + np.where(across_cut, 0.35, -0.2))
    stretch = np.exp(spread[1] + np.where(across_cut, 0.3, 1.9))
    width, stretch = (part.astype(np.float32)[patch] for part in (width, stretch))
    return onward, aside, width, stretch


def _step(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(x, -30, 30)))


def _stain_elastosis(skin: Skin, person: Slide, rng: Rng) -> None:
    """Grey-blue clumped fibres between a narrow free zone and the planted depth."""
    end_um = GRENZ_UM + person["elastosis_um"]
    at, along, deep, below = skin.layer(*FIBROUS, Label.GAP, end_um=end_um + 60)
    wide, near, rough = (smooth_noise(rng, skin.window, s).ravel()[at] for s in (45, 14, 8))
    below += 16 * wide
    share = _step((below - GRENZ_UM) / 4) * _step((end_um - below) / 9)
    share *= 0.9 - 0.25 * _step(-2 - 3 * near)
    clump = skin.texture.edge_at((deep + 9 * near + 4 * rough) / 5.5, (along + 9 * wide) / 13)
    clump = _step((clump - 0.14) / 0.08) * (1 + 0.2 * rough)
    skin.tint(at, share, 0.12 + 0.18 * clump, 0.13 + 0.19 * clump)
    skin.labels.ravel()[at[share > 0.4]] = Label.ELASTOSIS


def _stain_fat(skin: Skin, rng: Rng) -> None:
    """Large empty cells with thin walls, in lobules parted by septa of collagen."""
    at, along, deep, _ = skin.layer(Label.FAT)
    bend, near = (smooth_noise(rng, skin.window, scale).ravel()[at] for scale in (60, 12))
    # Fine enough for walls of a micrometre between cells of sixty.
    cells = CellTexture(rng, n_cells=12, texels=48, jitter=0.33)
    wall_um = 62 * cells.edge_at((deep + 8 * bend + near) / 62, (along - 8 * bend) / 66)
    septum_um = 380 * cells.edge_at(deep / 380 + 0.03 * bend, along / 420 + 0.03 * bend)
    septum = _step((6 - septum_um + 2.5 * near) / 0.4)
    wall = np.exp(-((wall_um / 0.9) ** 2))
    eosin = 0.01 + np.maximum(0.45 * wall, septum * (0.42 + 0.06 * near))
    skin.tint(at, 1, 0.08 * wall + 0.04 * septum, eosin)
    skin.labels.ravel()[at[septum > 0.5]] = Label.COLLAGEN
