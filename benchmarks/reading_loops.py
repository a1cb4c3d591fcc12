"""One reader in a process of its own, for `reading.py`: asked by lines of JSON, answers in JSON.

    python benchmarks/reading_loops.py NAME

Runs under the Python of the reader's own environment and imports nothing of the others. A request
names a CSV file of tiles; the answer holds tiles, seconds, and the seconds until the first batch.
With ``save``, the pixels of those tiles go to a file instead. What a loop does before it gives its
first batch is timed; the tables of the other two and data sets are made before.
"""

import itertools
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd

BATCH = 256


def skinage(tiles: pd.DataFrame, n_workers: int) -> Iterator[Any]:
    """Read as users do: reader processes, checks, shared memory."""
    from skinage.slides.reading.batches import read_tiles

    return (pixels for _, pixels in read_tiles(tiles, batch_size=BATCH))


def cucim(tiles: pd.DataFrame, n_workers: int) -> Iterator[Any]:
    """Read by cuCIM alone: no check, no copy."""
    return (np.asarray(batch).reshape(-1, *batch.shape[-3:]) for batch in cucim_batches(tiles))


def cucim_batches(tiles: pd.DataFrame, device: str = "cpu") -> Iterator[Any]:
    from cucim.clara import CuImage

    threads = len(os.sched_getaffinity(0))
    for path, part in tiles.groupby("path", sort=False):
        size = (int(part["tile_px"].iloc[0]),) * 2
        places = list(zip(part["x"].tolist(), part["y"].tolist(), strict=True))
        # A batch larger than the list is taken whole.
        yield from CuImage(path).read_region(
            places,
            size,
            0,
            batch_size=min(BATCH, len(places)),
            num_workers=threads,
            device=device,
        )


def cucim_cuda(tiles: pd.DataFrame, n_workers: int) -> Iterator[Any]:
    """Decode on the GPU; what is given lies there."""
    import cupy

    return (cupy.asarray(batch) for batch in cucim_batches(tiles, "cuda"))


def skinage_cuda(tiles: pd.DataFrame, n_workers: int) -> Iterator[Any]:
    """Read to the GPU as users do: decoded on the CPU and copied."""
    from skinage.slides.reading.device import read_tensors

    return (pixels for _, pixels in read_tensors(tiles, batch_size=BATCH, device="cuda"))


def openslide(tiles: pd.DataFrame, n_workers: int) -> Iterator[Any]:
    """Read one tile after the other, or ``n_workers`` at a time by threads."""
    from openslide import OpenSlide

    for path, part in tiles.groupby("path", sort=False):
        slide, size = OpenSlide(path), (int(part["tile_px"].iloc[0]),) * 2

        def read(place: tuple[int, int], slide: Any = slide, size: Any = size) -> Any:
            return np.asarray(slide.read_region(place, 0, size).convert("RGB"))

        places = zip(part["x"].tolist(), part["y"].tolist(), strict=True)
        with ThreadPoolExecutor(max(1, n_workers)) as threads:
            while chunk := list(itertools.islice(places, BATCH)):
                yield np.stack(list((threads.map if n_workers else map)(read, chunk)))


def lazyslide(tiles: pd.DataFrame, n_workers: int) -> Iterator[Any]:
    """Read LazySlide's tile images, in the data loader that its feature extraction makes."""
    from wsidata import TileSpec, open_wsi
    from wsidata.io import add_tiles

    def tile_images(path: str, corners: Any, side: int) -> Any:
        slide = open_wsi(path, store=None)
        spec = TileSpec(height=side, width=side, stride_height=side, stride_width=side)
        add_tiles(slide, "tiles", corners, spec, np.zeros(len(corners), int))
        return slide.ds.tile_images()

    return loaded(tiles, tile_images, n_workers)


def tiatoolbox(tiles: pd.DataFrame, n_workers: int) -> Iterator[Any]:
    """Read TIAToolbox's patches of a slide, in the data loader that its engines make."""
    from tiatoolbox.models.dataset import WSIPatchDataset

    def patches(path: str, corners: Any, side: int) -> Any:
        shape = [side, side]
        data = WSIPatchDataset(
            path,
            patch_input_shape=shape,
            stride_shape=shape,
            resolution=0,
            units="level",
            auto_get_mask=False,
        )
        data.inputs = np.concatenate([corners, corners + side], axis=1)  # not its own grid
        return data

    return loaded(tiles, patches, n_workers)


def loaded(tiles: pd.DataFrame, data_of: Callable[..., Any], n_workers: int) -> Iterator[Any]:
    """Load several slides by one data loader, whose workers serve all of them."""
    from torch.utils.data import ConcatDataset, DataLoader

    data: ConcatDataset[Any] = ConcatDataset(
        data_of(path, part[["x", "y"]].to_numpy(), int(part["tile_px"].iloc[0]))
        for path, part in tiles.groupby("path", sort=False)
    )
    return (batch["image"] for batch in DataLoader(data, BATCH, num_workers=n_workers))


LOOPS: dict[str, Callable[[pd.DataFrame, int], Iterator[Any]]] = {
    loop.__name__: loop
    for loop in (skinage, cucim, cucim_cuda, skinage_cuda, openslide, lazyslide, tiatoolbox)
}


def consume(batches: Iterable[Any]) -> dict[str, float]:
    """Take one pixel of every batch and count the tiles."""
    start, first_s, n_tiles, total = time.perf_counter(), 0.0, 0, 0
    for batch in batches:
        total += int(batch[0, 0, 0, 0])
        n_tiles += len(batch)
        first_s = first_s or time.perf_counter() - start
    seconds = time.perf_counter() - start
    return {"tiles": n_tiles, "seconds": seconds, "first_s": first_s, "sum": total}


def in_memory(batch: Any) -> Any:
    """Copy a batch from where it lies: CuPy, torch, or here."""
    take = getattr(batch, "get", None) or getattr(batch, "cpu", None)
    return np.asarray(take() if take else batch)


def main(name: str) -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever libraries print is no answer
    for line in sys.stdin:
        request = json.loads(line)
        batches = LOOPS[name](pd.read_csv(request["tiles"]), request["n_workers"])
        if "save" in request:
            np.save(request["save"], np.concatenate([in_memory(batch) for batch in batches]))
            answer: dict[str, float] = {}
        else:
            answer = consume(batches)
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
