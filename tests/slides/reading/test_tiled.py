import numpy as np
import pytest
import tifffile

from skinage.errors import SlideError
from skinage.slides.slide import open_slide


def test_jpeg_2000_of_the_standard_is_read_exactly_at_every_level(write_slide):
    path, levels = write_slide(compression="jpeg2000")
    slide = open_slide(path)
    assert (slide.reader, slide.mpp, slide.dimensions) == ("tifffile", 0.5, (800, 600))
    for level, expected in enumerate(levels):
        factor = 2**level
        place = (60 * factor, 40 * factor, 100 * factor, 80 * factor)
        found = slide.read_region(*place, mpp=0.5 * factor)
        np.testing.assert_array_equal(found, expected[40:120, 60:160])
    found = slide.read_region(-30, 580, 900, 50)
    assert (found[:, :30] == 255).all()
    assert (found[20:] == 255).all()
    np.testing.assert_array_equal(found[:20, 30:830], levels[0][580:])


def test_a_tile_that_is_damaged_names_its_place(write_slide):
    path, levels = write_slide(compression="jpeg2000")
    with tifffile.TiffFile(path) as file:
        offset = file.pages[0].dataoffsets[0]
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(b"\0" * 200)
    slide = open_slide(path)
    with pytest.raises(SlideError, match=r"slide\.tiff: level 0, x 0 to 64, y 0 to 64: "):
        slide.read_tiles(np.array([[256, 256], [0, 0]]), 64, 64)
    np.testing.assert_array_equal(slide.read_region(128, 0, 50, 50), levels[0][:50, 128:178])


def test_a_fourth_channel_is_refused(tmp_path, picture):
    path, four = str(tmp_path / "four.tif"), np.dstack([picture, picture[..., :1]])
    tifffile.imwrite(path, four, tile=(128, 128), compression="jpeg2000", photometric="rgb")
    with pytest.raises(SlideError, match="have the axes YXS and 4 channels; expected YXS and 3"):
        open_slide(path, mpp=1.0)
