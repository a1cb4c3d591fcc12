"""Which library may open this file: looked up in the file's tags before anything decodes it.

cuCIM is the fastest reader, but some files crash it and some come back as zeros, so it only gets
what it is known to read; OpenSlide gets every other slide, tifffile what neither knows, and plain
pictures are read whole.
A file whose tags contradict each other is refused: every reader would make some pixels of it.
"""

import importlib.util

import openslide
import tifffile

from skinage.errors import SlideError
from skinage.slides.integrity.layout import check_layout, is_tiff

PLAIN_TIFFS = ("aperio", "generic-tiff", "philips")
CUCIM_COMPRESSIONS = {
    1: "uncompressed", 5: "LZW", 7: "JPEG", 8: "deflate", 32946: "deflate",
    33003: "JPEG 2000", 33005: "JPEG 2000",
}  # fmt: skip
LZW, RGB, YCBCR, JPEG2000_OF_TIFF = 5, 2, 6, 34712


def which_reader(path: str) -> tuple[str, str]:
    """Return which library reads a file, and why.

    Parameters
    ----------
    path
        A slide or a picture.

    Returns
    -------
    tuple of str
        ``"cuCIM"``, ``"OpenSlide"``, ``"tifffile"`` or ``"picture"``, and the reason in words.

    Raises
    ------
    SlideError
        If image bytes are missing from the file, or its tags contradict each other.
    """
    vendor = openslide.OpenSlide.detect_format(path)
    if vendor is not None and vendor not in PLAIN_TIFFS:
        return "OpenSlide", f"{vendor}, which cuCIM does not read"
    if vendor is None and not is_tiff(path):
        return "picture", "not a slide format that OpenSlide knows"
    pages = _checked_pages(path, is_padded=vendor == "philips")
    if pages[0].is_tiled and pages[0].compression == JPEG2000_OF_TIFF:
        return "tifffile", "tiled JPEG 2000 of the TIFF standard, which no other reader knows"
    if vendor is None:
        return "picture", "not a slide format that OpenSlide knows"
    if importlib.util.find_spec("cucim") is None:
        return "OpenSlide", "cuCIM is not installed"
    objection = _objection(vendor, pages)
    if objection:
        return "OpenSlide", f"{objection}, which cuCIM cannot be trusted with"
    compression = next(page.compression for page in pages if page.is_tiled)
    return "cuCIM", f"{vendor}, tiled {CUCIM_COMPRESSIONS[compression]} TIFF"


def _checked_pages(path: str, is_padded: bool) -> list[tifffile.TiffPage]:
    try:
        with tifffile.TiffFile(path) as file:
            pages = [page for page in file.pages if isinstance(page, tifffile.TiffPage)]
            check_layout(path, pages, is_padded)
            return pages
    except SlideError:
        raise
    except Exception as error:  # tables that make no sense fail in any way
        raise SlideError(
            f"the tag tables of the TIFF make no sense ({type(error).__name__}: {error}): "
            "the file is damaged, copy it again"
        ) from None


def _objection(vendor: str, pages: list[tifffile.TiffPage]) -> str | None:
    tiled = [page for page in pages if page.is_tiled]
    if not tiled:
        return "no tiled image"
    if vendor == "generic-tiff" and len(tiled) < len(pages):
        return "tiled and untiled images in one file"
    return next(filter(None, map(_page_objection, tiled)), None)


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
