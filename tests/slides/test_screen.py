import os

import pytest
import tifffile

from skinage.errors import SlideError
from skinage.slides.screen import which_reader


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


@pytest.mark.parametrize("name", ["SLIDE.TIF", "slide.btf", "slide.SVS"])
def test_suffixes_that_cucim_does_not_know_go_to_openslide(write_slide, name):
    assert which_reader(write_slide(name)[0])[0] == "OpenSlide"


def test_levels_of_different_shape_are_not_a_pyramid(tmp_path, picture):
    path = tmp_path / "two.tiff"
    with tifffile.TiffWriter(path) as writer:
        for pixels in (picture, picture[:200]):
            writer.write(pixels, tile=(128, 128), photometric="rgb", metadata=None)
    assert which_reader(str(path)) == (
        "OpenSlide",
        "tiled images that are not levels of one pyramid, which cuCIM cannot be trusted with",
    )


def test_empty_tiles_are_left_to_openslide(write_slide):
    path, _ = write_slide()
    with tifffile.TiffFile(path, mode="r+b") as file:
        counts = list(file.pages[0].databytecounts)
        file.pages[0].tags["TileByteCounts"].overwrite([0, *counts[1:]])
    assert "empty tiles" in which_reader(path)[1]


def test_missing_bytes_are_named(write_slide):
    path, _ = write_slide()
    with tifffile.TiffFile(path) as file:
        offset = file.pages[2].dataoffsets[-1]
    # The directories lie before the pixels, as in a file that was only half copied.
    os.truncate(path, offset + 5)
    with pytest.raises(SlideError, match=r"1 of 4 image tiles of level 2 .* incomplete"):
        which_reader(path)


def test_real_files(real):
    assert which_reader(real("slides/cmu-1-small-region.svs"))[0] == "cuCIM"
    assert which_reader(real("hazards/boxes.tiff"))[0] == "OpenSlide"
    dicom = "slides/multi_frame_jpeg2000_camelyon_challenge_image.dcm"
    assert which_reader(real(dicom)) == ("OpenSlide", "dicom, which cuCIM does not read")
    assert which_reader(real("skin/skin.tif"))[0] == "picture"
