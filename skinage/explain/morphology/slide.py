"""Measure one slide: its pieces of tissue apart, and large ones in parts.

slide -> pieces of tissue (8 um/px) -> parts of 30 mm2 at most (1 um/px) -> structures -> measures
of each part -> those of the slide, and a map of the structures.
"""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import ndimage

from skinage.errors import SlideError
from skinage.explain.morphology.combine import combined
from skinage.explain.morphology.maps import StructureMap
from skinage.explain.morphology.measures import flags_of
from skinage.explain.morphology.section.section import COARSEST_MPP
from skinage.explain.morphology.segment import measure_section, segment
from skinage.slides.slide import MOST_UPSAMPLING, Slide
from skinage.tiling.tissue import number_pieces, tissue_mask

OVERVIEW_MPP = 8.0
MARGIN_UM = 100.0
MOST_PART_MM2 = 30.0
"""A larger piece is cut across its longer side, so that a worker needs less than 3 GB."""
Record = dict[str, Any]
SEPARATOR = " | "
"""Between the reasons of one slide."""


def measure_slide(slide: Slide, mpp: float = 1.0) -> tuple[Record, np.ndarray]:
    """Measure one open slide.

    Parameters
    ----------
    slide
        The slide.
    mpp
        um per px to measure at; the slide's own if that is more than 1.5 times coarser.

    Returns
    -------
    record : dict
        ``measured_mpp``, ``n_pieces``, the measures, ``flags`` and ``not_measured``.
    packed : numpy.ndarray
        ``(h, w)`` uint8 of the whole slide, see `StructureMap.unpacked`.

    Raises
    ------
    SlideError
        If the slide cannot be read, shows no tissue, or is coarser than 4 um per px.
    """
    mpp = mpp if slide.mpp <= MOST_UPSAMPLING * mpp else slide.mpp
    if mpp > COARSEST_MPP:
        raise SlideError(
            f"{slide.path}: {mpp:.3g} um per px; tissue is measured up to {COARSEST_MPP:g}"
        )
    scale = slide.px_per(mpp)
    width_px, height_px = (round(side / scale) for side in slide.dimensions)
    packed = np.zeros((height_px, width_px), np.uint8)
    parts, pieces = [], set()
    for piece, window, own in _parts(slide, mpp, packed.shape):
        pixels = _read(slide, window, scale)
        pixels[~own] = 255
        found = segment(pixels, mpp)
        values, reasons = measure_section(found)
        parts.append((values, reasons))
        pieces.add(piece)
        shown = StructureMap(found.structures, found.nuclei > 0, found.elastosis, mpp).packed
        packed[window] = np.where(own, shown, packed[window])
    if not parts:
        raise SlideError(f"{slide.path}: no tissue was found to measure")
    values, reasons = combined([one for one, _ in parts], [why for _, why in parts])
    record: Record = {"measured_mpp": mpp, "n_pieces": len(pieces), **values}
    record["flags"] = flags_of(values)
    record["not_measured"] = SEPARATOR.join(f"{name}: {why}" for name, why in reasons.items())
    return record, packed


def _parts(
    slide: Slide, mpp: float, shape: tuple[int, int]
) -> Iterator[tuple[int, tuple[slice, slice], np.ndarray]]:
    """Yield the number of the piece, the window at ``mpp``, and which pixels are this part's."""
    coarse = max(OVERVIEW_MPP, slide.mpp)
    overview = slide.read_region(0, 0, *slide.dimensions, mpp=coarse)
    numbers = number_pieces(tissue_mask(overview, coarse), coarse)
    # Every pixel about a piece is the piece's whose tissue is nearest.
    nearest = ndimage.distance_transform_edt(
        numbers == 0, return_distances=False, return_indices=True
    )
    owner = numbers[tuple(nearest)]
    step, margin = coarse / mpp, MARGIN_UM / mpp
    for number, box in enumerate(ndimage.find_objects(numbers), start=1):
        first = [max(0, round(side.start * step - margin)) for side in box]
        last = [
            min(n, round(side.stop * step + margin)) for side, n in zip(box, shape, strict=True)
        ]
        for window in _cut(first, last, mpp):
            rows, columns = (
                np.minimum(np.arange(side.start, side.stop) / step, n - 1).astype(int)
                for side, n in zip(window, owner.shape, strict=True)
            )
            yield number, window, owner[np.ix_(rows, columns)] == number


def _cut(first: list[int], last: list[int], mpp: float) -> Iterator[tuple[slice, slice]]:
    """Yield the window, cut across its longer side if it is large."""
    sides = np.subtract(last, first)
    n_parts = int(np.ceil(sides.prod() * (mpp / 1000) ** 2 / MOST_PART_MM2))
    longer = int(sides.argmax())
    edges = np.linspace(first[longer], last[longer], n_parts + 1).round().astype(int)
    for start, stop in itertools.pairwise(edges):
        window = [slice(a, b) for a, b in zip(first, last, strict=True)]
        window[longer] = slice(int(start), int(stop))
        yield window[0], window[1]


def _read(slide: Slide, window: tuple[slice, slice], scale: float) -> np.ndarray:
    rows, columns = window
    size = (columns.stop - columns.start), (rows.stop - rows.start)
    place = columns.start * scale, rows.start * scale
    return slide.read_region(*place, *(side * scale for side in size), mpp=slide.mpp * scale)
