"""What files come in: every name, every format that can be made here, by either reader."""

import tempfile
from contextlib import closing
from pathlib import Path

import numpy as np
import openslide
import pytest

from skinage.slides.reading.reader import Reader
from skinage.slides.slide import open_slide

APERIO = "Aperio Image Library v11.2.1\r\n800x600 (128x128) J2K/KDU Q=70|AppMag = 20|MPP = 0.4990"


@pytest.mark.parametrize("name", ["A.TIFF", "a.Tif", "a.btf", "a", "a.b.c.TIF"])
def test_names_do_not_matter(write_slide, name):
    path, levels = write_slide(name)
    slide = open_slide(path)
    assert slide.reader == "cuCIM"
    np.testing.assert_array_equal(slide.read_region(60, 40, 300, 200), levels[0][40:240, 60:360])
    assert not [*Path(tempfile.gettempdir()).glob("skinage-*/slide.tif")]


@pytest.mark.parametrize(
    ("name", "how", "mpp"),
    [
        ("big.tif", {"bigtiff": True}, 0.5),
        ("aperio.svs", {"description": APERIO}, 0.499),
        ("J2K.SVS", {"description": APERIO, "compression": "aperio_jp2000_rgb"}, 0.499),
        ("full_colour.tif", {"compressionargs": {"subsampling": "444"}}, 0.5),
        ("grain.tif", {"tile": (240, 208)}, 0.5),
    ],
)
def test_flavours_of_tiff(write_slide, name, how, mpp):
    path, levels = write_slide(name, **how)
    slide = open_slide(path)
    assert (slide.reader, slide.mpp) == ("cuCIM", pytest.approx(mpp))
    for level, expected in enumerate(levels):
        place = [value * 2**level for value in (30, 20, 100, 80)]
        found = slide.read_region(*place, mpp=slide.mpp * 2**level)
        np.testing.assert_array_equal(found, expected[20:100, 30:130])


def test_philips(write_slide, picture):
    representations = "".join(
        f"""<DataObject ObjectType="PixelDataRepresentation">
        <Attribute Name="DICOM_PIXEL_SPACING" Group="0x0028" Element="0x0030"
          PMSVR="IDoubleArray">&quot;{0.00025 * 2**k}&quot; &quot;{0.00025 * 2**k}&quot;</Attribute>
        <Attribute Name="PIIM_PIXEL_DATA_REPRESENTATION_NUMBER" Group="0x301D" Element="0x1013"
          PMSVR="IUInt16">{k}</Attribute></DataObject>"""
        for k in range(3)
    )
    description = f"""<?xml version="1.0" encoding="UTF-8" ?><DataObject ObjectType="DPUfsImport">
        <Attribute Name="PIM_DP_SCANNED_IMAGES" Group="0x301D" Element="0x1003"
        PMSVR="IDataObjectArray"><Array><DataObject ObjectType="DPScannedImage">
        <Attribute Name="DICOM_PIXEL_SPACING" Group="0x0028" Element="0x0030"
        PMSVR="IDoubleArray">&quot;0.00025&quot; &quot;0.00025&quot;</Attribute>
        <Attribute Name="PIM_DP_IMAGE_TYPE" Group="0x301D" Element="0x1004"
        PMSVR="IString">WSI</Attribute>
        <Attribute Name="PIIM_PIXEL_DATA_REPRESENTATION_SEQUENCE" Group="0x301D" Element="0x1013"
        PMSVR="IDataObjectArray"><Array>{representations}</Array></Attribute>
        </DataObject></Array></Attribute></DataObject>"""
    # Philips fills its levels up to whole tiles, so the sizes of levels are no measure of scale.
    padded = [
        np.pad(part, [(0, -side % 128) for side in part.shape[:2]] + [(0, 0)], constant_values=255)
        for part in (picture[:: 2**k, :: 2**k] for k in range(3))
    ]
    path, levels = write_slide(
        pixels=padded, description=description, software="Philips DP v1.0", resolution=None
    )
    slide = open_slide(path)
    assert (slide.vendor, slide.reader, slide.mpp) == ("philips", "cuCIM", 0.25)
    assert slide.downsamples == (1, 2, 4)
    for level, expected in enumerate(levels):
        place = [value * 2**level for value in (30, 20, 100, 80)]
        found = slide.read_region(*place, mpp=0.25 * 2**level)
        np.testing.assert_array_equal(found, expected[20:100, 30:130])


OTHER_READER = """
import sys; sys.path[:] = {path!r}
import skinage.slides.reading.server as server
server.which_reader = lambda path: ("OpenSlide", "asked for")
server.serve{arguments}"""


@pytest.fixture
def read_by_both(monkeypatch):
    """Read the same tiles by cuCIM and by OpenSlide, each in a process of its own."""
    with closing(Reader()) as fast, closing(Reader()) as slow:

        def read(path, corners, scale):
            request = {
                "path": path,
                "corners": corners,
                "extent": (48 * scale, 48 * scale),
                "size": (48, 48),
                "offset": 0,
            }
            with monkeypatch.context() as context:
                context.setattr("skinage.slides.reading.process.START", OTHER_READER)
                expected = slow.read(request)
            assert fast.header_of(path)["reader"] == "cuCIM"
            assert slow.header_of(path)["reader"] == "OpenSlide"
            return fast.read(request), expected

        yield read


@pytest.mark.parametrize("compression", ["jpeg", "lzw", "deflate"])
def test_two_readers_see_the_same(write_slide, picture, read_by_both, compression):
    # Odd sides, so that the downsamples that the readers compute are no whole numbers.
    path, _ = write_slide(pixels=picture[:591, :787], compression=compression)
    assert open_slide(path).downsamples == (1, 2, 4)
    assert openslide.OpenSlide(path).level_downsamples[1] != 2
    random = np.random.default_rng(0)
    for level, scale in [(0, 1.0), (0, 1.7), (1, 2.0), (1, 3.3), (2, 4.0), (2, 7.1)]:
        reach = (-60, 760) if level == 0 else (0, 350)  # over the edge, or within the slide
        fast, slow = read_by_both(path, random.uniform(*reach, (20, 2)), scale)
        difference = np.abs(fast.astype(int) - slow)
        # OpenSlide meets a pixel of a lower level to within half a level-0 px, and interpolates.
        assert difference.max() <= (0 if level == 0 else 16)
        assert difference.mean() <= (0 if level == 0 else 2)


def test_real_readers_agree(real, read_by_both):
    path = real("slides/cmu-1-small-region.svs")
    corners = np.random.default_rng(0).uniform(-100, 2900, (40, 2))
    for scale in (1.0, 1.6, 3.0):
        np.testing.assert_array_equal(*read_by_both(path, corners, scale))
