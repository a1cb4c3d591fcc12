"""Tag tables of a TIFF, compared with each other and with the file.

Readers use each tag by itself: a wrong width, a tile at the place of another one, an image that is
no level, all of them yield pixels. So everything that a file states twice is compared.
"""

import math
import os
import re
from typing import TypeAlias

import numpy as np
import tifffile
from numpy.typing import NDArray

from skinage.errors import SlideError

Page: TypeAlias = tifffile.TiffPage
TIFF_BEGINNINGS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
UNCOMPRESSED = 1
NEEDED = ("ImageWidth", "ImageLength", "BitsPerSample", "Compression", "PhotometricInterpretation")
OF_TILES = ("TileWidth", "TileLength", "TileOffsets", "TileByteCounts")
ONE_FOR_ALL = ("compression", "predictor", "photometric", "bitspersample", "samplesperpixel")
WITH_PREDICTOR = (5, 8, 32946, 50013)
BLANK_SPREAD = 24
"""Tiles that share their bytes must be blank: of one colour within so many grey levels."""
SIZE_IN_TEXT = re.compile(r"-> (\d+)x(\d+)"), re.compile(r"\[\d+,\d+ (\d+)x(\d+)\]")


def is_tiff(path: str) -> bool:
    """Return whether a file begins as a TIFF does."""
    with open(path, "rb") as file:
        return file.read(4) in TIFF_BEGINNINGS


def parts_of(page: Page) -> tuple[int, int, int, int]:
    """Return width and height of an image's tiles or strips, and how many lie across and down."""
    width, height = page.tilewidth, page.tilelength
    if not page.is_tiled:
        width, height = page.imagewidth, min(page.rowsperstrip, page.imagelength)
    across, down = page.imagewidth / max(width, 1), page.imagelength / max(height, 1)
    return width, height, math.ceil(across), math.ceil(down)


def check_layout(path: str, pages: list[Page], is_padded: bool = False) -> None:
    """Compare everything that the tags of a TIFF state twice.

    Parameters
    ----------
    path
        The file.
    pages
        All images of the file; the tiled ones are the levels of a pyramid, the finest first.
    is_padded
        Whether levels are filled up to whole tiles (Philips); their sizes are then not compared.

    Raises
    ------
    SlideError
        If tiles are missing, lie beyond the end of the file or on each other, or if levels do not
        fit together.
    """
    if not pages:
        _refuse("no image in it: the place of its first tag table is wrong")
    for number, page in enumerate(pages):
        missing = [name for name in OF_TILES if name not in page.tags]
        if missing and len(missing) < len(OF_TILES):
            _refuse(f"image {number} has tiles, but its tag {missing[0]} is missing or unreadable")
    tiled = [page for page in pages if page.is_tiled]
    if tiled and not pages[0].is_tiled:
        _refuse("its first image has no tiles, a later one has")
    for level, page in enumerate(tiled or pages[:1]):
        _check_tags(level, page)
        if not level:
            _check_pixels(page)
        _check_table(level, page)
    _check_inside(path, tiled or pages[:1], "tiles" if tiled else "strips")
    _check_apart(path, tiled)
    for level, page in enumerate(tiled):
        _check_format(level, page, tiled[0])
        if level and not is_padded:
            _check_size(level, page, tiled[0])
        _check_text(level, page)
    widths = [page.imagewidth for page in tiled]
    if widths != sorted(widths, reverse=True):
        _refuse(f"its levels are {widths} px wide; expected in order, the finest first")


def _check_tags(level: int, page: Page) -> None:
    missing = [name for name in NEEDED if name not in page.tags]
    if missing:
        _refuse(f"the tags {', '.join(missing)} of level {level} are missing or unreadable")
    if not isinstance(page.bitspersample, int):
        _refuse(f"channels of level {level} have {page.bitspersample} bits")


def _check_pixels(page: Page) -> None:
    """Refuse pixels that are no 8-bit colours; readers would cut them to 8 bits or fail."""
    bits, channels = page.bitspersample, page.samplesperpixel
    if bits == 8 and channels in (3, 4):
        return
    raise SlideError(
        f"its pixels have {channels} channel{'s'[: channels > 1]} of {bits} bits; expected 3 "
        "channels of 8 bits (RGB): export the slide as 8-bit RGB, or copy it again if it was that"
    )


def _check_table(level: int, page: Page) -> None:
    """Compare the lengths of the tables of tiles (or strips) with the size of the image."""
    width, height, across, down = parts_of(page)
    if page.is_tiled and (min(width, height) < 16 or width % 16 or height % 16):
        _refuse(f"tiles of level {level} are {width} x {height} px; multiples of 16 are expected")
    if min(width, height) < 1:
        _refuse(f"level {level} is {page.imagewidth} x {page.imagelength} px")
    expected = across * down * (page.samplesperpixel if page.planarconfig == 2 else 1)
    found = len(page.dataoffsets), len(page.databytecounts)
    if found != (expected, expected):
        _refuse(
            f"level {level} of {page.imagewidth} x {page.imagelength} px needs {expected} parts of "
            f"{width} x {height} px; found {found[0]} places and {found[1]} lengths"
        )
    if page.is_tiled and page.compression == UNCOMPRESSED:
        channels = page.samplesperpixel if page.planarconfig == 1 else 1
        raw = width * height * channels * page.bitspersample // 8
        wrong = [count for count in page.databytecounts if count not in (0, raw)]
        if wrong:
            _refuse(f"an uncompressed tile of level {level} has {wrong[0]} bytes, not {raw}")


def _check_inside(path: str, pages: list[Page], parts: str) -> None:
    size = os.path.getsize(path)
    for level, page in enumerate(pages):
        offsets, counts = _places(page)
        ends = offsets + counts
        missing = int((ends > size).sum())
        if missing:
            raise SlideError(
                f"{missing} of {len(ends)} image {parts} of level {level} lie beyond the end of "
                f"the file ({size} bytes, {max(ends):.0f} expected): the file is incomplete, copy "
                "it again"
            )
        # A tile that was never scanned has neither place nor length.
        lost = np.flatnonzero((counts == 0) != (offsets == 0))
        if len(lost):
            _refuse(f"{len(lost)} {parts} of level {level} have no bytes, the first is {lost[0]}")


def _check_apart(path: str, pages: list[Page]) -> None:
    """Find tiles that lie on each other; blank ones may share one place."""
    if not pages:
        return
    places = np.concatenate([np.stack(_places(page), axis=1) for page in pages])
    levels = np.repeat(np.arange(len(pages)), [len(page.dataoffsets) for page in pages])
    places, first, times = np.unique(places, axis=0, return_index=True, return_counts=True)
    filled = places[:, 1] > 0
    places, first, times = places[filled], first[filled], times[filled]
    overlap = np.flatnonzero(places[:-1].sum(axis=1) > places[1:, 0])
    if len(overlap):
        one, other = levels[first[overlap[0]]], levels[first[overlap[0] + 1]]
        _refuse(f"a tile of level {one} and one of level {other} lie on each other in the file")
    with open(path, "rb") as file:
        for index in np.flatnonzero(times > 1):
            page = pages[levels[first[index]]]
            file.seek(int(places[index, 0]))
            data = file.read(int(places[index, 1]))
            if not _is_blank(page, data):
                _refuse(
                    f"{times[index]} tiles of level {levels[first[index]]} share their bytes, yet "
                    "they are not blank"
                )


def _is_blank(page: Page, data: bytes) -> bool:
    try:
        pixels = page.decode(data, 0, jpegtables=page.jpegtables)[0]
    except Exception:  # data that cannot be decoded are not blank
        return False
    return pixels is None or bool(
        (np.ptp(pixels.reshape(-1, pixels.shape[-1]), axis=0) <= BLANK_SPREAD).all()
    )


def _check_format(level: int, page: Page, finest: Page) -> None:
    """Compare a level's format of pixels with that of the finest."""
    for name in ONE_FOR_ALL:
        one, other = getattr(page, name), getattr(finest, name)
        if one != other:
            _refuse(f"the tag {name} is {one} in level {level} and {other} in level 0")
    if page.predictor != 1 and page.compression not in WITH_PREDICTOR:
        _refuse(f"level {level} has a predictor, which compression {int(page.compression)} has not")


def _check_size(level: int, page: Page, finest: Page) -> None:
    """Compare a level's shape with that of the finest."""
    sizes = [(page.imagewidth, finest.imagewidth), (page.imagelength, finest.imagelength)]
    # Halving rounds up or down; however often, it is less than one pixel in all.
    least = max(full / (part + 1) for part, full in sizes)
    most = min(full / max(part - 1, 0.5) for part, full in sizes)
    if least > most:
        _refuse(
            f"level {level} is {page.imagewidth} x {page.imagelength} px, level 0 is "
            f"{finest.imagewidth} x {finest.imagelength}: not a reduced copy of it"
        )


def _check_text(level: int, page: Page) -> None:
    """Compare the size of an image with the sizes that Aperio writes into its description.

    A file that was cut out of another has another size altogether: one number alone that differs
    was damaged.
    """
    if not page.description.startswith("Aperio"):
        return
    text = page.description.split(";")[0].split("|")[0]
    stated = next(filter(None, (pattern.search(text) for pattern in SIZE_IN_TEXT)), None)
    size = (page.imagewidth, page.imagelength)
    if stated and sum(int(a) == b for a, b in zip(stated.groups(), size, strict=True)) == 1:
        _refuse(f"level {level} is {size[0]} x {size[1]} px; its description says {stated[0]}")


def _places(page: Page) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    # Damaged tables hold numbers beyond 64 bits of sum: floats are exact far beyond any file.
    return np.array(page.dataoffsets, np.float64), np.array(page.databytecounts, np.float64)


def _refuse(what: str) -> None:
    raise SlideError(f"{what}: the file is damaged, copy or export it again")
