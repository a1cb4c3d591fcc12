"""Claim: the phantom looks like skin. Measures it and a real picture with the same code.

The real picture has no labels, so everything is measured on pixels alone: masks of glass, horn,
viable epidermis, dermis, nuclei and gaps, then colours, layers, nuclei, gaps and texture. Optical
densities (OD) are natural logarithms against the glass of the same picture. What the camera did to
the one real picture (sharpening, tone curve: white brighter than glass) is measured with it.

    python benchmarks/phantom_likeness.py [--real skin.tif] [--people 6] [--picture side.png]
"""

import argparse
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import tifffile
from phantom_masks import Masks, contour, densities, length
from PIL import Image
from scipy import ndimage
from skimage import measure

from skinage.phantom import draw_slide, make_people

REAL = Path(__file__).resolve().parents[2] / "shared" / "realdata" / "skin" / "skin.tif"
SHAPE = (960, 1280)  # px at 1 um/px: the real picture, and the window cut from a phantom
CLEAN = {"lesion": "", "n_dust": 0, "has_fold": False, "has_pen": False, "n_pieces": 1}
BANDS_UM = [2, 4, 8, 16, 32, 64, 128]
Statistics = dict[tuple[str, str], float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--real", type=Path, default=REAL, help="RGB picture at 1 um/px")
    parser.add_argument("--people", type=int, default=6, help="how many young, and how many old")
    parser.add_argument("--picture", type=Path, help="where to write the pictures side by side")
    parser.add_argument("--overlays", type=Path, help="existing folder for pictures of the masks")
    options = parser.parse_args()
    people = make_people(400, seed=0)
    young, old = people[people["age_years"] < 40], people[people["age_years"] > 70]
    pictures = {"real": [tifffile.imread(options.real)[..., :3]]}
    for name, group in (("young", young), ("old", old)):
        rows = group.head(options.people).to_dict("records")
        pictures[name] = [
            window(draw_slide({**row, **CLEAN}, seed=k)[0]) for k, row in enumerate(rows)
        ]
    measured = {}
    for name, drawn in pictures.items():
        masks = [Masks(picture) for picture in drawn]
        measured[name] = pd.DataFrame(
            [colours(of) | layers(of) | nuclei(of) | gaps(of) | texture(of) for of in masks]
        )
        for k, of in enumerate(masks if options.overlays else []):
            Image.fromarray(of.overlay()).save(options.overlays / f"{name}{k}.png")
    print(tabulate(measured).to_string(index=False))
    if options.picture:
        shown = np.hstack([group[0] for group in pictures.values()])
        shown[-30:-22, 30:130] = 0  # scale bar, 100 um
        Image.fromarray(shown).save(options.picture)


def window(picture: np.ndarray) -> np.ndarray:
    """Cut as the real picture was taken: glass in the upper fifth, as much tissue below."""
    tissue = ndimage.gaussian_filter(densities(picture).sum(axis=2), 6) > 0.2
    spare = [max(0, have - want) for have, want in zip(tissue.shape, SHAPE, strict=True)]

    def likeness(corner: tuple[int, int]) -> float:
        part = tissue[corner[0] :: 8, corner[1] :: 8][: SHAPE[0] // 8, : SHAPE[1] // 8]
        return float(part[24:].mean() - part[:24].mean())

    corners = [(y, x) for y in range(0, spare[0] + 1, 16) for x in range(0, spare[1] + 1, 16)]
    y, x = max(corners, key=likeness)
    return picture[y : y + SHAPE[0], x : x + SHAPE[1]]


def colours(of: Masks) -> Statistics:
    found: Statistics = {}
    plain, collagen = of.nuclei == 0, of.dermis & (of.nuclei == 0) & ~of.gaps
    for name, mask in {
        "glass": ndimage.binary_erosion(of.glass, iterations=5),
        "epidermis between nuclei": of.epidermis & plain,
        "dermis to 150 um": collagen & (of.below < 150),
        "dermis from 300 um": collagen & (of.below > 300),
        "nuclei": ~plain,
        "gaps": of.gaps,
    }.items():
        for channel, mean in zip("rgb", of.density[mask].mean(axis=0), strict=True):
            found[f"OD {channel}, {name}", "ln"] = mean
        pixels = of.picture[mask].astype(float)
        found[f"saturation, {name}", ""] = np.mean(1 - pixels.min(axis=1) / pixels.max(axis=1))
    for share in (5, 25, 50, 75, 95):
        value = np.percentile(of.total[of.dermis], share)
        found[f"OD sum, dermis, percentile {share}", "ln"] = value
    # Directions of the two stains (Macenko 2009), the bluer first.
    soft = ndimage.gaussian_filter(of.density, (2, 2, 0))
    pixels = soft[(of.epidermis | of.dermis) & (soft.sum(axis=2) > 0.3)]
    plane = np.linalg.eigh(pixels.T @ pixels)[1][:, 1:]
    plane *= np.sign(plane[1])
    angle = np.arctan2(*(pixels @ plane).T)
    ends = [plane @ (np.sin(a), np.cos(a)) for a in np.percentile(angle, (1, 99))]
    for stain, end in zip(("eosin", "haematoxylin"), sorted(ends, key=lambda e: e[0]), strict=True):
        found |= {(f"{stain} vector {c}", ""): v for c, v in zip("rgb", end, strict=True)}
    return found


def layers(of: Masks) -> Statistics:
    upper = of.glass | of.horn
    surface, junction = contour(upper, 12), contour(upper | of.epidermis, 3)
    at = junction.round().astype(int).T.clip(0, np.array([upper.shape]).T - 1)
    thickness = ndimage.distance_transform_edt(~upper)[tuple(at)]
    between = of.total[of.epidermis & (of.nuclei == 0)]
    return {
        ("viable epidermis, area / surface", "um"): of.epidermis.sum() / length(surface),
        ("viable epidermis, thinnest 5 %", "um"): np.percentile(thickness, 5),
        ("viable epidermis, thickest 5 %", "um"): np.percentile(thickness, 95),
        ("junction, length / chord", ""): length(junction) / length(junction[[0, -1]]),
        ("horn, area / surface", "um"): of.horn.sum() / length(surface),
        ("horn, share of white", ""): np.mean(of.total[of.horn] < 0.3),
        ("OD sum between epidermal nuclei, SD", "ln"): between.std(),
    }


def nuclei(of: Masks) -> Statistics:
    found: Statistics = {}
    red, inward = of.density[..., 0], ndimage.distance_transform_edt(of.nuclei)
    around = ndimage.binary_dilation(of.nuclei > 0, iterations=4) & (of.nuclei == 0)
    every = measure.regionprops(of.nuclei)
    for name, region in (("epidermis", of.epidermis), ("dermis", of.dermis)):
        inside = [n for n in every if region[tuple(int(c) for c in n.centroid)]]
        aspect = [n.axis_major_length / max(1, n.axis_minor_length) for n in inside]
        contrast = red[region & (of.nuclei > 0)].mean() - red[region & around].mean()
        core = of.total[region & (inward > 2.5)].mean()
        rim = of.total[region & (inward > 0) & (inward < 2)].mean()
        found |= {
            (f"nuclei, {name}", "per mm2"): len(inside) / region.sum() * 1e6,
            (f"nuclear area, {name}, median", "um2"): np.median([n.area for n in inside]),
            (f"nuclear aspect, {name}, median", ""): np.median(aspect),
            (f"nuclear OD r above surroundings, {name}", "ln"): contrast,
            (f"nuclear OD sum, rim above core, {name}", "ln"): rim - core,
        }
    return found


def gaps(of: Masks) -> Statistics:
    found: Statistics = {("gaps, share of dermis", ""): of.gaps.sum() / of.dermis.sum()}
    solid = of.dermis & ~of.gaps
    for name, mask, widths in (("gaps", of.gaps, (4, 8, 16)), ("collagen", solid, (10, 20, 40))):
        for width in widths:  # opening by a disc
            core = ndimage.distance_transform_edt(mask) > width / 2
            wide = core.any() and ndimage.distance_transform_edt(~core) <= width / 2
            share = (wide & mask).sum() / mask.sum()
            found[f"{name} wider than {width} um, share of {name}", ""] = share
    for name, axis in (("along", 1), ("across", 0)):
        starts = (np.diff(solid.astype(np.int8), axis=axis) == 1).sum()
        found[f"unbroken collagen {name} the surface, mean", "um"] = solid.sum() / starts
    return found


def texture(of: Masks) -> Statistics:
    found: Statistics = {}
    power = 10 * np.log10(np.mean([spectrum(of.total[f]) for f in of.fields(256, 64)], axis=0))
    for (low, high), band in zip(pairwise(BANDS_UM), power, strict=True):
        found[f"power, periods {low} to {high} um", "dB to real"] = band
    slope = np.polyfit(np.arange(1, len(power)), power[1:], 1)[0]
    found["power, slope from 4 to 128 um", "dB/octave"] = slope
    for size in (25, 51):
        mean = coherency(of.total, size)[of.dermis].mean()
        found[f"coherency of direction at {size} um", ""] = mean
    for name, unit, image in (("mean OD sum", "ln", of.total), ("gap share", "", of.gaps)):
        means = [image[f].mean() for f in of.fields(128, 128)]
        found[f"{name} between 128 um fields, SD", unit] = np.std(means)
    return found


def spectrum(image: np.ndarray) -> np.ndarray:
    """Give the power in each band of periods, in squared optical density."""
    taper = np.outer(*[np.hanning(n) for n in image.shape])
    waves = np.fft.fft2((image - image.mean()) * taper)
    power = np.abs(waves) ** 2 / (taper**2).sum() / image.size
    frequency = np.hypot(*np.meshgrid(*[np.fft.fftfreq(n) for n in image.shape]))
    bands = pairwise(1 / np.array(BANDS_UM))
    return np.array([power[(frequency <= a) & (frequency > b)].sum() for a, b in bands])


def coherency(image: np.ndarray, size_px: int) -> np.ndarray:
    """Coherency of the structure tensor: 1 where all edges run one way."""
    down, across = (ndimage.gaussian_filter(image, 1.5, order=o) for o in ((1, 0), (0, 1)))
    xx, yy, xy = (ndimage.uniform_filter(p, size_px) for p in (across**2, down**2, across * down))
    return np.hypot(xx - yy, 2 * xy) / (xx + yy + 1e-9)


def tabulate(measured: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Give a row per statistic: the real picture, mean and range of the phantoms."""
    rows = []
    for name, unit in measured["real"].columns:
        values = {group: table[name, unit] for group, table in measured.items()}
        if unit == "dB to real":
            values = {group: column - values["real"][0] for group, column in values.items()}
        real = values.pop("real")[0]
        row = {"statistic": name, "unit": unit, "real": f"{real:.3g}"}
        for group, column in values.items():
            row[group] = f"{column.mean():.3g} ({column.min():.3g} to {column.max():.3g})"
        within = [group for group, v in values.items() if v.min() <= real <= v.max()]
        drawn = pd.concat(values.values())
        place = "below" if real < drawn.min() else "above" if real > drawn.max() else "between"
        rows.append(row | {"real lies": "in " + " and ".join(within) if within else place})
    return pd.DataFrame(rows)


if __name__ == "__main__":
    main()
