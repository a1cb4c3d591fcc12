"""Damaged slides: do they pass wrong pixels as right, or take an analysis down with them.

Writes some 900 damaged files (see ``faults_files.py``), reads each of them through the public
functions in one process (``open_slide``, ``read_region`` at every level, ``read_tiles``), compares
with what tifffile reads from the intact file, and prints a table.

    python benchmarks/faults.py                     # the real slide is found beside the checkout
    python benchmarks/faults.py --real slide.svs --torch

Outcomes of a file:

right
    Opened, and all pixels, sizes and the scale are those of the intact file.
refused
    A `SlideError` with a reason.
undetectable
    Wrong, but other readers cannot know either: tifffile decodes the damaged file without a word,
    OpenSlide does so too, and both give the very wrong pixels (size, scale) that skinage gave. For
    what OpenSlide does not read even when it is whole, Pillow or imagecodecs speaks in its place.
    Only a checksum made when the file was whole tells these from right ones.
wrong
    Wrong, and another reader notices or disagrees. There must be none.
dead or hung
    The consuming process ended or was silent for ``DEADLINE_S``. There must be none.
"""

import argparse
import json
import logging
import re
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import openslide
import tifffile
from faults_files import PICTURES, STRIPS, damaged_files
from faults_reading import CHUNK, LOSSY_TOLERANCE, Record, beyond, consume
from PIL import Image

REAL = Path(__file__).parents[1] / ".." / "shared" / "realdata/slides/cmu-1-small-region.svs"
DEADLINE_S = 150
NO_REASON = re.compile(
    r"it said nothing|object has no attribute|out of bounds|by zero|must be a|^-?\d*$"
)


def run(folder: Path, torch_first: bool) -> list[Record]:
    """Let the consumer read everything; start it again after a file that ended it."""
    entries = json.loads((folder / "manifest.json").read_text())
    log, start, ended = folder / "records.jsonl", 0, []
    while start < len(entries):
        code = _watch(folder, start, torch_first)
        lines = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
        seen = {line["path"] for line in lines if "path" in line}
        if code == 0:
            break
        start = next(e["number"] for e in entries if e["path"] not in seen)
        for entry in entries[start : start + CHUNK]:
            ended.append(entry | {"dead": "hung" if code is None else f"ended with code {code}"})
        start += CHUNK
    return [line for line in lines if "path" in line] + ended


def _watch(folder: Path, start: int, torch_first: bool) -> int | None:
    arguments = ["--consume", str(folder), "--start", str(start), *["--torch"] * torch_first]
    process = subprocess.Popen([sys.executable, __file__, *arguments])
    log, silent_since, size = folder / "records.jsonl", time.monotonic(), 0
    while process.poll() is None:
        time.sleep(0.2)
        now = log.stat().st_size if log.exists() else 0
        if now != size:
            size, silent_since = now, time.monotonic()
        if time.monotonic() - silent_since > DEADLINE_S:
            process.kill()
            process.wait()
            return None
    return process.returncode


def outcome(record: Record) -> str:
    """Name what came of a file, by the rules above."""
    if "dead" in record:
        return "dead or hung"
    if "wrong" in record:
        return "undetectable" if _undetectable(record) else "wrong"
    if "refused" not in record:
        return "right"
    reason = _reason(record)
    return "refused" if reason and not NO_REASON.search(reason) else "no reason"


def _reason(record: Record) -> str:
    """Return what a refusal says after the name of the file; nothing if it does not name it."""
    return record["refused"].partition(Path(record["path"]).name)[2].strip(": ")


class _Listening(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


def _undetectable(record: Record) -> bool:
    ear = _Listening()
    logging.getLogger("tifffile").addHandler(ear)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            agree = _others_agree(record)
    except Exception:  # whatever another reader objects to is detectable
        return False
    finally:
        logging.getLogger("tifffile").removeHandler(ear)
    return agree and not ear.said


def _others_agree(record: Record) -> bool:
    path = record["path"]
    if record["intact"] in (*STRIPS, *PICTURES):
        return record["wrong"] == "scale" or _same_picture(record)
    with tifffile.TiffFile(path) as file, openslide.OpenSlide(path) as slide:
        pages = [page for page in file.pages if page.is_tiled]
        if record["wrong"] == "size":
            stated = [pages[0].imagewidth, pages[0].imagelength]
            pages[0].asarray()
            slide.read_region((0, 0), 0, slide.dimensions)
            return stated == list(slide.dimensions) == record["found"]
        if record["wrong"] == "scale":
            return abs(float(slide.properties["openslide.mpp-x"]) / record["found"] - 1) < 0.001
        return record["wrong"] == "pixels" and _same_pixels(record, pages, slide)


def _same_picture(record: Record) -> bool:
    """Ask for a second opinion on pictures, which OpenSlide does not read."""
    pixels, scale = np.load(record["path"] + ".npy"), record["scale"]
    if record["path"].endswith("tiff"):
        theirs = np.asarray(Image.open(record["path"]).convert("RGB"))
    else:
        theirs = imagecodecs.imread(record["path"])
    box = *record["place"], *(np.add(record["place"], pixels.shape[1::-1]))
    image = Image.fromarray(theirs).crop(tuple(int(side) * scale for side in box))
    theirs = np.asarray(image.resize(pixels.shape[1::-1], Image.Resampling.BILINEAR))
    return not beyond(pixels, theirs, LOSSY_TOLERANCE)


def _same_pixels(record: Record, pages: list[Any], slide: openslide.OpenSlide) -> bool:
    pixels, scale, (left, top) = np.load(record["path"] + ".npy"), record["scale"], record["place"]
    level = slide.get_best_level_for_downsample(scale * 1.01)
    times = round(scale / slide.level_downsamples[level])
    size = pixels.shape[1], pixels.shape[0]
    box = left * times, top * times, (left + size[0]) * times, (top + size[1]) * times
    place = tuple(round(side * scale / times) for side in box[:2])
    read = slide.read_region(place, level, (box[2] - box[0], box[3] - box[1])).convert("RGB")
    page = next(page for page in pages if page.shape[1::-1] == slide.level_dimensions[level])
    theirs = [read, Image.fromarray(page.asarray()).crop(box)]
    tolerance = LOSSY_TOLERANCE + (times > 1)
    return not any(
        beyond(pixels, np.asarray(image.resize(size, Image.Resampling.BILINEAR)), tolerance)
        for image in theirs
    )


def table(records: list[Record]) -> str:
    """Count outcomes by kind of damage, in markdown."""
    clusters = list(dict.fromkeys(record["kind"] for record in records))
    names = ["right", "refused", "undetectable", "no reason", "wrong", "dead or hung"]
    lines = ["| damage | files | " + " | ".join(names) + " |", "|---" * (len(names) + 2) + "|"]
    counts = Counter((record["kind"], record["outcome"]) for record in records)
    for kind in [*clusters, "all"]:
        row = [
            sum(n for (k, o), n in counts.items() if kind in (k, "all") and o == name)
            for name in names
        ]
        lines.append(f"| {kind} | {sum(row)} | " + " | ".join(map(str, row)) + " |")
    return "\n".join(lines)


def reasons(records: list[Record]) -> str:
    """List the reasons given, without numbers, with their counts and an example."""
    found: dict[str, list[str]] = {}
    for record in records:
        if "refused" in record:
            reason = _reason(record)
            found.setdefault(re.sub(r"\d+(\.\d+)?", "#", reason)[:200], []).append(
                Path(record["path"]).name
            )
    ordered = sorted(found.items(), key=lambda item: -len(item[1]))
    return "\n".join(f"{len(names)} x {reason}    [{names[0]}]" for reason, names in ordered)


def main() -> None:
    """Judge, or be the consumer."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--real", type=Path, default=REAL, help="an Aperio slide in JPEG")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--torch", action="store_true", help="import torch before anything else")
    parser.add_argument("--reasons", action="store_true", help="list the reasons, too")
    parser.add_argument("--keep", type=Path, help="an empty folder for the files")
    parser.add_argument("--consume", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--start", type=int, default=0, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.consume:
        if asked.torch:
            import torch  # noqa: F401
        consume(asked.consume, asked.start)
        assert asked.torch or "torch" not in sys.modules
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.keep or Path(temporary)
        folder.mkdir(exist_ok=True)
        judge(folder, asked)


def judge(folder: Path, asked: argparse.Namespace) -> None:
    """Write the files, have them read, print the table."""
    began = time.monotonic()
    real = asked.real if asked.real.exists() else None
    made = damaged_files(folder, real, asked.seed)
    entries = [
        {"number": number, "kind": kind, "intact": intact, "path": str(path)}
        for number, (kind, intact, path) in enumerate(made)
    ]
    (folder / "manifest.json").write_text(json.dumps(entries))
    records = run(folder, asked.torch)
    for record in records:
        record["outcome"] = outcome(record)
    (folder / "outcomes.json").write_text(json.dumps(records, indent=1))
    print(table(records))
    slowest = max(record.get("seconds", 0) for record in records)
    print(
        f"\nseed {asked.seed}, torch {'first' if asked.torch else 'not imported'}, real slide "
        f"{'read' if real else 'absent'}; {time.monotonic() - began:.0f} s, "
        f"slowest file {slowest:.1f} s"
    )
    if asked.reasons:
        print("\n" + reasons(records))
    if any(record["outcome"] in ("wrong", "no reason", "dead or hung") for record in records):
        sys.exit(1)


if __name__ == "__main__":
    main()
