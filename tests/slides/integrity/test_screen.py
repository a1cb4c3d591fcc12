import pytest
import tifffile

from skinage.errors import SlideError
from skinage.slides.integrity.screen import which_reader


@pytest.mark.parametrize(
    ("compression", "predictor", "reader"),
    [
        ("jpeg", None, "cuCIM"),
        ("lzw", None, "cuCIM"),
        ("lzw", 2, "cuCIM"),
        ("deflate", None, "cuCIM"),
        (None, None, "cuCIM"),
        ("deflate", 2, "OpenSlide"),
    ],
)
def test_cucim_gets_what_it_can_read_and_nothing_else(write_slide, compression, predictor, reader):
    path, _ = write_slide(compression=compression, predictor=predictor)
    found, reason = which_reader(path)
    assert found == reader
    assert ("predictor 2" in reason) == (reader == "OpenSlide")


def test_jpeg_2000_of_the_tiff_standard_is_left_to_tifffile(write_slide):
    assert which_reader(write_slide(compression="jpeg2000")[0])[0] == "tifffile"


def test_levels_of_different_shape_are_refused(tmp_path, picture):
    path = tmp_path / "two.tiff"
    with tifffile.TiffWriter(path) as writer:
        for pixels in (picture, picture[:200]):
            writer.write(pixels, tile=(128, 128), photometric="rgb", metadata=None)
    with pytest.raises(
        SlideError, match="level 1 is 800 x 200 px, level 0 is 800 x 600: not a red"
    ):
        which_reader(str(path))


def test_tiles_that_were_never_scanned_are_left_to_openslide(write_slide):
    path, _ = write_slide()
    with tifffile.TiffFile(path, mode="r+b") as file:
        for name in ("TileOffsets", "TileByteCounts"):
            tag = file.pages[0].tags[name]
            tag.overwrite([0, *tag.value[1:]])
    assert "empty tiles" in which_reader(path)[1]


def test_tables_that_make_no_sense_are_refused_in_words(write_slide):
    path, _ = write_slide()
    with tifffile.TiffFile(path) as file:
        place = file.pages[0].offset
    with open(path, "r+b") as file:
        file.seek(place)
        file.write(b"\xff\xff")
    with pytest.raises(SlideError, match=r"damaged, copy"):
        which_reader(path)


def test_real_files(real):
    assert which_reader(real("slides/cmu-1-small-region.svs"))[0] == "cuCIM"
    assert which_reader(real("hazards/boxes.tiff"))[0] == "OpenSlide"
    dicom = "slides/multi_frame_jpeg2000_camelyon_challenge_image.dcm"
    assert which_reader(real(dicom)) == ("OpenSlide", "dicom, which cuCIM does not read")
    assert which_reader(real("skin/skin.tif"))[0] == "picture"
