"""Tiled TIFFs that neither cuCIM nor OpenSlide reads, such as JPEG 2000 of the TIFF standard."""

from functools import lru_cache

import numpy as np
import tifffile
from numpy.typing import NDArray

from skinage.errors import SlideError
from skinage.slides.integrity.encoded import EncodedTiles
from skinage.slides.scale import Header, resolution_mpp, true_downsamples

TILES_KEPT = 64
Pixels = NDArray[np.uint8]


class TiledTiff:
    """A pyramid of tiles, decoded one by one with imagecodecs; exact, but slower than cuCIM."""

    def __init__(self, path: str) -> None:
        self.tiles = EncodedTiles(path)
        self.file = tifffile.TiffFile(path)
        self.pages = [level.keyframe for level in self.file.series[0].levels]
        for page in self.pages:
            if page.axes != "YXS" or page.samplesperpixel != 3:
                found = f"the axes {page.axes} and {page.samplesperpixel} channels"
                raise SlideError(f"its pixels have {found}; expected YXS and 3 (RGB)")
        levels = tuple((page.imagewidth, page.imagelength) for page in self.pages)
        self.header = Header(
            vendor="generic-tiff",
            levels=levels,
            downsamples=true_downsamples(levels, [levels[0][0] / width for width, _ in levels]),
            mpp=resolution_mpp(self.pages[0].resolution[0], self.pages[0].resolutionunit),
        )
        self._tile = lru_cache(TILES_KEPT)(self._decoded)

    def read_many(self, level: int, corners: NDArray[np.int64], pixels: Pixels) -> None:
        """Fill ``pixels`` (n, height, width, 3) from corners (n, 2), left and top."""
        size = (pixels.shape[2], pixels.shape[1])
        self.tiles.check(self.header.levels[level], corners, size)
        pixels[:] = 255
        for (x, y), part in zip(corners.tolist(), pixels, strict=True):
            self._read(level, x, y, part)

    def _read(self, level: int, x: int, y: int, pixels: Pixels) -> None:
        width, height = self.header.levels[level]
        right, bottom = min(x + pixels.shape[1], width), min(y + pixels.shape[0], height)
        side_x, side_y = self.pages[level].tilewidth, self.pages[level].tilelength
        for row in range(max(y, 0) // side_y, -(-bottom // side_y)):
            for column in range(max(x, 0) // side_x, -(-right // side_x)):
                left, top = column * side_x, row * side_y
                x0, x1 = max(x, left, 0), min(right, left + side_x)
                y0, y1 = max(y, top, 0), min(bottom, top + side_y)
                tile = self._tile(level, row * -(-width // side_x) + column)
                part = tile[y0 - top : y1 - top, x0 - left : x1 - left]
                pixels[y0 - y : y1 - y, x0 - x : x1 - x] = part

    def _decoded(self, level: int, index: int) -> Pixels:
        page = self.pages[level]
        self.file.filehandle.seek(page.dataoffsets[index])
        data = self.file.filehandle.read(page.databytecounts[index])
        tile = page.decode(data, index, jpegtables=page.jpegtables)[0]
        if tile is None:
            raise SlideError(f"tile {index} of level {level} is empty")
        return np.asarray(tile[0])
