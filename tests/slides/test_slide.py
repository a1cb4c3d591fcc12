import subprocess
import sys

import numpy as np
import openslide
import pytest
import tifffile
from PIL import Image

from skinage.errors import SlideError
from skinage.slides.slide import open_slide

COMPRESSIONS = [("jpeg", None), ("deflate", None), ("lzw", 2), (None, None), ("deflate", 2)]


@pytest.mark.parametrize(("compression", "predictor"), COMPRESSIONS)
def test_pixels_are_the_files_at_every_level(write_slide, compression, predictor):
    path, levels = write_slide(compression=compression, predictor=predictor)
    slide = open_slide(path)
    assert slide.mpp == pytest.approx(0.5)
    assert slide.dimensions == (800, 600)
    for level, expected in enumerate(levels):
        # 100 x 80 px from (60, 40) of each level, asked for in level-0 px.
        factor = 2**level
        place = (60 * factor, 40 * factor, 100 * factor, 80 * factor)
        found = slide.read_region(*place, mpp=0.5 * factor)
        np.testing.assert_array_equal(found, expected[40:120, 60:160])


@pytest.mark.parametrize(("compression", "predictor"), COMPRESSIONS)
def test_white_outside(write_slide, compression, predictor):
    path, levels = write_slide(compression=compression, predictor=predictor)
    slide = open_slide(path)
    found = slide.read_region(-30, 580, 900, 50)
    expected = np.full((50, 900, 3), 255, np.uint8)
    expected[:20, 30:830] = levels[0][580:]
    np.testing.assert_array_equal(found, expected)
    assert (slide.read_region(5000, 5000, 20, 20) == 255).all()


def test_tiles_are_the_regions(write_slide):
    path, levels = write_slide()
    corners = np.array([[0, 0], [128, 64], [760, 560], [-10, 5]])
    tiles = open_slide(path).read_tiles(corners, 64, 64)
    for (x, y), tile in zip(corners, tiles, strict=True):
        np.testing.assert_array_equal(tile, open_slide(path).read_region(x, y, 64, 64))
    np.testing.assert_array_equal(tiles[1], levels[0][64:128, 128:192])
    assert open_slide(path).read_tiles(np.empty((0, 2)), 64, 32).shape == (0, 32, 32, 3)


def test_resampling_keeps_place_and_scale(tmp_path):
    # A horizontal ramp of one grey level per px: the value tells the position.
    ramp = np.repeat(np.tile(np.arange(256, dtype=np.uint8), (64, 1))[..., None], 3, axis=2)
    path = tmp_path / "ramp.png"
    Image.fromarray(ramp).save(path)
    slide = open_slide(path, mpp=1.0)
    found = slide.read_region(40, 8, 120, 48, mpp=3.0)
    assert found.shape == (16, 40, 3)
    centres = 40 + 3 * (np.arange(40) + 0.5) - 0.5
    np.testing.assert_allclose(found[8, 2:-2, 0], centres[2:-2], atol=0.51)


def test_reducing_does_not_alias(tmp_path):
    # A checkerboard of single pixels has no detail at a third of the resolution: even grey.
    board = (np.indices((300, 300)).sum(axis=0) % 2 * 255).astype(np.uint8)
    Image.fromarray(board).convert("RGB").save(tmp_path / "board.png")
    found = open_slide(tmp_path / "board.png", mpp=1.0).read_region(0, 0, 300, 300, mpp=3.1)
    assert np.ptp(found[2:-2, 2:-2].astype(int)) < 40


def test_blocks_join_without_seams(write_slide, monkeypatch):
    path, levels = write_slide(levels=1)
    slide = open_slide(path)
    whole = slide.read_region(0, 0, 800, 600, mpp=1.3)
    monkeypatch.setattr("skinage.slides.slide.BLOCK_PX", 150)
    np.testing.assert_array_equal(slide.read_region(0, 0, 800, 600), levels[0])
    assert np.abs(slide.read_region(0, 0, 800, 600, mpp=1.3).astype(int) - whole).max() <= 12


def test_the_thumbnail_of_a_coarse_slide_is_its_own_scale(write_slide):
    path, levels = write_slide(mpp=4.0)
    slide = open_slide(path)
    np.testing.assert_array_equal(slide.thumbnail(), levels[0])


def test_upsampling_is_refused(write_slide):
    slide = open_slide(write_slide()[0])
    assert slide.read_region(0, 0, 60, 60, mpp=0.4).shape == (75, 75, 3)
    with pytest.raises(SlideError, match=r"slide is 0\.5 um/px, coarser than the 0\.25 um/px"):
        slide.read_region(0, 0, 60, 60, mpp=0.25)


def test_pictures(tmp_path, picture):
    Image.fromarray(picture).save(tmp_path / "a.png")
    with pytest.raises(SlideError, match=r"a\.png: no scale in the file"):
        open_slide(tmp_path / "a.png")
    slide = open_slide(tmp_path / "a.png", mpp=2.0)
    np.testing.assert_array_equal(slide.read_region(0, 0, *slide.dimensions), picture)
    assert slide.reader == "picture"
    alpha = np.dstack([picture, np.zeros(picture.shape[:2], np.uint8)])
    Image.fromarray(alpha).save(tmp_path / "clear.png")
    assert (open_slide(tmp_path / "clear.png", mpp=2.0).thumbnail(64) == 255).all()


@pytest.mark.parametrize("compression", [None, "lzw", "deflate", "jpeg2000"])
@pytest.mark.parametrize("tile", [None, (128, 128)])
@pytest.mark.parametrize(
    ("pixels_of", "found"),
    [
        (lambda rgb: rgb.astype(np.uint16) * 257, "3 channels of 16 bits"),
        (lambda rgb: rgb[..., 0], "1 channel of 8 bits"),
        (lambda rgb: rgb[..., 0].astype(np.uint16), "1 channel of 16 bits"),
    ],
)
def test_pixels_that_are_not_8_bit_rgb_are_refused_for_what_they_are(
    tmp_path, picture, pixels_of, found, compression, tile
):
    path, pixels = tmp_path / "other.tif", pixels_of(picture)
    photometric = "rgb" if pixels.ndim == 3 else "minisblack"
    tifffile.imwrite(path, pixels, tile=tile, compression=compression, photometric=photometric)
    expected = rf"other\.tif: its pixels have {found}; expected 3 channels of 8 bits .* export"
    with pytest.raises(SlideError, match=expected):
        open_slide(path, mpp=1.0)


def test_grey_pictures_are_refused(tmp_path, picture):
    Image.fromarray(picture[..., 0]).save(tmp_path / "grey.png")
    with pytest.raises(
        SlideError, match=r"grey\.png: .*'L', which has one channel; expected 8-bit"
    ):
        open_slide(tmp_path / "grey.png", mpp=1.0)


def test_colours_of_a_palette_are_read_or_refused(tmp_path, picture):
    palette = Image.fromarray(picture).quantize(64)
    palette.save(tmp_path / "palette.png")
    slide = open_slide(tmp_path / "palette.png", mpp=1.0)
    np.testing.assert_array_equal(slide.thumbnail(800), np.asarray(palette.convert("RGB")))
    palette.save(tmp_path / "palette.tif", compression="tiff_lzw")
    with pytest.raises(SlideError, match="1 channel of 8 bits"):  # the numbers are no grey levels
        open_slide(tmp_path / "palette.tif", mpp=1.0)


def test_a_replaced_file_is_read_anew(write_slide, picture):
    path, _ = write_slide(compression=None)
    before = open_slide(path).read_region(0, 0, 50, 50)
    write_slide(compression=None, pixels=255 - picture)
    np.testing.assert_array_equal(open_slide(path).read_region(0, 0, 50, 50), 255 - before)


def test_a_tile_that_cannot_be_decoded_is_an_error_each_time(damaged_slide):
    path, levels = damaged_slide
    slide = open_slide(path)
    assert slide.reader == "cuCIM"
    for _ in range(2):
        with pytest.raises(SlideError, match=r"damaged\.tiff: level 0, x 64 to 164.*JPEG"):
            slide.read_region(64, 64, 100, 100)
        with pytest.raises(SlideError, match=r"level 0, x 0 to 64, y 0 to 64.*JPEG"):
            slide.read_tiles(np.array([[256, 256], [0, 0], [128, 128]]), 64, 64)
    np.testing.assert_array_equal(slide.read_region(128, 0, 100, 100), levels[0][:100, 128:228])


def test_what_is_no_slide(tmp_path):
    with pytest.raises(SlideError, match="no such file"):
        open_slide(tmp_path / "none.svs")
    (tmp_path / "text.svs").write_text("not a slide")
    with pytest.raises(SlideError, match=r"text\.svs: neither a slide nor a picture"):
        open_slide(tmp_path / "text.svs")


def test_aperio_agrees_with_openslide(real):
    path = real("slides/cmu-1-small-region.svs")
    slide = open_slide(path)
    assert (slide.mpp, slide.dimensions, slide.reader) == (0.499, (2220, 2967), "cuCIM")
    reference = openslide.OpenSlide(path)
    expected = np.asarray(reference.read_region((1000, 700), 0, (500, 400)).convert("RGB"))
    np.testing.assert_array_equal(slide.read_region(1000, 700, 500, 400), expected)
    reduced = Image.fromarray(expected).resize((125, 100), Image.Resampling.BOX)
    found = slide.read_region(1000, 700, 500, 400, mpp=4 * 0.499)
    assert np.abs(found.astype(int) - np.asarray(reduced)).mean() < 6


def test_dicom_and_hazards(real):
    slide = open_slide(real("slides/multi_frame_jpeg2000_camelyon_challenge_image.dcm"))
    assert slide.mpp == pytest.approx(28.97, abs=0.01)
    assert slide.thumbnail(2000).shape == (812, 1696, 3)
    with pytest.raises(SlideError, match=r"coarser than the 1\.0 um/px asked"):
        slide.read_region(0, 0, 50, 50, mpp=1.0)
    boxes = open_slide(real("hazards/boxes.tiff"), mpp=1.0)
    assert (boxes.reader, boxes.thumbnail().shape) == ("OpenSlide", (250, 300, 3))
    with pytest.raises(SlideError, match="no scale"):  # 352 um per px: a printer's resolution
        open_slide(real("hazards/boxes.tiff"))
    with pytest.raises(SlideError, match="neither a slide nor a picture"):
        open_slide(real("hazards/broken.svs"))
    skin = real("skin/skin.tif")
    region = open_slide(skin, mpp=1.0).read_region(100, 200, 300, 250)
    np.testing.assert_array_equal(region, tifffile.imread(skin)[200:450, 100:400])


@pytest.mark.slow
def test_torch_first_does_not_hang(write_slide):
    path, _ = write_slide()
    code = f"import torch; import skinage.slides.slide as s; print(s.open_slide({path!r}).reader)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=100, check=False
    )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "cuCIM", "")
