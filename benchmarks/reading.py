"""Claims: tiles are read as fast as by bare cuCIM, at once, in the same memory however many.

Prints tables of tiles per second, side by side in one run: every reader in a process of its own
that was started before reads the same places at full resolution, once without a clock (its pixels
are compared with skinage's), then all take turns, so that what else the machine does hits all
alike. Ratios are taken turn by turn. All but skinage and cuCIM get every fourth block of tiles.

    python benchmarks/reading.py --cache FOLDER [--quick] [--device cuda]
        [--lazyslide PYTHON] [--tiatoolbox PYTHON]

The other readers need environments of their own (about 6 GB each; torch comes with them):

    python -m venv lazyslide && lazyslide/bin/pip install lazyslide==0.13.0
    python -m venv tiatoolbox && tiatoolbox/bin/pip install tiatoolbox==2.1.3

and are then given as `--lazyslide lazyslide/bin/python --tiatoolbox tiatoolbox/bin/python`. The
cache folder takes 0.3 GB; the slides in it are made once, in half a minute.
"""

import argparse
import os
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
from reading_child import Child, machine
from reading_slides import LARGE_PX, large_slide, random_corners, tile_table, tile_tables

N_COMPARED, N_CORES = 256, len(os.sched_getaffinity(0))
BLOCK = 391
"""Tiles of 128 px on the real slide: its copies are skipped as a whole."""
GOALS = {"cucim": 0.9, "openslide": 3.0, "lazyslide": 1.0, "tiatoolbox": 1.0}
"""How many times as fast as this one skinage shall be; as OpenSlide without threads."""
Reader = tuple[str, int]
Answers = dict[Reader, list[dict[str, float]]]


def main(chosen: argparse.Namespace) -> None:
    chosen.cache.mkdir(parents=True, exist_ok=True)
    pythons = {"lazyslide": chosen.lazyslide, "tiatoolbox": chosen.tiatoolbox}
    print(machine())
    bare = [("cucim", 0), ("openslide", 0), ("openslide", N_CORES)]
    others = [(name, n) for name, python in pythons.items() if python for n in (0, 1, 2)]
    for name in pythons.keys() - {name for name, _ in others}:
        print(f"Skipped, because its Python was not given: {name}.")
    for title, tiles in tile_tables(chosen.cache, 4 if chosen.quick else 1).items():
        print(f"\n**{title}**: {len(tiles)} tiles of {tiles['slide_id'].nunique()} slides")
        readers = bare if title.startswith("many") else bare + others
        print_speeds(take_turns(tiles, readers, pythons, 3 if chosen.quick else 5))
    large = large_slide(chosen.cache)
    print_first(large)
    print_memory(large, 10_000 if chosen.quick else 100_000)
    if chosen.device == "cuda":
        print_device(large)


def take_turns(
    tiles: pd.DataFrame, readers: list[Reader], pythons: dict[str, str | None], n_turns: int
) -> Answers:
    """Time skinage and others in turn, after one round without a clock."""
    blocks = np.arange(len(tiles)) // BLOCK
    part = tiles[blocks % 4 == 0]
    answers: Answers = defaultdict(list)
    readers = [("skinage", 0), *readers]
    with ExitStack() as stack:
        children = {
            name: stack.enter_context(Child(name, pythons.get(name)))
            for name in dict.fromkeys(name for name, _ in readers)
        }
        compare(tiles, children)
        for turn in range(n_turns + 1):
            for name, n_workers in readers:
                mine = tiles if name in ("skinage", "cucim") else part
                answer = children[name].ask(mine, n_workers)
                if turn:
                    answers[name, n_workers].append(answer)
    return answers


def compare(tiles: pd.DataFrame, children: dict[str, Child]) -> None:
    """Stop if a reader gives other pixels: no reader is timed on black tiles."""
    some = tiles.iloc[np.linspace(0, len(tiles) - 1, N_COMPARED).astype(int)]
    pixels = {name: child.pixels(some) for name, child in children.items()}
    ours = pixels.pop("skinage").astype(np.int16)
    apart = {name: abs(ours - theirs) for name, theirs in pixels.items()}
    most = {name: int(differences.max()) for name, differences in apart.items()}
    print(f"{N_COMPARED} tiles against skinage's, largest difference of 255: {most}\n")
    # Decoders may differ at edges of colour; a tile that is another one differs all over.
    worst = max(differences.mean(axis=(1, 2, 3)).max() for differences in apart.values())
    if worst > 3 or ours.std() < 5:
        raise SystemExit("the readers do not read the same pixels, or there is nothing on them")


def print_speeds(answers: Answers) -> None:
    print("| reader | tiles/s (lowest to highest) | first batch, s | skinage / this | goal | met |")
    print("|---|---|---|---|---|---|")
    ours = speeds(answers["skinage", 0])
    for (name, n_workers), mine in answers.items():
        theirs, first_s = speeds(mine), median(answer["first_s"] for answer in mine)
        label = f"{name}, workers: {n_workers}" if n_workers else name
        goal = None if label == f"openslide, workers: {N_CORES}" else GOALS.get(name)
        met = "" if goal is None else "yes" if np.median(ours / theirs) >= goal else "no"
        ratio = "" if name == "skinage" else spread(ours / theirs, ".2f")
        print(f"| {label} | {spread(theirs, '.0f')} | {first_s:.2f} | {ratio} |", end="")
        print(f" {goal or ''} | {met} |", flush=True)


def print_first(slide: Path) -> None:
    """Time the first tiles in fresh processes, then once more in the same ones."""
    tiles = tile_table([slide], random_corners(LARGE_PX, 256, 256), 256)
    times = []
    for _ in range(5):
        with Child("skinage") as child:
            times.append([child.ask(part)["first_s"] for part in (tiles[:1], tiles[:1], tiles)])
    print("\n| first tile, s (lowest to highest of 5 processes) | | goal |\n|---|---|---|")
    labels = ("first call of a process, 1 tile", "second call, 1 tile", "third call, 256 tiles")
    for label, seconds in zip(labels, np.transpose(times), strict=True):
        print(f"| {label} | {spread(seconds, '.2f')} | under 1 |")


def print_memory(slide: Path, many: int) -> None:
    peaks = []
    for n_tiles in (1000, many):
        with Child("skinage") as child:
            tiles = tile_table([slide], random_corners(LARGE_PX, 128, n_tiles), 128)
            peaks.append(child.peak_mb(tiles))
    print(f"\n| peak memory, MB | 1,000 tiles | {many:,} tiles | ratio |\n|---|---|---|---|")
    print(f"| all processes, shared pages once | {peaks[0]:.0f} | {peaks[1]:.0f} |", end="")
    print(f" {peaks[1] / peaks[0]:.2f} |")


def print_device(slide: Path) -> None:
    import torch

    if not torch.cuda.is_available():
        print("\nNo GPU here: decoding on the device was not measured.")
        return
    print(f"\n**GPU** ({torch.cuda.get_device_name()}): decoded there, or on the CPU and copied")
    tiles = tile_table([slide], random_corners(LARGE_PX, 256, 20_000), 256)
    print_speeds(take_turns(tiles, [("skinage_cuda", 0), ("cucim_cuda", 0)], {}, 5))


def speeds(answers: list[dict[str, float]]) -> np.ndarray:
    return np.array([answer["tiles"] / answer["seconds"] for answer in answers])


def spread(values: np.ndarray, form: str) -> str:
    return f"{np.median(values):{form}} ({values.min():{form}} to {values.max():{form}})"


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--lazyslide")
    parser.add_argument("--tiatoolbox")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--quick", action="store_true")
    main(parser.parse_args())
