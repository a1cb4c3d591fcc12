"""The header of a JPEG, compared with the tile that holds it.

A decoder makes pixels of any size and colour that a header asks for; cuCIM writes them beyond the
end of its memory.
"""

import struct
from collections.abc import Callable, Iterator

from skinage.errors import SlideError

TABLES_Q, TABLES_H, SCAN, ADOBE = 0xDB, 0xC4, 0xDA, 0xEE
FRAMES = (0xC0, 0xC1)
SAMPLINGS = (0x11, 0x12, 0x21, 0x22, 0x41)
"""Sampling of YCbCr, across and down; the tag YCbCrSubSampling is often wrong and not used."""
Segment = tuple[int, bytes]


def header_length(data: bytes) -> int:
    """Return how many bytes of a JPEG lie before its compressed pixels.

    Raises
    ------
    SlideError
        If there are no compressed pixels behind a chain of markers.
    """
    length = 2
    for marker, body in _segments(data):
        length += 4 + len(body)
        if marker == SCAN:
            return length
    raise SlideError("a JPEG without pixels")


def check_header(header: bytes, tables: bytes, size: tuple[int, int], is_rgb: bool) -> None:
    """Compare the header of a tile's JPEG with the tags of its level.

    Parameters
    ----------
    header
        From the start of image to the start of the compressed pixels.
    tables
        The tag JPEGTables: a JPEG that holds only tables; empty if there is none.
    size
        Width and height of a tile in px.
    is_rgb
        Whether the tags say that pixels are RGB, not YCbCr.

    Raises
    ------
    SlideError
        If they differ, or the header contradicts itself.
    """
    shared = list(_segments(tables[:-2])) if tables else []
    segments = [*shared, *_segments(header)]
    frames = [body for marker, body in segments if marker in FRAMES]
    if len(frames) != 1:
        raise SlideError(f"a JPEG with {len(frames)} frame headers, expected 1")
    components = _components(frames[0], size)
    _check_colour(components, is_rgb, segments)
    quantisers = _tables(segments, TABLES_Q, _quantiser_length)
    coders = _tables(segments, TABLES_H, _coder_length)
    if not {quantiser for _, _, quantiser in components} <= quantisers:
        raise SlideError("a JPEG without the quantisation tables that it uses")
    _check_scan(segments[-1], [component for component, _, _ in components], coders)


def _segments(data: bytes) -> Iterator[Segment]:
    if data[:2] != b"\xff\xd8":
        raise SlideError(f"not a JPEG: it starts with {data[:2].hex(' ') or 'nothing'}")
    place = 2
    while place < len(data):
        if place + 4 > len(data) or data[place] != 0xFF:
            raise SlideError(f"no JPEG marker at byte {place}, where one is expected")
        marker, length = data[place + 1], struct.unpack_from(">H", data, place + 2)[0]
        body = data[place + 4 : place + 2 + length]
        if length < 2 or len(body) != length - 2 or marker < 0xC0:
            raise SlideError(f"JPEG marker {marker:#x} of impossible length {length}")
        yield marker, body
        place += 2 + length
        if marker == SCAN:
            return


def _components(frame: bytes, size: tuple[int, int]) -> list[tuple[int, int, int]]:
    """Read the frame header: identity, sampling and quantisation table of each component."""
    if len(frame) < 6 or len(frame) != 6 + 3 * frame[5]:
        raise SlideError("a JPEG frame header of impossible length")
    bits, height, width, n_components = struct.unpack(">BHHB", frame[:6])
    if (width, height) != size:
        raise SlideError(f"a JPEG of {width} x {height} px in a tile of {size[0]} x {size[1]} px")
    if (bits, n_components) != (8, 3):
        raise SlideError(f"a JPEG of {n_components} components of {bits} bits, expected 3 of 8")
    return [(frame[i], frame[i + 1], frame[i + 2]) for i in (6, 9, 12)]


def _check_colour(
    components: list[tuple[int, int, int]], is_rgb: bool, segments: list[Segment]
) -> None:
    sampling, *others = [factors for _, factors, _ in components]
    if others != [0x11, 0x11] or sampling not in (SAMPLINGS[:1] if is_rgb else SAMPLINGS):
        found = ", ".join(f"{factors >> 4} x {factors & 15}" for factors in (sampling, *others))
        raise SlideError(f"a JPEG of impossible sampling {found}")
    names = bytes(component for component, _, _ in components)
    if len(set(names)) != 3:
        raise SlideError(f"a JPEG whose components are named {list(names)}")
    transforms = [body[11] for m, body in segments if m == ADOBE and body[:5] == b"Adobe"]
    says_rgb = names == b"RGB" or 0 in transforms
    says_ycbcr = (names == b"\1\2\3" and 0 not in transforms) or 1 in transforms
    if says_ycbcr if is_rgb else says_rgb:
        stated, tagged = ("RGB", "YCbCr") if says_rgb else ("YCbCr", "RGB")
        raise SlideError(f"a JPEG in {stated}; the tags say {tagged}")


def _tables(segments: list[Segment], kind: int, length_of: Callable[[bytes], int]) -> set[int]:
    """Read tables that follow each other in segments of a kind; return their identities."""
    found = set()
    for body in (body for marker, body in segments if marker == kind):
        while body:
            length = length_of(body)
            found.add(body[0])
            body = body[length:]
    return found


def _quantiser_length(body: bytes) -> int:
    length = 1 + (128 if body[0] >> 4 else 64)
    # A step of 0 is none; tables of 16-bit steps are not for 8-bit pixels.
    if len(body) < length or body[0] > 3 or 0 in body[1:length]:
        raise SlideError("a JPEG with an impossible quantisation table")
    return length


def _coder_length(body: bytes) -> int:
    """Check a Huffman table: 0 to 3 for means (DC), 16 to 19 for patterns (AC)."""
    counts, length = body[1:17], 17 + sum(body[1:17])
    if body[0] & 0xEC or not _is_code(counts, body[17:length], patterns=bool(body[0] >> 4)):
        raise SlideError("a JPEG with an impossible Huffman table")
    return length


def _is_code(counts: bytes, symbols: bytes, patterns: bool) -> bool:
    room = sum(count << 16 - length for length, count in enumerate(counts, start=1))
    most = 10 if patterns else 11  # bits of the largest number in 8-bit pixels
    possible = all(
        symbol & 15 <= most and (symbol & 15 or symbol in (0, 0xF0) if patterns else symbol < 16)
        for symbol in symbols
    )
    complete = len(counts) == 16 and len(symbols) == sum(counts) == len(set(symbols))
    return complete and possible and 0 <= room < 1 << 16


def _check_scan(segment: Segment, names: list[int], coders: set[int]) -> None:
    marker, body = segment
    if marker != SCAN or len(body) != 10 or body[0] != 3 or list(body[1:7:2]) != names:
        raise SlideError("a JPEG whose scan is not of the three components of its frame")
    used = {coder for tables in body[2:7:2] for coder in (tables >> 4, 16 + (tables & 15))}
    if not used <= coders or body[7:] != b"\0\x3f\0":
        raise SlideError("a JPEG whose scan lacks its Huffman tables or coefficients")
