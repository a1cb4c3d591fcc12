"""What the reader process must notice by itself; each hook stands for a file that misbehaves."""

from contextlib import closing

import numpy as np
import pytest
import tifffile

from skinage.errors import SlideError
from skinage.slides.reading.reader import Reader
from skinage.slides.slide import open_slide

HOOK = """
import os, sys; sys.path[:] = {path!r}
import skinage.slides.reading.server as server
%s
server.serve{arguments}"""
CHANGED = """
read = server.read_resampled
def read_resampled(slide, level, corners, extent, pixels):
    read(slide, level, corners, extent, pixels)
    os.utime(%r)
server.read_resampled = read_resampled
"""
OPENSLIDE_ALONE = """
from skinage.slides.integrity.encoded import EncodedTiles
EncodedTiles.check = lambda *_: None
server.which_reader = lambda path: ("OpenSlide", "asked for")
"""


def request(path, x, y):
    return {
        "path": path,
        "corners": np.array([[x, y]], float),
        "extent": (64.0, 64.0),
        "size": (64, 64),
        "offset": 0,
    }


def test_a_file_that_changes_while_it_is_read_is_not_trusted(write_slide, monkeypatch):
    path, _ = write_slide()
    monkeypatch.setattr("skinage.slides.reading.process.START", HOOK % (CHANGED % path))
    with (
        closing(Reader()) as reader,
        pytest.raises(SlideError, match=r"level 0, x 0 to 64, .* was changed"),
    ):
        reader.read(request(path, 0, 0))


def test_openslide_reads_on_after_an_error(write_slide, damage, monkeypatch):
    path, levels = write_slide()
    damage(path, b"\0")
    monkeypatch.setattr("skinage.slides.reading.process.START", HOOK % OPENSLIDE_ALONE)
    with closing(Reader()) as reader:
        for _ in range(2):
            with pytest.raises(SlideError, match="level 0, x 0 to 64"):
                reader.read(request(path, 0, 0))
            found = reader.read(request(path, 256, 128))[0]
            np.testing.assert_array_equal(found, levels[0][128:192, 256:320])


@pytest.mark.parametrize(("predictor", "reader"), [(None, "cuCIM"), (2, "OpenSlide")])
def test_tiles_are_looked_at_before_they_are_decoded(write_slide, predictor, reader):
    """A checksum that is wrong: OpenSlide gives pixels all the same."""
    path, levels = write_slide(compression="deflate", predictor=predictor)
    with tifffile.TiffFile(path) as file:
        end = file.pages[0].dataoffsets[0] + file.pages[0].databytecounts[0]
    with open(path, "r+b") as file:
        file.seek(end - 4)
        file.write(b"\1\2\3\4")
    slide = open_slide(path)
    assert slide.reader == reader
    with pytest.raises(
        SlideError, match=r"tile 0 at 0, 0 px of the level: its .* data are damaged"
    ):
        slide.read_region(10, 10, 50, 50)
    found = slide.read_region(256, 128, 64, 64)
    np.testing.assert_array_equal(found, levels[0][128:192, 256:320])
