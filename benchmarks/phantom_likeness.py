"""Claim: a synthetic slide measures like a real picture of H&E skin, by the same code from pixels.

Measures a real picture and ten synthetic ones (five people under 35, five over 70, one clean piece
each, cut to the field of the real picture), all at 1 um/px, from nothing but RGB.

    python benchmarks/phantom_likeness.py [real.tif]
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import ndimage
from skimage import feature, filters, measure, morphology, segmentation

from skinage.phantom import make_people, real_skin, render

REAL = Path(__file__).parents[2] / "shared" / "realdata" / "skin" / "skin.tif"
FIELD = np.s_[120:1080, 360:1640]  # of a synthetic slide: 960 x 1280 um with the surface on top
CLEAN = {"n_pieces": 1, "has_fold": False, "has_pen": False, "n_dust": 0, "lesion": ""}
GAP = 0.35  # of the 75th percentile of dermal OD sum: what is paler, smoothed by 1 um, is a gap
OCTAVES_UM = [2, 4, 8, 16, 32, 64]  # shortest period of each band
NUCLEUS_UM2 = (12, 250)  # what is smaller is a speck, what is larger a clump


def main(path: Path) -> None:
    people = make_people(200, seed=0).assign(**CLEAN)
    old, young = people["age_years"] > 70, people["age_years"] < 35
    table = pd.DataFrame({"real": describe(real_skin(path))})
    for name, some in {"young": people[young], "old": people[old]}.items():
        drawn = [render(row, seed)[FIELD] for seed, (_, row) in enumerate(some.head(5).iterrows())]
        found = pd.DataFrame([describe(picture) for picture in drawn]).T
        is_power = found.index.str.startswith("power")
        found[is_power] = found[is_power].sub(table.loc[is_power, "real"], axis=0)
        table[name] = [cell(values) for values in found.to_numpy()]
    table.loc[table.index.str.startswith("power"), "real"] = 0
    print(
        f"{'statistic, unit':44}{'real':>8}   {'young: mean (min to max)':30}old: mean (min to max)"
    )
    for statistic, row in table.iterrows():
        print(f"{statistic:44}{number(row['real']):>8}   {row['young']:30}{row['old']}")


def number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.{1 if abs(value) >= 10 else 2}f}"


def cell(values: np.ndarray) -> str:
    return f"{number(values.mean()):>6} ({number(values.min())} to {number(values.max())})"


def describe(picture: np.ndarray) -> dict[str, float]:
    """Measure a picture at 1 um/px with the surface on top."""
    density = optical_density(picture)
    total = density.sum(axis=2)
    horn, epidermis, dermis = layers(density)
    limit = GAP * np.percentile(total[dermis], 75)
    smooth = ndimage.gaussian_filter(total, 1)
    gap = smooth < limit
    nuclei = segment_nuclei(density, epidermis, dermis)
    collagen = dermis & ~gap & ~ndimage.binary_dilation(nuclei > 0, iterations=3)
    return {
        **colours(density, {"epidermis": epidermis, "collagen": collagen, "nuclei": nuclei > 0}),
        **thicknesses(horn, epidermis, total < limit),
        **cells(nuclei, {"epidermis": epidermis, "dermis": dermis}),
        "dermis gap limit, OD sum": limit,
        "dermis gap share": gap[dermis].mean(),
        **gap_widths(smooth, limit, dermis),
        **spectrum(total, dermis),
        **patchiness(total, gap, dermis),
    }


def optical_density(picture: np.ndarray) -> np.ndarray:
    """Natural logarithm of glass over pixel, glass being the mode of the bright pixels."""
    bright = picture[picture.min(axis=2) > 200]
    glass = np.array([np.bincount(channel).argmax() for channel in bright.T])
    density = -np.log(np.clip(picture, 1, 255) / glass)
    return density - shade(density)[..., None]


def shade(density: np.ndarray) -> np.ndarray:
    """Uneven light of the microscope: a parabola through what is brightest in red by the block."""
    places, least = [], []
    for square in windows(np.ones(density.shape[:2], bool), 80, 80):
        block = ndimage.gaussian_filter(density[square], (1, 1, 0))
        is_tissue = np.median(block[..., 1] - block[..., 0]) > 0.1
        places.append([square[0].start + 40, square[1].start + 40, is_tissue])
        least.append(np.percentile(block[..., 0], 2))
    terms = np.linalg.lstsq(parabola(*np.array(places).T), least)[0]
    down, across = np.indices(density.shape[:2])
    found = parabola(down, across, np.zeros_like(down)) @ terms
    return found - np.median(found)


def parabola(down: np.ndarray, across: np.ndarray, is_tissue: np.ndarray) -> np.ndarray:
    y, x = down / 1000, across / 1000
    return np.stack([np.ones_like(x), x, y, x * x, y * y, x * y, is_tissue], axis=-1)


def layers(density: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Masks of horn, of viable epidermis (a dark, closed band under the surface), of dermis."""
    total = density.sum(axis=2)
    parts = measure.label(ndimage.gaussian_filter(density[..., 1] - density[..., 0], 2) < 0.08)
    air = morphology.opening(np.isin(parts, np.setdiff1d(parts[0], 0)), morphology.disk(5))
    below_um = ndimage.distance_transform_edt(~air)
    smooth = ndimage.gaussian_filter(density[..., 0] + density[..., 1], 4)
    closed = ndimage.uniform_filter((total < 0.3).astype(float), 15) < 0.2
    near = closed & (below_um > 0) & (below_um < 300)
    cut = np.exp(filters.threshold_otsu(np.log(smooth[near & (smooth > 0.1)])))
    band = near & (smooth > cut)
    parts = measure.label(morphology.opening(band, morphology.disk(5)))
    epidermis = parts == np.bincount(parts.ravel())[1:].argmax() + 1
    epidermis = ndimage.binary_fill_holes(morphology.closing(epidermis, morphology.disk(6)))
    above = np.arange(len(total))[:, None] < top_line(epidermis)
    dermis = ~above & ~ndimage.binary_dilation(epidermis, iterations=8)
    return above & ~air & ~epidermis, epidermis, dermis


def top_line(mask: np.ndarray) -> np.ndarray:
    """Row of the first pixel of the mask in each column, without steps."""
    columns = np.flatnonzero(mask.any(axis=0))
    rows = np.interp(np.arange(mask.shape[1]), columns, mask.argmax(axis=0)[columns])
    return ndimage.gaussian_filter1d(ndimage.median_filter(rows, 25), 5)


def segment_nuclei(density: np.ndarray, epidermis: np.ndarray, dermis: np.ndarray) -> np.ndarray:
    """Label nuclei: darker in red, less what eosin absorbs there, than their surroundings."""
    red, green = density[..., 0], density[..., 1]
    eosin = np.median(red[dermis]) / np.median(green[dermis])
    blue = ndimage.gaussian_filter(red - eosin * green, 1)
    around = ndimage.gaussian_filter(blue, 12)
    least = np.where(epidermis, 0, 0.5 * np.percentile(blue[epidermis], 75))
    granular = np.arange(len(red))[:, None] < top_line(epidermis) + 15  # dark all over
    dark = (blue > np.maximum(around + 0.03, least)) & (epidermis | dermis) & ~granular
    dark = ndimage.binary_fill_holes(morphology.closing(dark, morphology.disk(1)))
    dark = morphology.opening(dark, morphology.disk(1))
    inside = ndimage.gaussian_filter(ndimage.distance_transform_edt(dark), 1)
    peaks = feature.peak_local_max(inside, min_distance=4, labels=measure.label(dark))
    seeds = np.zeros(dark.shape, int)
    seeds[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    nuclei = segmentation.watershed(-inside, seeds, mask=dark)
    sizes = np.bincount(nuclei.ravel())
    kept = (sizes >= NUCLEUS_UM2[0]) & (sizes <= NUCLEUS_UM2[1])
    return np.where(kept[nuclei], nuclei, 0)


def colours(density: np.ndarray, masks: dict[str, np.ndarray]) -> dict[str, float]:
    found = {}
    for name, mask in masks.items():
        red, green, blue = density[mask].mean(axis=0)
        found |= {f"{name} OD red": red, f"{name} OD green": green, f"{name} OD blue": blue}
        found |= {f"{name} OD red/green": red / green, f"{name} OD blue/green": blue / green}
    return found


def thicknesses(horn: np.ndarray, epidermis: np.ndarray, white: np.ndarray) -> dict[str, float]:
    top = top_line(epidermis)
    surface_um = np.hypot(np.diff(top), 1).sum()
    junction_um = 0.0
    for line in measure.find_contours(ndimage.gaussian_filter(epidermis.astype(float), 2), 0.5):
        below = line[:, 0] > np.interp(line[:, 1], np.arange(len(top)), top) + 10
        steps = np.hypot(*np.diff(line, axis=0).T)
        junction_um += steps[below[1:] & below[:-1]].sum()
    return {
        "epidermis thickness, um": epidermis.sum() / surface_um,
        "junction length / chord": junction_um / np.hypot(top[-1] - top[0], len(top) - 1),
        "horn thickness, um": horn.sum() / surface_um,
        "horn white share": white[horn].mean(),
    }


def cells(nuclei: np.ndarray, masks: dict[str, np.ndarray]) -> dict[str, float]:
    names = ["area", "axis_major_length", "axis_minor_length", "centroid"]
    table = pd.DataFrame(measure.regionprops_table(nuclei, properties=names))
    ratio = table["axis_major_length"] / table["axis_minor_length"].clip(lower=1)
    found = {}
    for name, mask in masks.items():
        here = mask[table["centroid-0"].astype(int), table["centroid-1"].astype(int)]
        found[f"{name} nuclei, per mm2"] = here.sum() / mask.sum() * 1e6
        found[f"{name} nuclei median area, um2"] = table["area"][here].median()
        found[f"{name} nuclei median axis ratio"] = ratio[here].median()
    return found


def gap_widths(smooth: np.ndarray, limit: float, dermis: np.ndarray) -> dict[str, float]:
    """Twice the distance to the edge along the middle of the gaps, in steps of half a pixel."""
    gap = (ndimage.zoom(smooth, 2, order=1) < limit) & dermis.repeat(2, axis=0).repeat(2, axis=1)
    gap = morphology.remove_small_objects(gap, max_size=40)
    width_um = ndimage.distance_transform_edt(gap)[morphology.skeletonize(gap)]
    return {
        "dermis gap median width, um": np.median(width_um),
        "dermis gap 90th percentile width, um": np.percentile(width_um, 90),
    }


def windows(dermis: np.ndarray, size_px: int, step_px: int) -> list[tuple[slice, slice]]:
    """Squares that lie in the dermis."""
    corners = np.ndindex(*((n - size_px) // step_px + 1 for n in dermis.shape))
    squares = [tuple(slice(i * step_px, i * step_px + size_px) for i in at) for at in corners]
    return [square for square in squares if dermis[square].mean() > 0.97]


def spectrum(total: np.ndarray, dermis: np.ndarray) -> dict[str, float]:
    """Power of density (dB) by octave, mean over windows of 256 um."""
    hann = np.outer(np.hanning(256), np.hanning(256))
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(256), np.fft.fftfreq(256)))
    parts = [total[square] - total[square].mean() for square in windows(dermis, 256, 64)]
    power = np.mean([np.abs(np.fft.fft2(part * hann)) ** 2 for part in parts], axis=0)
    found = {}
    for least in OCTAVES_UM:
        band = (frequency <= 1 / least) & (frequency > 1 / (2 * least))
        name = f"power at {least}-{2 * least} um against real, dB"
        found[name] = 10 * np.log10(power[band].sum())
    return found


def patchiness(total: np.ndarray, gap: np.ndarray, dermis: np.ndarray) -> dict[str, float]:
    squares = windows(dermis, 128, 64)
    return {
        "SD between 128 um windows, OD sum": np.std([total[s].mean() for s in squares]),
        "SD between 128 um windows, gap share": np.std([gap[s].mean() for s in squares]),
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else REAL)
