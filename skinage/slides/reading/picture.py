"""Plain pictures (PNG, JPEG, untiled TIFF), held in memory whole."""

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from skinage.errors import SlideError
from skinage.slides.integrity.encoded import EncodedTiles
from skinage.slides.integrity.layout import is_tiff
from skinage.slides.scale import Header, resolution_mpp

Pixels = NDArray[np.uint8]
NO_COLOURS = ("1", "L", "I", "F")
"""How the modes of Pillow begin that have one channel, of any number of bits."""


class Picture:
    """A picture as a slide of one level."""

    def __init__(self, path: str) -> None:
        self.pixels, mpp = _read_picture(path)
        size = (self.pixels.shape[1], self.pixels.shape[0])
        self.header = Header("picture", levels=(size,), downsamples=(1.0,), mpp=mpp)

    def read(self, level: int, x: int, y: int, size: tuple[int, int]) -> Pixels:
        """Copy one rectangle; white outside."""
        pixels = np.full((size[1], size[0], 3), 255, np.uint8)
        part = self.pixels[max(y, 0) : max(y + size[1], 0), max(x, 0) : max(x + size[0], 0)]
        top, left = max(-y, 0), max(-x, 0)
        pixels[top : top + part.shape[0], left : left + part.shape[1]] = part
        return pixels

    def read_many(self, level: int, corners: NDArray[np.int64], pixels: Pixels) -> None:
        """Copy rectangles; corners (n, 2) are left and top."""
        for index, (x, y) in enumerate(corners.tolist()):
            pixels[index] = self.read(level, x, y, (pixels.shape[2], pixels.shape[1]))


def _read_picture(path: str) -> tuple[Pixels, float | None]:
    if is_tiff(path):
        return _read_tiff(path)
    try:
        with Image.open(path) as image:
            if image.mode.startswith(NO_COLOURS):
                raise SlideError(
                    f"its pixels are of mode {image.mode!r}, which has one channel; expected 8-bit "
                    "RGB: export the picture as that"
                )
            return on_white(image), None
    except UnidentifiedImageError:
        raise SlideError("neither a slide nor a picture: the file is damaged or unknown") from None


def _read_tiff(path: str) -> tuple[Pixels, float | None]:
    with tifffile.TiffFile(path) as file:
        page = file.pages.first
        size = page.imagewidth, page.imagelength
        EncodedTiles(path).check(size, np.zeros((1, 2), np.int64), size)
        if page.axes not in ("YX", "YXS"):
            raise SlideError(f"its pixels have the axes {page.axes}; expected YXS (RGB pixels)")
        mpp = resolution_mpp(page.resolution[0], page.resolutionunit)
        return on_white(Image.fromarray(page.asarray())), mpp


def on_white(image: Image.Image) -> Pixels:
    """Turn a picture into (height, width, 3) RGB; what is transparent lies over white."""
    if not image.has_transparency_data:
        return np.asarray(image.convert("RGB"))
    image = image.convert("RGBA")
    white = Image.new("RGBA", image.size, (255, 255, 255, 255))
    return np.asarray(Image.alpha_composite(white, image).convert("RGB"))
