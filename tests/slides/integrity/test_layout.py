import os

import numpy as np
import pytest
import tifffile

from skinage.errors import SlideError
from skinage.slides.integrity.layout import check_layout


def _check(path):
    with tifffile.TiffFile(path) as file:
        check_layout(path, list(file.pages))


def _set(path, tag, change, level=0):
    with tifffile.TiffFile(path, mode="r+b") as file:
        tag = file.pages[level].tags[tag]
        tag.overwrite(change(tag.value))


@pytest.mark.parametrize("compression", ["jpeg", "lzw", "deflate", None])
def test_whole_files_pass(write_slide, compression):
    _check(write_slide(compression=compression)[0])


def test_real_files_pass(real):
    for name in ("slides/cmu-1-small-region.svs", "hazards/boxes.tiff", "skin/skin.tif"):
        _check(real(name))


def test_missing_bytes_are_named(write_slide):
    path, _ = write_slide()
    with tifffile.TiffFile(path) as file:
        offset = file.pages[2].dataoffsets[-1]
    # The directories lie before the pixels, as in a file that was only half copied.
    os.truncate(path, offset + 5)
    with pytest.raises(SlideError, match=r"1 of 4 image tiles of level 2 .* incomplete"):
        _check(path)


@pytest.mark.parametrize(
    ("tag", "change", "level", "reason"),
    [
        ("TileByteCounts", lambda v: (0, *v[1:]), 0, "1 tiles of level 0 have no bytes"),
        ("TileOffsets", lambda v: (v[0], v[0] + 9, *v[2:]), 0, "lie on each other"),
        ("ImageWidth", lambda v: v + 128, 0, "level 0 of 928 x 600 px needs 40 parts"),
        ("ImageLength", lambda v: v - 20, 1, "level 1 is 400 x 280 px, level 0 is 800 x 600"),
        ("TileWidth", lambda v: v + 8, 0, "multiples of 16"),
        ("Compression", lambda v: 8, 1, "compression is 8 in level 1 and 7 in level 0"),
        ("PhotometricInterpretation", lambda v: 2, 2, "photometric is 2 in level 2 and 6"),
    ],
)
def test_tags_that_contradict_others_are_named(write_slide, tag, change, level, reason):
    path, _ = write_slide()
    _set(path, tag, change, level)
    with pytest.raises(SlideError, match=reason):
        _check(path)


def _share(path, one, other):
    with tifffile.TiffFile(path) as file:
        counts = file.pages[0].databytecounts
    for tag in ("TileOffsets", "TileByteCounts"):
        _set(path, tag, lambda v: tuple(v[other] if i == one else n for i, n in enumerate(v)))
    return counts


def test_blank_tiles_may_share_their_bytes_and_others_may_not(write_slide, picture):
    glass = np.full_like(picture, 240)
    glass[:, 500:] = picture[:, 500:]
    path, _ = write_slide("glass.tiff", glass)
    _share(path, 0, 1)
    _check(path)
    path, _ = write_slide("tissue.tiff", glass)
    _share(path, 5, 6)
    with pytest.raises(SlideError, match="2 tiles of level 0 share their bytes"):
        _check(path)


def test_an_uncompressed_tile_has_its_full_length(write_slide):
    path, _ = write_slide(compression=None)
    _set(path, "TileByteCounts", lambda v: (v[0] - 1, *v[1:]))
    with pytest.raises(SlideError, match="has 49151 bytes, not 49152"):
        _check(path)


def test_levels_come_from_fine_to_coarse(tmp_path, picture):
    path = str(tmp_path / "order.tiff")
    with tifffile.TiffWriter(path) as writer:
        for step in (1, 4, 2):
            pixels = np.ascontiguousarray(picture[::step, ::step])
            writer.write(pixels, tile=(128, 128), photometric="rgb", metadata=None)
    with pytest.raises(SlideError, match=r"levels are \[800, 200, 400\] px wide"):
        _check(path)


def test_one_wrong_side_against_the_description_of_an_aperio_file(tmp_path, picture):
    path = str(tmp_path / "a.svs")
    text = "Aperio Image Library\n900x700 [0,0 800x600] (128x128) JPEG/RGB Q=70|AppMag = 20"
    tifffile.imwrite(path, picture, tile=(128, 128), description=text, metadata=None)
    _check(path)
    _set(path, "ImageWidth", lambda v: v + 10)
    with pytest.raises(SlideError, match="810 x 600 px; its description says"):
        _check(path)


def test_a_tag_that_is_gone_is_named(write_slide):
    path, _ = write_slide()
    with tifffile.TiffFile(path) as file:
        place = file.pages[0].tags["TileWidth"].offset
    with open(path, "r+b") as file:
        file.seek(place)
        file.write(b"\xff\xf0")
    with pytest.raises(SlideError, match="tag TileWidth is missing"):
        _check(path)


def test_strips_are_counted(tmp_path, picture):
    path = str(tmp_path / "strips.tiff")
    tifffile.imwrite(path, picture, rowsperstrip=100, compression="deflate", metadata=None)
    _check(path)
    _set(path, "ImageLength", lambda v: v + 100)
    with pytest.raises(SlideError, match="needs 7 parts"):
        _check(path)
