"""Checks that the encoded data of a tile are whole: once per tile, before it is decoded.

Many decoders make pixels even of data that end too early, are too long, or belong to another size.
Such data are found here, at a cost far below that of decoding.
"""

import os
import re
import struct
import zlib
from typing import BinaryIO

import imagecodecs
import numpy as np
import tifffile
from numpy.typing import NDArray

from skinage.errors import SlideError
from skinage.slides.integrity.jpeg import check_header, header_length
from skinage.slides.integrity.layout import is_tiff, parts_of

RGB = 2
END, MARKER = b"\xff\xd9", re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
LZW, JPEG, DEFLATE, JPEG2000 = (5,), (7,), (8, 32946), (33003, 33005, 34712)


class EncodedTiles:
    """The tiles (or strips) of a TIFF, and which of them have been found whole.

    Parameters
    ----------
    path
        The file; if it is no TIFF, nothing is checked.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.levels: dict[tuple[int, int], _Level] = {}
        if not is_tiff(path):
            return
        with tifffile.TiffFile(path) as tiff:
            pages = [page for page in tiff.pages if isinstance(page, tifffile.TiffPage)]
            for page in [page for page in pages if page.is_tiled] or pages[:1]:
                if page.planarconfig == 1:
                    self.levels.setdefault((page.imagewidth, page.imagelength), _Level(page))

    def check(
        self, level_size: tuple[int, int], corners: NDArray[np.int64], size: tuple[int, int]
    ) -> None:
        """Check the tiles under some rectangles that have not been checked before.

        Parameters
        ----------
        level_size
            Width and height of the level in px.
        corners
            (n, 2) left and top in px of the level.
        size
            Width and height of a rectangle in px.

        Raises
        ------
        SlideError
            If a tile is not whole; it says which and why.
        """
        level = self.levels.get(level_size)
        if level is None or not len(todo := level.under(corners, size)):
            return
        with open(self.path, "rb", buffering=0) as file:
            for index in todo:
                try:
                    level.check(file, index)
                except Exception as error:  # the error of a decoder says as much as a check
                    left, top = level.corner(index)
                    name = tifffile.COMPRESSION(level.page.compression).name
                    raise SlideError(
                        f"tile {index} at {left}, {top} px of the level: its {name} data are "
                        f"damaged: {error}"
                    ) from error
        level.whole[todo] = True


class _Level:
    def __init__(self, page: tifffile.TiffPage) -> None:
        self.page, (*size, self.across, self.down) = page, parts_of(page)
        self.size = size[0], size[1]
        self.whole = np.zeros(len(page.dataoffsets), bool)
        self.header = b""  # of the last tile; nearly all have the same

    def corner(self, index: int) -> tuple[int, int]:
        """Return left and top of a tile in px of the level."""
        return index % self.across * self.size[0], index // self.across * self.size[1]

    def under(self, corners: NDArray[np.int64], size: tuple[int, int]) -> NDArray[np.intp]:
        """Return which tiles lie under some rectangles and have not been checked."""
        bounds = np.array([self.across, self.down])
        first = np.maximum(corners // self.size, 0)
        last = np.minimum((corners + size - 1) // self.size, bounds - 1)
        steps = np.stack(np.meshgrid(*map(np.arange, (last - first).max(axis=0) + 1)), -1).reshape(
            -1, 2
        )
        tiles = first[:, None] + steps
        tiles = tiles[(tiles <= last[:, None]).all(axis=-1)]
        indices = np.unique(tiles[:, 1] * self.across + tiles[:, 0])
        return indices[~self.whole[indices]]

    def size_of(self, index: int) -> tuple[int, int]:
        """Return width and height of a tile in px; the last strip may be lower than the others."""
        left = self.page.imagelength - index // self.across * self.size[1]
        return self.size if self.page.is_tiled else (self.size[0], min(self.size[1], left))

    def check(self, file: BinaryIO, index: int) -> None:
        """Read a tile's bytes and check what its compression allows to check."""
        count, compression = self.page.databytecounts[index], self.page.compression
        if not count:
            return  # never scanned
        data = os.pread(file.fileno(), count, self.page.dataoffsets[index])
        if len(data) != count:
            raise SlideError("its bytes lie beyond the end of the file")
        size, channels = self.size_of(index), self.page.samplesperpixel
        if compression in JPEG and channels == 3:
            self._check_jpeg(data, size)
        elif compression in JPEG2000:
            _check_jpeg2000(data, size, channels)
        elif compression in DEFLATE:
            _check_length(zlib.decompress(data), size[0] * size[1] * channels)
        elif compression in LZW:
            _check_length(imagecodecs.lzw_decode(data), size[0] * size[1] * channels)

    def _check_jpeg(self, data: bytes, size: tuple[int, int]) -> None:
        if size != self.size or not self.header or not data.startswith(self.header):
            header = data[: header_length(data)]
            is_rgb = self.page.photometric == RGB
            check_header(header, self.page.jpegtables or b"", size, is_rgb)
            self.header = header
        marker = MARKER.search(data, len(self.header))
        # Some writers fill up to an even length.
        if marker is None or marker[0] != END or len(data) - marker.end() > 1:
            found = "it does not end" if marker is None else f"its pixels end at {marker.start()}"
            raise SlideError(f"a JPEG of {len(data)} bytes, but {found}")


def _check_length(unpacked: bytes | bytearray, expected: int) -> None:
    if len(unpacked) != expected:
        raise SlideError(f"{len(unpacked)} bytes when unpacked, expected {expected}")


def _check_jpeg2000(data: bytes, size: tuple[int, int], channels: int) -> None:
    if data[4:8] == b"jP  ":
        return  # in a file format of its own
    if data[:4] != b"\xff\x4f\xff\x51" or data[-2:] != END:
        raise SlideError("not a whole JPEG 2000: its start or its end is missing")
    right, bottom, left, top = struct.unpack_from(">4I", data, 8)
    if (right - left, bottom - top) != size:
        raise SlideError(
            f"a JPEG 2000 of {right - left} x {bottom - top} px in a tile of "
            f"{size[0]} x {size[1]} px"
        )
    n_components = struct.unpack_from(">H", data, 40)[0]
    if n_components != channels:
        raise SlideError(f"a JPEG 2000 of {n_components} components, expected {channels}")
