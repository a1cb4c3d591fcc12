"""Which library may open this file: looked up in the file's tags before anything decodes it.

cuCIM is the fastest reader, but some files crash it and some come back as zeros, so it only gets
what it is known to read; OpenSlide gets every other slide, and plain pictures are read whole.
"""

import importlib.util
import os
from pathlib import Path

import openslide
import tifffile

from skinage.errors import SlideError

CUCIM_VENDORS = ("aperio", "generic-tiff")
CUCIM_SUFFIXES = (".svs", ".tif", ".tiff")  # it looks at the lower-case suffix only
CUCIM_COMPRESSIONS = {
    1: "uncompressed",
    5: "LZW",
    7: "JPEG",
    8: "deflate",
    32946: "deflate",
    33003: "JPEG 2000",
    33005: "JPEG 2000",
}
LZW, RGB, YCBCR = 5, 2, 6
ASPECT_TOLERANCE = 0.03


def which_reader(path: str) -> tuple[str, str]:
    """Tell which library reads a file, and why.

    Parameters
    ----------
    path
        A slide or a picture.

    Returns
    -------
    tuple of str
        ``"cuCIM"``, ``"OpenSlide"`` or ``"picture"``, and the reason in words.

    Raises
    ------
    SlideError
        If image bytes are missing from the file.
    """
    vendor = openslide.OpenSlide.detect_format(path)
    if vendor is None:
        return "picture", "not a slide format that OpenSlide knows"
    if vendor not in CUCIM_VENDORS:
        return "OpenSlide", f"{vendor}, which cuCIM does not read"
    if importlib.util.find_spec("cucim") is None:
        return "OpenSlide", "cuCIM is not installed"
    if Path(path).suffix not in CUCIM_SUFFIXES:
        return "OpenSlide", f"cuCIM opens {', '.join(CUCIM_SUFFIXES)} only (lower case)"
    with tifffile.TiffFile(path) as file:
        pages = [page for page in file.pages if isinstance(page, tifffile.TiffPage)]
    tiled = [page for page in pages if page.is_tiled]
    objection = _objection(vendor, pages, tiled)
    if objection:
        return "OpenSlide", f"{objection}, which cuCIM cannot be trusted with"
    _check_bytes(path, tiled)
    return "cuCIM", f"{vendor}, tiled {CUCIM_COMPRESSIONS[tiled[0].compression]} TIFF"


def _objection(
    vendor: str, pages: list[tifffile.TiffPage], tiled: list[tifffile.TiffPage]
) -> str | None:
    if not tiled:
        return "no tiled image"
    if vendor == "generic-tiff" and len(tiled) < len(pages):
        return "tiled and untiled images in one file"
    aspect = tiled[0].imagewidth / tiled[0].imagelength
    for page in tiled:
        # The last level of a pyramid may be a few pixels only: allow for its rounding.
        tolerance = ASPECT_TOLERANCE + 1 / min(page.imagewidth, page.imagelength)
        if abs(page.imagewidth / page.imagelength / aspect - 1) > tolerance:
            return "tiled images that are not levels of one pyramid"
        objection = _page_objection(page)
        if objection:
            return objection
    return None


def _page_objection(page: tifffile.TiffPage) -> str | None:
    compression = tifffile.COMPRESSION(page.compression).name
    if page.compression not in CUCIM_COMPRESSIONS:
        return f"{compression} compression"
    if page.predictor != 1 and page.compression != LZW:
        return f"tiled {compression} with predictor {int(page.predictor)}"
    if page.bitspersample != 8 or page.samplesperpixel != 3 or page.planarconfig != 1:
        return f"{page.samplesperpixel} channels of {page.bitspersample} bits"
    if page.photometric not in (RGB, YCBCR):
        return f"{tifffile.PHOTOMETRIC(page.photometric).name} pixels"
    if not all(page.databytecounts):
        return "empty tiles"
    return None


def _check_bytes(path: str, pages: list[tifffile.TiffPage]) -> None:
    size = os.path.getsize(path)
    for level, page in enumerate(pages):
        ends = [a + b for a, b in zip(page.dataoffsets, page.databytecounts, strict=True)]
        missing = sum(end > size for end in ends)
        if missing:
            raise SlideError(
                f"{missing} of {len(ends)} image tiles of level {level} lie beyond the end of the "
                f"file ({size} bytes, {max(ends)} expected): the file is incomplete, copy it again"
            )
