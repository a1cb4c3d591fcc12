"""Claims: the tissue mask keeps what is tissue and drops ink; sharpness is focus, not content.

Draws slides whose every pixel is known (pen, dust, folds, one to five pieces), and prints the share
of each kind that the mask keeps, its overlap (intersection over union) with the truth beside those
of two plain methods, the pieces counted, and how well sharpness separates defocused tiles
(beside the variance of the Laplacian). Real pictures, where they lie beside the checkout, join the
last.

    python benchmarks/tissue.py
"""

from pathlib import Path

import numpy as np
import tifffile
from PIL import Image
from scipy import ndimage
from skimage.color import rgb2hsv
from skimage.filters import threshold_otsu
from sklearn.metrics import roc_auc_score

from skinage.phantom.drawing.labels import Label
from skinage.phantom.drawing.optics import draw_slide
from skinage.phantom.people import make_slides
from skinage.stains import optical_density
from skinage.tiling.quality import LIMITS, quality
from skinage.tiling.tissue import number_pieces, tissue_mask

REAL = Path(__file__).parents[2] / "shared" / "realdata"
N_SLIDES, SIDE_PX, MASK_PX = 12, 96, 8
NOT_TISSUE = [Label.GLASS, Label.PEN, Label.DUST]
DERMIS = [Label.COLLAGEN, Label.GAP, Label.ELASTOSIS, Label.FIBROBLAST_NUCLEUS]


def otsu_grey(picture):
    grey = picture.mean(axis=-1)
    return grey < threshold_otsu(grey)


def otsu_saturation(picture):
    saturation = rgb2hsv(picture)[..., 1]
    return saturation > threshold_otsu(saturation)


def skinage_mask(picture):
    return tissue_mask(picture, float(MASK_PX))


def drawn_slides():
    """Slides at 1 um per px with their labels; every third has pen, every third a fold."""
    rows = make_slides(N_SLIDES, seed=5).head(N_SLIDES).to_dict("records")
    for number, row in enumerate(rows):
        marks = {"has_pen": number % 3 == 0, "has_fold": number % 3 == 1, "n_dust": 5}
        pieces = {"n_pieces": (1, 2, 3, 5)[number % 4], "dermis_um": min(row["dermis_um"], 1100.0)}
        yield row | marks | pieces, *draw_slide(row | marks | pieces, seed=[5, number])


def masks(slides):
    """Print what masks keep, how they overlap with the truth, and how many pieces there are."""
    kept = {label: [0, 0] for label in Label}
    overlap = {method: [] for method in (skinage_mask, otsu_saturation, otsu_grey)}
    pieces = []
    for slide, picture, labels in slides:
        small = np.asarray(Image.fromarray(picture).reduce(MASK_PX))
        where = labels[::MASK_PX, ::MASK_PX]
        truth = ndimage.binary_closing(~np.isin(where, NOT_TISSUE), iterations=3)
        for method, found in overlap.items():
            mask = method(small)
            found.append((mask & truth).sum() / (mask | truth).sum())
        mask = skinage_mask(small)
        pieces.append((slide["n_pieces"], number_pieces(mask, float(MASK_PX)).max()))
        for label in Label:
            kept[label][0] += int(mask[where == label].sum())
            kept[label][1] += int((where == label).sum())
    print("| what | share in the mask |\n|---|---|")
    for label, (inside, total) in kept.items():
        print(f"| {label.name.lower().replace('_', ' ')} | {inside / max(total, 1):.3f} |")
    print("\n| mask | overlap with the truth, mean | worst slide |\n|---|---|---|")
    for method, found in overlap.items():
        print(f"| {method.__name__} | {np.mean(found):.3f} | {np.min(found):.3f} |")
    right = sum(planted == counted for planted, counted in pieces)
    print(f"\nPieces counted right on {right} of {len(pieces)} slides.")


def tiles_of(picture, is_wanted):
    rows, columns = (side // SIDE_PX for side in picture.shape[:2])
    cut = [
        np.s_[y * SIDE_PX : (y + 1) * SIDE_PX, x * SIDE_PX : (x + 1) * SIDE_PX]
        for y in range(rows)
        for x in range(columns)
    ]
    return [part for part in cut if is_wanted(part)]


def defocused(picture, sigma_px):
    """Blur a picture and give it the noise of a sensor again."""
    if not sigma_px:
        return picture
    blurred = ndimage.gaussian_filter(picture.astype(np.float32), (sigma_px, sigma_px, 0))
    noise = np.random.default_rng(0).normal(0, 1.5, picture.shape[:2])[..., None]
    return np.clip(blurred + noise, 0, 255).astype(np.uint8)


def laplacian_variance(tiles):
    grey = optical_density(tiles, offset=1).mean(axis=-1)
    return np.stack([ndimage.laplace(tile) for tile in grey]).var(axis=(1, 2))


def focus(slides):
    """Print how well tiles in focus are separated from defocused ones, whatever they show.

    Within one scanner and stain the Laplacian does it as well; across them it needs other limits.
    """
    pictures = [
        (picture, lambda part, labels=labels: (~np.isin(labels[part], NOT_TISSUE)).mean() > 0.8)
        for _, picture, labels in slides
    ]
    collagen = [
        (picture, lambda part, labels=labels: np.isin(labels[part], DERMIS).mean() > 0.95)
        for _, picture, labels in slides
    ]
    groups = {"drawn tissue": pictures, "drawn collagen only": collagen}
    for name in ("slides/cmu-1-small-region.svs", "skin/skin.tif"):
        if (REAL / name).exists():
            real = tifffile.imread(REAL / name)
            real = np.asarray(Image.fromarray(real).reduce(2)) if name.endswith("svs") else real
            groups[name] = [(real, lambda part, real=real: (real[part].min(-1) < 215).mean() > 0.5)]
    values = {
        (group, sigma_px): measure(members, sigma_px)
        for group, members in groups.items()
        for sigma_px in (0, 1, 2, 4)
    }
    print(
        "\nOne limit for everything: sharpness at its limit, the Laplacian at one that keeps 99.5 %"
    )
    print("\n| tiles | kept in focus | refused at blur of 1, 2, 4 um | the same by Laplacian |")
    print("|---|---|---|---|")
    sharp = np.concatenate([values[group, 0][1] for group in groups])
    limits = LIMITS["sharpness"], np.quantile(sharp, 0.005)
    for group in groups:
        kept = (values[group, 0][0] >= limits[0]).mean()
        refused = [
            ", ".join(f"{(values[group, sigma][k] < limits[k]).mean():.2f}" for sigma in (1, 2, 4))
            for k in (0, 1)
        ]
        n = len(values[group, 0][0])
        print(f"| {group} ({n}) | {kept:.3f} | {refused[0]} | {refused[1]} |")
    print("\n| area under the curve, all tiles together | 1 um | 2 um | 4 um |\n|---|---|---|---|")
    for k, name in enumerate(("sharpness", "variance of the Laplacian")):
        every = {s: np.concatenate([values[g, s][k] for g in groups]) for s in (0, 1, 2, 4)}
        truth = np.repeat([1, 0], len(every[0]))
        areas = [roc_auc_score(truth, np.concatenate([every[0], every[s]])) for s in (1, 2, 4)]
        print(f"| {name} | {' | '.join(f'{area:.3f}' for area in areas)} |")


def measure(members, sigma_px):
    values, laplacian = [], []
    for picture, is_wanted in members:
        parts, blurred = tiles_of(picture, is_wanted), defocused(picture, sigma_px)
        if parts:
            tiles = np.stack([blurred[part] for part in parts])
            values.append(quality(tiles, 1.0)["sharpness"].to_numpy())
            laplacian.append(laplacian_variance(tiles))
    return np.concatenate(values), np.concatenate(laplacian)


if __name__ == "__main__":
    everything = list(drawn_slides())
    masks(everything)
    focus(everything[1::4])
