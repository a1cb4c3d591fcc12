import numpy as np
import pytest
import tifffile

from skinage.errors import SlideError
from skinage.slides.integrity.encoded import EncodedTiles

SIZE = (128, 128)
FIRST, SECOND = np.array([[0, 0]]), np.array([[128, 0]])


def _tile(path, tile=0):
    with tifffile.TiffFile(path) as file:
        return file.pages[0].dataoffsets[tile], file.pages[0].databytecounts[tile]


def _write(path, place, data):
    with open(path, "r+b") as file:
        file.seek(place)
        file.write(data)


@pytest.mark.parametrize("compression", ["jpeg", "lzw", "deflate", None])
def test_whole_tiles_pass(write_slide, compression):
    path, levels = write_slide(compression=compression)
    tiles = EncodedTiles(path)
    for pixels in levels:
        size = pixels.shape[1], pixels.shape[0]
        tiles.check(size, FIRST, size)
        assert tiles.levels[size].whole.all()


def test_whole_tiles_of_real_files_pass(real):
    for name in ("slides/cmu-1-small-region.svs", "hazards/boxes.tiff", "skin/skin.tif"):
        tiles = EncodedTiles(real(name))
        for size, level in tiles.levels.items():
            tiles.check(size, FIRST, size)
            assert level.whole.all()


def test_only_tiles_under_the_rectangles_are_looked_at(write_slide):
    path, _ = write_slide()
    _write(path, _tile(path, 1)[0], b"no")
    tiles = EncodedTiles(path)
    tiles.check((800, 600), np.array([[-50, 0], [200, 300]]), SIZE)
    # x -50 to 77 is column 0; x 200 to 327 and y 300 to 427 are columns 1, 2 and rows 2, 3
    assert np.flatnonzero(tiles.levels[800, 600].whole).tolist() == [0, 15, 16, 22, 23]
    with pytest.raises(
        SlideError, match=r"tile 1 at 128, 0 px .* not a JPEG: it starts with 6e 6f"
    ):
        tiles.check((800, 600), np.array([[127, 0]]), SIZE)


@pytest.mark.parametrize(
    ("compression", "reason"),
    [("jpeg", "does not end"), ("lzw", "LZW data"), ("deflate", "DEFLATE data are damaged")],
)
def test_a_tile_whose_end_is_zero_is_found(write_slide, compression, reason):
    path, _ = write_slide(compression=compression)
    place, length = _tile(path)
    _write(path, place + length // 2, bytes(length - length // 2))
    with pytest.raises(SlideError, match=reason):
        EncodedTiles(path).check((800, 600), FIRST, SIZE)
    EncodedTiles(path).check((800, 600), SECOND, SIZE)


def test_a_shorter_tile_in_the_place_of_a_longer_one_is_found(write_slide, picture):
    pixels = picture.copy()
    pixels[:128, 128:256] = 200
    path, _ = write_slide(pixels=pixels)
    place, length = _tile(path, 1)
    with open(path, "rb") as file:
        file.seek(place)
        short = file.read(length)
    _write(path, _tile(path)[0], short)
    with pytest.raises(SlideError, match=f"but its pixels end at {length - 2}"):
        EncodedTiles(path).check((800, 600), FIRST, SIZE)


def test_jpeg2000_of_another_size_is_found(tmp_path, picture):
    path = str(tmp_path / "a.svs")
    tifffile.imwrite(path, picture, tile=SIZE, compression="aperio_jp2000_rgb", metadata=None)
    EncodedTiles(path).check((800, 600), FIRST, (800, 600))
    _write(path, _tile(path)[0] + 8, (64).to_bytes(4, "big"))
    with pytest.raises(SlideError, match="a JPEG 2000 of 64 x 128 px in a tile of 128 x 128"):
        EncodedTiles(path).check((800, 600), FIRST, SIZE)


def test_the_last_strip_is_lower(tmp_path, picture):
    path = str(tmp_path / "strips.tiff")
    for compression in ("deflate", "lzw", "jpeg"):
        tifffile.imwrite(path, picture, rowsperstrip=256, compression=compression, metadata=None)
        EncodedTiles(path).check((800, 600), FIRST, (800, 600))


def test_other_files_are_left_alone(tmp_path):
    path = tmp_path / "picture.png"
    path.write_bytes(b"\x89PNG")
    assert not EncodedTiles(str(path)).levels
