"""Masks of skin told from the pixels of an H&E picture alone, for the ruler of likeness."""

from collections.abc import Iterator

import numpy as np
from scipy import ndimage
from skimage import feature, filters, measure, morphology, segmentation


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


def contour(mask: np.ndarray, smooth_px: float) -> np.ndarray:
    """Give the longest border of a mask as points (row, column), without the pixels' staircase."""
    lines = measure.find_contours(ndimage.gaussian_filter(mask.astype(np.float32), smooth_px), 0.5)
    return max(lines, key=lambda line: np.ptp(line[:, 1]))


def length(line: np.ndarray) -> float:
    return float(np.linalg.norm(np.diff(line, axis=0), axis=1).sum())
