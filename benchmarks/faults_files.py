"""Damaged slides for `faults.py`: intact ones of every compression, and what happens to files."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

APERIO = "Aperio Image Library v12.0.15\n600x500 [0,0 600x500] (128x128) {}|AppMag = 20|MPP = 0.5"
KINDS: dict[str, dict[str, object]] = {
    "jpeg.tiff": {"compression": "jpeg"},
    "jpeg_full_colour.tiff": {"compression": "jpeg", "subsampling": (1, 1)},
    "jpeg_rgb.svs": {"compression": "jpeg", "compressionargs": {"outcolorspace": "rgb"}},
    "jpeg2000.svs": {"compression": "aperio_jp2000_rgb"},
    "lzw.tiff": {"compression": "lzw"},
    "lzw_predictor.tiff": {"compression": "lzw", "predictor": 2},
    "deflate.tiff": {"compression": "deflate"},
    "deflate_predictor.tiff": {"compression": "deflate", "predictor": 2},
    "none.tiff": {"compression": None},
    "jpeg_big.tiff": {"compression": "jpeg", "big": True},
    "lzw_big.tiff": {"compression": "lzw", "predictor": 2, "big": True},
}
"""The slides that are made, and how tifffile writes them."""
STRIPS = ("strips_jpeg.tiff", "strips_deflate.tiff", "strips_none.tiff")
PICTURES = ("picture.png", "picture.jpg")
SIZE, TILE_PX, N_LEVELS, MPP = (600, 500), 128, 3, 0.5
RUNS = (1, 4, 16, 64)
Bytes = bytearray
Damage = Callable[[Bytes, "Map", np.random.Generator], None]


@dataclass(frozen=True)
class Map:
    """Where things lie in a TIFF: (start, length) of tag tables, and of the tiles by level."""

    tables: list[tuple[int, int]]
    tiles: list[list[tuple[int, int]]]
    tags: list[dict[str, tuple[int, str]]]


def write_slide(path: Path, order: tuple[int, ...] = (0, 1, 2), strips: bool = False) -> None:
    """Write one of ``KINDS`` (by its name's end), with its levels in any order."""
    how = dict(KINDS[path.name.split("-")[-1].removeprefix("strips_")])
    layout = {"rowsperstrip": 64} if strips else {"tile": (TILE_PX, TILE_PX)}
    description = None
    if path.suffix == ".svs":
        description = APERIO.format("J2K/RGB Q=70" if "2000" in path.name else "JPEG/RGB Q=70")
    with tifffile.TiffWriter(path, bigtiff=bool(how.pop("big", False))) as writer:
        for level in order:
            writer.write(
                _picture(level),
                photometric="rgb",
                subfiletype=int(level > 0),
                resolution=(1e4 / MPP / 2**level,) * 2,
                resolutionunit="CENTIMETER",
                description=description,
                software=False,
                metadata=None,
                **layout,
                **how,
            )


def _picture(level: int) -> NDArray[np.uint8]:
    noise = np.random.default_rng(0).random((SIZE[1], SIZE[0], 3))
    smooth = ndimage.gaussian_filter(noise, (6, 6, 0))
    image = Image.fromarray(((smooth - smooth.min()) / np.ptp(smooth) * 255).astype(np.uint8))
    size = (SIZE[0] >> level, SIZE[1] >> level)
    return np.asarray(image.resize(size, Image.Resampling.BILINEAR))


def map_of(path: Path) -> Map:
    """Find the tag tables and the tiles (or strips) of an intact file."""
    if path.suffix not in (".svs", ".tiff"):
        return Map([(0, 200)], [[(200, path.stat().st_size - 200)]], [])
    tables, tiles, tags = [], [], []
    with tifffile.TiffFile(path) as file:
        head, entry, tail = (8, 20, 8) if file.is_bigtiff else (2, 12, 4)
        for page in file.pages:
            tables.append((page.offset, head + entry * len(page.tags) + tail))
            long = [tag for tag in page.tags if tag.valueoffset > tag.offset + entry]
            # Text is long and mostly without effect: it gets a share of its own.
            tables += [(t.valueoffset, t.valuebytecount) for t in long if t.code != 270]
            if page.is_tiled or len(file.pages) == 1:
                tiles.append(list(zip(page.dataoffsets, page.databytecounts, strict=True)))
                tags.append({tag.name: (tag.valueoffset, tag.dtype.name) for tag in page.tags})
    return Map(tables, tiles, tags)


def _flip(data: Bytes, start: int, end: int, rng: np.random.Generator) -> None:
    length = min(int(rng.choice(RUNS)), end - start)
    first = int(rng.integers(start, end - length + 1))
    noise = rng.integers(1, 256, length)
    data[first : first + length] = bytes(
        np.bitwise_xor(data[first : first + length], noise).astype(np.uint8)
    )


def truncated(data: Bytes, file: Map, rng: np.random.Generator) -> None:
    """Cut the file, anywhere or just before its end."""
    end = (
        int(rng.integers(1, len(data)))
        if rng.random() < 0.7
        else len(data) - int(rng.integers(1, 200))
    )
    del data[end:]


def header_flipped(data: Bytes, file: Map, rng: np.random.Generator) -> None:
    """Change bytes among the first 16."""
    _flip(data, 0, 16, rng)


def table_flipped(data: Bytes, file: Map, rng: np.random.Generator) -> None:
    """Change bytes of a tag table or of what it points at."""
    start, length = file.tables[rng.integers(len(file.tables))]
    _flip(data, start, start + length, rng)


def tile_flipped(data: Bytes, file: Map, rng: np.random.Generator) -> None:
    """Change bytes of a tile."""
    start, length = _some_tile(file, rng)
    _flip(data, start, start + length, rng)


def tile_head_flipped(data: Bytes, file: Map, rng: np.random.Generator) -> None:
    """Change bytes among the first 40 of a tile."""
    start, length = _some_tile(file, rng)
    _flip(data, start, start + min(length, 40), rng)


def tile_zeroed(data: Bytes, file: Map, rng: np.random.Generator) -> None:
    """Zero the end of a tile."""
    start, length = _some_tile(file, rng)
    first = int(rng.integers(length))
    data[start + first : start + length] = bytes(length - first)


def hole(data: Bytes, file: Map, rng: np.random.Generator) -> None:
    """Lose a block of a disk, a copy or a download: zeros."""
    start = int(rng.integers(len(data) // 512)) * 512
    data[start : start + 512] = bytes(len(data[start : start + 512]))


def tile_empty(data: Bytes, file: Map, rng: np.random.Generator) -> None:
    """Set the length of a tile to 0."""
    level = int(rng.integers(len(file.tiles)))
    _set_entry(data, file, level, "TileByteCounts", int(rng.integers(len(file.tiles[level]))), 0)


def tile_replaced(data: Bytes, file: Map, rng: np.random.Generator) -> None:
    """Copy another tile's bytes over a tile's, in place."""
    level = int(rng.integers(len(file.tiles)))
    one, other = rng.choice(len(file.tiles[level]), 2, replace=False)
    (to, room), (start, length) = file.tiles[level][one], file.tiles[level][other]
    length = min(room, length)
    data[to : to + length] = data[start : start + length]


def tile_pointed_elsewhere(data: Bytes, file: Map, rng: np.random.Generator) -> None:
    """Let the tables give a tile the place and length of another."""
    level = int(rng.integers(len(file.tiles)))
    one, other = (int(tile) for tile in rng.choice(len(file.tiles[level]), 2, replace=False))
    _set_entry(data, file, level, "TileOffsets", one, file.tiles[level][other][0])
    _set_entry(data, file, level, "TileByteCounts", one, file.tiles[level][other][1])


def predictor_changed(data: Bytes, file: Map, rng: np.random.Generator) -> None:
    """Change the tag Predictor, or Compression where there is none."""
    level = int(rng.integers(len(file.tiles)))
    place = file.tags[level].get("Predictor")
    if place is None:  # compression is the tag before: any uncommon number will do
        place = file.tags[level]["Compression"]
        data[place[0]] = int(rng.choice([1, 5, 7, 8]))
    else:
        data[place[0]] = 3 - data[place[0]]


def frame_changed(data: Bytes, file: Map, rng: np.random.Generator) -> None:
    """Change the size, a component, its sampling or its table in a JPEG's frame header."""
    start, length = _some_tile(file, rng)
    frame = data.find(b"\xff\xc0", start, start + length)
    frame = frame if frame >= 0 else start  # JPEG 2000: its first marker
    place = frame + int(rng.integers(5, 19))
    data[place] ^= int(rng.choice([1, 2, 16, 24, 64, 128]))


def _some_tile(file: Map, rng: np.random.Generator) -> tuple[int, int]:
    tiles = file.tiles[rng.integers(len(file.tiles))]
    return tiles[rng.integers(len(tiles))]


def _set_entry(data: Bytes, file: Map, level: int, name: str, tile: int, value: int) -> None:
    start, dtype = file.tags[level][name]
    length = {"SHORT": 2, "LONG": 4, "LONG8": 8}[dtype]
    data[start + tile * length : start + (tile + 1) * length] = value.to_bytes(length, "little")


DAMAGES: dict[str, tuple[Damage, int]] = {
    "truncated anywhere": (truncated, 7),
    "bytes flipped in the header": (header_flipped, 5),
    "bytes flipped in tag tables": (table_flipped, 14),
    "bytes flipped in tile data": (tile_flipped, 14),
    "bytes flipped at the start of a tile": (tile_head_flipped, 4),
    "end of a tile zeroed": (tile_zeroed, 2),
    "block of 512 bytes zeroed, anywhere": (hole, 3),
    "tile of length zero": (tile_empty, 2),
    "tile overwritten by another's bytes": (tile_replaced, 2),
    "tile pointed at another's bytes": (tile_pointed_elsewhere, 2),
    "predictor or compression tag changed": (predictor_changed, 2),
    "JPEG frame header changed": (frame_changed, 4),
}
"""What happens to files, and how often to each of them."""
SHRINKING = "file that shrinks while it is read"


def damaged_files(folder: Path, real: Path | None, seed: int) -> Iterator[tuple[str, str, Path]]:
    """Write all files; yield what was done, the name of the intact file, and the damaged one."""
    intact = [folder / name for name in KINDS]
    for path in intact:
        write_slide(path)
    for name in STRIPS:
        intact.append(folder / name)
        write_slide(intact[-1], order=(0,), strips=True)
    for name in PICTURES:
        intact.append(folder / name)
        Image.fromarray(_picture(0)).save(intact[-1], quality=90)
    if real is not None:
        intact.append(folder / "real.svs")
        shutil.copy(real, intact[-1])
    for path in intact:
        yield from _intact(path)
        data, file = path.read_bytes(), map_of(path)
        rng = np.random.default_rng([seed, *path.name.encode()])
        for kind, (damage, times) in DAMAGES.items():
            if not _possible(kind, path.name):
                continue
            for number in range(times):
                changed = Bytes(data)
                damage(changed, file, rng)
                made = folder / f"{kind.replace(' ', '_')}_{number}-{path.name}"
                made.write_bytes(changed)
                yield kind, path.name, made


def _possible(kind: str, name: str) -> bool:
    if name in PICTURES:
        return kind.startswith(("truncated", "bytes", "end", "block"))
    if kind.startswith("JPEG"):
        return "jpeg" in name or "real" in name
    return not (name in STRIPS and "tile " in kind)


def _intact(path: Path) -> Iterator[tuple[str, str, Path]]:
    yield "nothing (intact)", path.name, path
    copy = path.with_name(f"shrinks-{path.name}")
    shutil.copy(path, copy)
    yield SHRINKING, path.name, copy
    if path.name not in KINDS:
        return
    for order in ((2, 1, 0), (1, 0, 2), (0, 2, 1)):
        mixed = path.with_name(f"order_{order[0]}{order[1]}{order[2]}-{path.name}")
        write_slide(mixed, order)
        yield "levels in the wrong order", mixed.name, mixed
    striped = path.with_name(f"strips-{path.name}")
    write_slide(striped, strips=True)
    yield "strips instead of tiles", striped.name, striped
