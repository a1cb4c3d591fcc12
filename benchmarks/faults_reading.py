"""The consumer of `faults.py`: reads damaged files as an analysis does, and compares."""

import json
import os
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import tifffile
from faults_files import SHRINKING, TILE_PX
from numpy.typing import NDArray
from PIL import Image

SCALES = (1, 2, 4)
CHUNK = 40
LOSSY_TOLERANCE = 3
"""Grey levels by which two JPEG decoders may differ; other compressions must agree exactly."""
Record = dict[str, Any]
Pixels = NDArray[np.uint8]


class Intact:
    """What tifffile reads from an intact file: pixels at each scale."""

    def __init__(self, path: str) -> None:
        if path.endswith((".png", ".jpg")):
            levels = [np.asarray(Image.open(path))]
        else:
            with tifffile.TiffFile(path) as file:
                pages = [page for page in file.pages if page.is_tiled] or file.pages
                levels = sorted((page.asarray() for page in pages), key=len, reverse=True)
        self.dimensions = (levels[0].shape[1], levels[0].shape[0])
        self.extent = tuple(side // 4 * 4 for side in self.dimensions)
        lossy = any(name in path for name in ("jpeg", "jpg", "real")) and "2000" not in path
        self.tolerance = LOSSY_TOLERANCE if lossy else 0
        self.mpp = 0.499 if "real" in path else 0.5
        self.levels = dict(zip(SCALES, levels, strict=False))

    def differs(self, pixels: Pixels, scale: int, left: int, top: int, level_lost: bool) -> int:
        """Return by how many grey levels pixels of a scale differ; 0 if within tolerance."""
        height, width = pixels.shape[:2]
        if scale in self.levels and not level_lost:
            expected = self.levels[scale][top : top + height, left : left + width]
            return beyond(pixels, expected, self.tolerance)
        finer = [finest for finest in self.levels if finest <= scale]
        return min(self._resampled(pixels, scale, left, top, level) for level in finer)

    def _resampled(self, pixels: Pixels, scale: int, left: int, top: int, level: int) -> int:
        size, times = (pixels.shape[1], pixels.shape[0]), scale // level
        box = (left * times, top * times, (left + size[0]) * times, (top + size[1]) * times)
        part = Image.fromarray(self.levels[level]).crop(box)
        expected = np.asarray(part.resize(size, Image.Resampling.BILINEAR)).astype(int)
        # A cut-out knows nothing of the pixels around it: its edge is not compared.
        inner = np.s_[1:-1, 1:-1]
        return beyond(pixels[inner], expected[inner], self.tolerance + 1)


def beyond(pixels: Pixels, expected: NDArray[Any], tolerance: int) -> int:
    """Return the largest difference in grey levels, 0 if it is within tolerance."""
    if pixels.shape != expected.shape:
        return 255
    difference = int(np.abs(pixels.astype(int) - expected).max())
    return difference if difference > tolerance else 0


def consume(folder: Path, start: int) -> None:
    """Read all files of the manifest, from one on, and write down what came of each."""
    entries = json.loads((folder / "manifest.json").read_text())
    intact = {name: Intact(str(folder / name)) for name in {entry["intact"] for entry in entries}}
    with (folder / "records.jsonl").open("a") as log:
        for first in range(start, len(entries), CHUNK):
            part = entries[first : first + CHUNK]
            for entry in part:
                entry |= _regions(entry, intact[entry["intact"]])
                print(json.dumps({"seen": entry["path"]}), file=log, flush=True)
            _tiles(part, intact)
            for entry in part:
                print(json.dumps(entry), file=log, flush=True)


def _regions(entry: Record, intact: Intact) -> Record:
    from skinage.errors import SlideError
    from skinage.slides.slide import open_slide

    began = time.perf_counter()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            stated = None if entry["path"].endswith(("svs", "tiff")) else intact.mpp
            slide = open_slide(entry["path"], stated)
            found = {"reader": slide.reader, "levels": len(slide.levels)}
            found |= _whole(entry, slide, intact)
            entry["warned"] = "; ".join(str(warning.message) for warning in said)
        except SlideError as error:
            found = {"refused": str(error)}
    return found | {"seconds": time.perf_counter() - began}


def _whole(entry: Record, slide: Any, intact: Intact) -> Record:
    if slide.dimensions != intact.dimensions:
        return {"wrong": "size", "found": list(slide.dimensions)}
    if abs(slide.mpp / intact.mpp - 1) > 0.01:
        return {"wrong": "scale", "found": slide.mpp}
    for scale in SCALES:
        if entry["kind"] == SHRINKING:
            os.truncate(entry["path"], os.path.getsize(entry["path"]) * 2 // 3)
        lost = not any(abs(d / scale - 1) < 0.01 for d in slide.downsamples)
        pixels = slide.read_region(0, 0, *intact.extent, mpp=slide.mpp * scale)
        if intact.differs(_cut(pixels, intact, scale), scale, 0, 0, lost):
            return _keep(entry, pixels, scale, (0, 0), lost)
    return {"lost": len(slide.levels) < len(intact.levels)}


def _cut(pixels: Pixels, intact: Intact, scale: int) -> Pixels:
    return pixels[: intact.dimensions[1] // scale, : intact.dimensions[0] // scale]


def _keep(entry: Record, pixels: Pixels, scale: int, place: tuple[int, int], lost: bool) -> Record:
    np.save(entry["path"] + ".npy", pixels)
    return {"wrong": "pixels", "scale": scale, "place": place, "lost": lost}


def _tiles(entries: list[Record], intact: dict[str, Intact]) -> None:
    """Read tiles of many files at once, as a training does; the bad ones must not disturb."""
    from skinage.errors import SlideError
    from skinage.slides.reading.batches import read_tiles

    tables = [_table(entry, intact[entry["intact"]]) for entry in entries]
    tiles = pd.concat(tables, ignore_index=True)
    failures: dict[str, str] = {}
    for rows, batch in read_tiles(tiles, batch_size=64, failures=failures):
        for row, pixels in zip(rows, batch, strict=True):
            _compare(entries, tiles.iloc[row], pixels, intact)
    for entry in entries:
        if entry["path"] in failures:
            entry.setdefault("refused", failures[entry["path"]])
        if entry["kind"] == SHRINKING:
            _shrink_half_way(entry, intact[entry["intact"]], SlideError, read_tiles)


def _compare(entries: list[Record], tile: Any, pixels: Pixels, intact: dict[str, Intact]) -> None:
    entry = entries[int(tile["entry"])]
    whole, scale = intact[entry["intact"]], int(tile["extent_px"]) // TILE_PX
    left, top = int(tile["x"]) // scale, int(tile["y"]) // scale
    levels = entry.get("levels", len(whole.levels))
    lost = levels < len(whole.levels) or "wrong" in entry
    if whole.differs(pixels, scale, left, top, False) and "wrong" not in entry:
        if lost and not whole.differs(pixels, scale, left, top, True):
            return
        entry |= _keep(entry, pixels, scale, (left, top), lost)
        entry["by"] = "read_tiles"


def _table(entry: Record, intact: Intact) -> pd.DataFrame:
    rows = []
    for scale in SCALES:
        extent = TILE_PX * scale
        for y in range(0, intact.dimensions[1] - extent + 1, extent):
            rows += [(x, y, extent) for x in range(0, intact.dimensions[0] - extent + 1, extent)]
    table = pd.DataFrame(rows, columns=["x", "y", "extent_px"])
    return table.assign(
        slide_id=entry["path"], path=entry["path"], tile_px=TILE_PX, entry=entry["number"] % CHUNK
    )


def _shrink_half_way(entry: Record, intact: Intact, error_type: Any, read_tiles: Any) -> None:
    path = Path(entry["path"]).with_name("now_" + Path(entry["path"]).name)
    path.write_bytes((Path(entry["path"]).parent / entry["intact"]).read_bytes())
    tiles = _table(entry | {"path": str(path)}, intact)
    tiles = pd.concat([tiles] * 5, ignore_index=True)
    try:
        for number, (rows, batch) in enumerate(read_tiles(tiles, batch_size=4)):
            if number == 1:
                os.truncate(path, path.stat().st_size // 3)
            for row, pixels in zip(rows, batch, strict=True):
                _compare([entry] * CHUNK, tiles.iloc[row], pixels, {entry["intact"]: intact})
        entry["wrong"] = "not noticed"
    except error_type as error:
        entry["refused"] = str(error)
