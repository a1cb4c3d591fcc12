import contextlib
import io

import numpy as np
import pytest
from PIL import Image

from skinage.errors import SlideError
from skinage.slides.integrity.jpeg import check_header, header_length

SIZE = (64, 48)


@pytest.fixture
def header(picture):
    """The header of a JPEG in YCbCr, colour at half resolution."""
    buffer = io.BytesIO()
    Image.fromarray(picture[:48, :64]).save(buffer, "jpeg", quality=80)
    data = buffer.getvalue()
    return data[: header_length(data)]


def test_the_header_ends_where_the_pixels_begin(header):
    assert header[-14:] == b"\xff\xda\0\x0c\3\1\0\2\x11\3\x11\0\x3f\0"
    check_header(header, b"", SIZE, is_rgb=False)


def test_tables_may_be_shared(header):
    start, frame = header.index(b"\xff\xdb"), header.index(b"\xff\xc0")
    tables = b"\xff\xd8" + header[start:frame] + b"\xff\xd9"
    check_header(header[:start] + header[frame:], tables, SIZE, is_rgb=False)
    with pytest.raises(SlideError, match="without the quantisation tables"):
        check_header(header[:start] + header[frame:], b"", SIZE, is_rgb=False)


@pytest.mark.parametrize(
    ("marker", "place", "value", "reason"),
    [
        (b"\xff\xc0", 6, 40, r"64 x 40 px in a tile of 64 x 48"),
        (b"\xff\xc0", 4, 12, "components of 12 bits"),
        (b"\xff\xc0", 9, 1, "frame header of impossible length"),
        (b"\xff\xc0", 11, 0x33, "impossible sampling 3 x 3"),
        (b"\xff\xc0", 13, 1, r"components are named \[1, 1, 3\]"),
        (b"\xff\xc0", 12, 3, "without the quantisation tables"),
        (b"\xff\xc0", 1, 0xC2, "0 frame headers"),
        (b"\xff\xdb", 10, 0, "impossible quantisation table"),
        (b"\xff\xc4", 6, 200, "impossible Huffman table"),
        (b"\xff\xc4", 24, 12, "impossible Huffman table"),
        (b"\xff\xda", 6, 0x33, "lacks its Huffman tables"),
        (b"\xff\xda", 5, 9, "not of the three components"),
        (b"\xff\xd8", 0, 0, "not a JPEG: it starts with 00 d8"),
    ],
)
def test_what_does_not_fit_is_named(header, marker, place, value, reason):
    changed = bytearray(header)
    changed[header.index(marker) + place] = value
    with pytest.raises(SlideError, match=reason):
        check_header(bytes(changed), b"", SIZE, is_rgb=False)


def test_colours_agree_with_the_tags(header):
    full = bytearray(header)
    full[header.index(b"\xff\xc0") + 11] = 0x11
    check_header(bytes(full), b"", SIZE, is_rgb=False)
    with pytest.raises(SlideError, match="in YCbCr; the tags say RGB"):
        check_header(bytes(full), b"", SIZE, is_rgb=True)
    adobe = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\0"
    rgb = bytes(full[:2]) + adobe + bytes(full[2:])
    check_header(rgb, b"", SIZE, is_rgb=True)
    with pytest.raises(SlideError, match="in RGB; the tags say YCbCr"):
        check_header(rgb, b"", SIZE, is_rgb=False)


def test_no_byte_of_a_header_makes_another_kind_of_error(header):
    rng = np.random.default_rng(0)
    for place in range(len(header)):
        changed = bytearray(header)
        changed[place] ^= int(rng.integers(1, 256))
        with contextlib.suppress(SlideError):
            check_header(bytes(changed), b"", SIZE, is_rgb=False)
