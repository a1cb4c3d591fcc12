"""Claim: the phantom looks like skin. Measures it and a real picture with the same code.

The real picture has no labels, so everything is measured on pixels alone: masks of glass, horn,
viable epidermis, dermis, nuclei and gaps, then colours, layers, nuclei, gaps and texture. Optical
densities (OD) are natural logarithms against the glass of the same picture. What the camera did to
the one real picture (sharpening, tone curve: white brighter than glass) is measured with it.

    python benchmarks/phantom_likeness.py [--real skin.tif] [--people 6] [--picture side.png]
"""

import argparse
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import tifffile
from PIL import Image
from scipy import ndimage
from skimage import feature, filters, measure, morphology, segmentation

from skinage.phantom import make_people, render

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
    people = make_people(400, 0)
    young, old = people[people["age_years"] < 40], people[people["age_years"] > 70]
    pictures = {"real": [tifffile.imread(options.real)[..., :3]]}
    for name, group in (("young", young), ("old", old)):
        rows = group.head(options.people).to_dict("records")
        pictures[name] = [window(render({**row, **CLEAN}, k)) for k, row in enumerate(rows)]
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


def densities(picture: np.ndarray) -> np.ndarray:
    """Give the optical density of each channel; the upper tenth of a picture shows its glass."""
    top = picture[: len(picture) // 10]
    glass = np.median(top[top.min(axis=2) > 200], axis=0)
    return -np.log(np.clip(picture, 2, 255) / glass.astype(np.float32))


def opened(mask: np.ndarray, radius: float) -> np.ndarray:
    return ndimage.binary_opening(mask, morphology.disk(radius))


def widest(mask: np.ndarray) -> np.ndarray:
    """Keep the region that runs farthest along the picture, without holes and small bays."""
    regions = measure.label(opened(mask, 4))
    spans = [np.ptp(region.coords[:, 1]) for region in measure.regionprops(regions)]
    layer = np.pad(regions == 1 + int(np.argmax(spans)), 10, "edge")
    layer = ndimage.binary_closing(layer, morphology.disk(6))[10:-10, 10:-10]
    return ndimage.binary_fill_holes(layer)


class Masks:
    """Where the structures of a picture are, as told from its pixels.

    glass, horn, epidermis, dermis, gaps (in the dermis) are ``(h, w)`` bool; nuclei numbers the
    nuclei from 1; below is the distance from the viable epidermis in um.
    """

    def __init__(self, picture: np.ndarray) -> None:
        self.picture, self.density = picture, densities(picture)
        self.total = self.density.sum(axis=2)
        self.glass = self._find_glass()
        self.epidermis = self._find_epidermis()
        rows, has = np.arange(len(picture))[:, None], self.epidermis.any(axis=0)
        above = rows < np.where(has, self.epidermis.argmax(axis=0), 0)
        self.horn = above & ~self.glass
        self.below = ndimage.distance_transform_edt(~self.epidermis)
        self.dermis = ~above & ~self.glass & (self.below > 3) & has
        self.dermis &= ndimage.distance_transform_edt(~self.glass) > 15
        self.nuclei = self._find_nuclei()
        dense = np.percentile(self.density[..., 1][self.dermis], 75)
        self.gaps = self.dermis & (self.density[..., 1] < 0.3 * dense)

    def _find_glass(self) -> np.ndarray:
        """Find what is pale and grey, and hangs together with a wide patch on the margin."""
        pale = (self.total < 0.35) & (np.ptp(self.density, axis=2) < 0.1)
        pale = np.pad(ndimage.median_filter(pale, 5), 20, "edge")
        regions, _ = ndimage.label(opened(pale, 12)[20:-20, 20:-20])  # not into open horn cells
        margin = np.r_[regions[0], regions[-1], regions[:, 0], regions[:, -1]]
        glass = np.isin(regions, np.setdiff1d(margin, 0))
        return ~morphology.remove_small_objects(~glass, max_size=3000)

    def _find_epidermis(self) -> np.ndarray:
        """Find the widest blue layer: two fifths of the way from dermis to its own upper part."""
        blue = ndimage.gaussian_filter(np.clip(self.density[..., 0], 0, 0.6), 5)
        white = ndimage.gaussian_filter((self.total < 0.3).astype(np.float32), 3)
        dense = ~self.glass & (white < 0.1)
        layer = widest(dense & (blue > filters.threshold_otsu(blue[dense])))
        upper = layer & (ndimage.distance_transform_edt(layer) < 30)
        dermis, epidermis = np.median(blue[~self.glass & ~layer]), np.median(blue[upper])
        return widest(dense & (blue > 0.6 * dermis + 0.4 * epidermis))

    def _find_nuclei(self) -> np.ndarray:
        soft = ndimage.gaussian_filter(self.density, (1, 1, 0))
        # Share of red in the absorbed light: haematoxylin against eosin, whatever the amount.
        share = soft[..., 0] / (soft.sum(axis=2) + 0.3)
        contrast = share - ndimage.gaussian_filter(share, 10)
        # The granular layer is as blue as nuclei.
        inside = self.epidermis & (ndimage.distance_transform_edt(~self.horn) > 10)
        found = contrast > filters.threshold_otsu(contrast[inside])
        dark = soft[..., 0] > 0.5 * np.median(soft[..., 0][found & inside])
        found = opened(ndimage.binary_fill_holes(found & (inside | (self.dermis & dark))), 1.5)
        inward = ndimage.gaussian_filter(ndimage.distance_transform_edt(found), 1)
        peaks = feature.peak_local_max(inward, min_distance=3, labels=measure.label(found))
        seeds = np.zeros(found.shape, int)
        seeds[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
        whole = segmentation.watershed(-inward, seeds, mask=found)
        return morphology.remove_small_objects(whole, max_size=14)

    def overlay(self) -> np.ndarray:
        """Draw the masks on the picture: gaps yellow, nuclei blue, epidermis green, glass black."""
        shown = self.picture.copy()
        shown[self.gaps] = (255, 230, 0)
        for mask, colour in ((self.epidermis, (0, 160, 0)), (self.glass, (0, 0, 0))):
            shown[segmentation.find_boundaries(mask)] = colour
        shown[segmentation.find_boundaries(self.nuclei, mode="inner")] = (0, 0, 255)
        return shown

    def fields(self, size: int, step: int) -> Iterator[tuple[slice, slice]]:
        """Yield squares that lie wholly in the dermis."""
        for y in range(0, self.dermis.shape[0] - size + 1, step):
            for x in range(0, self.dermis.shape[1] - size + 1, step):
                field = np.s_[y : y + size, x : x + size]
                if self.dermis[field].mean() > 0.97:
                    yield field


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


def contour(mask: np.ndarray, smooth_px: float) -> np.ndarray:
    """Give the longest border of a mask as points (row, column), without the pixels' staircase."""
    lines = measure.find_contours(ndimage.gaussian_filter(mask.astype(np.float32), smooth_px), 0.5)
    return max(lines, key=lambda line: np.ptp(line[:, 1]))


def length(line: np.ndarray) -> float:
    return float(np.linalg.norm(np.diff(line, axis=0), axis=1).sum())


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
