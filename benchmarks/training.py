"""Views per second of contrastive training: from slides, on ready tensors, and by Lightly's path.

Run from a checkout after installation: ``python benchmarks/training.py``, on a GPU with ``--cuda``.
All train the same backbone by the same LightningModule with the same batch, each in a process of
its own, in turn, several times; the first epoch (opening files, filling the pool) is not counted.

- ready: the same views, made beforehand, from memory: what the step alone takes
- skinage: `TileStream` and `HistologyViews`, tiles kept in the pool
- skinage, read anew: the pool holds half of the tiles, so all are read from slides in every epoch
- lightly: tiles exported as JPEG, LightlyDataset, SimCLRTransform, DataLoader with n workers
"""

import argparse
import json
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import torch
from lightly.data import LightlyDataset
from lightly.transforms import SimCLRTransform
from PIL import Image
from pytorch_lightning import Callback, Trainer
from torch.utils.data import DataLoader, IterableDataset

import skinage as ska
from skinage.contrastive.methods.module import SimCLR
from skinage.contrastive.pairs.batch import TileBatch
from skinage.contrastive.training.stream import TileStream
from skinage.contrastive.training.trainer import _quiet_lightning
from skinage.contrastive.views.choice import HistologyViews
from skinage.encoders.encoder import new_encoder
from skinage.slides.reading.batches import read_tiles

OUT = Path("results/benchmark/training")
TURNS, EPOCHS = 3, 3
CPU = {"backbone": "mobilenetv3_small_050", "view_px": 96, "batch_size": 128, "tiles": 1280}
CUDA = {"backbone": "resnet50", "view_px": 224, "batch_size": 256, "tiles": 5120}


class Ready(SimCLR):
    """SimCLR on views that are made and normalised already."""

    def two_views(self, batch: TileBatch) -> tuple[torch.Tensor, torch.Tensor]:
        """Take them as they are."""
        return batch.first, batch.second

    def on_train_epoch_start(self) -> None:
        """Nothing to seed."""


class ReadyBatches(IterableDataset):
    """The same few batches again and again."""

    def __init__(self, batches: list[TileBatch], n: int) -> None:
        self.batches, self.n = batches, n

    def __len__(self) -> int:
        return self.n

    def __iter__(self):
        return islice((b for _ in range(self.n) for b in self.batches), self.n)


class Clock(Callback):
    """Seconds and resident memory of this process at the end of every epoch."""

    def __init__(self) -> None:
        self.ends, self.memory_mb = [], []

    def on_train_epoch_end(self, *_) -> None:
        """Note time and memory."""
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        self.ends.append(time.perf_counter())
        self.memory_mb.append(psutil.Process().memory_info().rss / 2**20)


def measure(kind: str, cuda: bool, epochs: int) -> dict:
    """Train one way in this process: views per second, memory by epoch."""
    how = CUDA if cuda else CPU
    tiles = pd.read_parquet(OUT / "tiles.parquet")
    encoder = new_encoder(how["backbone"], how["view_px"], 1.0)
    views, size = HistologyViews(), how["batch_size"]
    tile_gb = 3 * (2 * how["view_px"]) ** 2 / 2**30
    stream = TileStream(
        tiles, size, pool_gb=tile_gb * len(tiles) * (0.5 if kind.endswith("anew") else 1.1)
    )
    method = SimCLR if kind.startswith("skinage") else Ready
    made = method(encoder.module, encoder.metadata, views, size, seed=0)
    loader = DataLoader(stream, batch_size=None, pin_memory=cuda)
    if kind == "ready":
        maker = SimCLR(encoder.module, encoder.metadata, views, size, seed=0)
        device = "cuda" if cuda else "cpu"
        batches = [
            TileBatch(*maker.two_views(b._replace(first=b.first.to(device))), b.ages_years)
            for b in islice(stream, 4)
        ]
        loader = DataLoader(ReadyBatches(batches, len(stream)), batch_size=None)
    elif kind.startswith("lightly"):
        workers = int(kind.split()[1])
        normalise = {"mean": encoder.metadata["mean"], "std": encoder.metadata["std"]}
        data = LightlyDataset(
            str(OUT / "jpeg"), transform=SimCLRTransform(how["view_px"], normalize=normalise)
        )
        loader = DataLoader(
            data, size, shuffle=True, drop_last=True, num_workers=workers, pin_memory=cuda,
            persistent_workers=workers > 0, collate_fn=paired,
        )  # fmt: skip
    clock = Clock()
    with _quiet_lightning():
        Trainer(
            max_epochs=epochs, accelerator="gpu" if cuda else "cpu", devices=1, callbacks=[clock],
            precision="bf16-mixed" if cuda else "32-true", logger=False, enable_checkpointing=False,
            enable_progress_bar=False, enable_model_summary=False,
        ).fit(made, loader)  # fmt: skip
    n_views = 2 * size * (len(tiles) // size) * (epochs - 1)
    return {
        "views_per_s": n_views / (clock.ends[-1] - clock.ends[0]), "memory_mb": clock.memory_mb,
    }  # fmt: skip


def paired(items: list) -> TileBatch:
    first, second = (torch.stack([views[k] for views, *_ in items]) for k in (0, 1))
    return TileBatch(first, second, torch.full((len(items),), np.nan))


def prepare(how: dict) -> None:
    """Draw slides, cut tiles of twice the view's side, export them as JPEG for Lightly."""
    path = ska.phantom.make_cohort(OUT / "phantom", 40, seed=0)
    side = 2 * how["view_px"]
    tiles = ska.tile(
        ska.read_cohort(path), side, 1.0 if side < 300 else 0.5, step_um=48, tiles_per_slide=200
    )
    tiles = tiles.sample(how["tiles"], random_state=0, replace=len(tiles) < how["tiles"])
    tiles = tiles.sort_values("slide_id", kind="stable").reset_index(drop=True)
    tiles.to_parquet(OUT / "tiles.parquet")
    folder = OUT / "jpeg"
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.jpg"):
        old.unlink()
    for rows, pixels in read_tiles(tiles):
        for row, tile in zip(rows, pixels, strict=True):
            Image.fromarray(tile).save(folder / f"{row:06d}.jpg", quality=90)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cuda", action="store_true")
    parser.add_argument("--only")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    options = parser.parse_args()
    if options.only:
        print(json.dumps(measure(options.only, options.cuda, options.epochs)))
        return
    prepare(CUDA if options.cuda else CPU)
    workers = (0, 4, 8, 15) if options.cuda else (0, 1, 2)
    kinds = [
        "ready",
        "skinage",
        "skinage, read anew",
        *(f"lightly {n} workers" for n in workers),
    ]
    speeds: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _ in range(TURNS):
        for kind in kinds:
            speeds[kind].append(_child(kind, options.cuda, EPOCHS)["views_per_s"])
    ready, best = np.array(speeds["ready"]), np.max([speeds[k] for k in kinds[3:]], axis=0)
    print(
        "| way | views/s | / ready tensors | / Lightly, best number of workers |\n|---|---|---|---|"
    )
    for kind in kinds:
        cells = (_range(np.array(speeds[kind]) / by) for by in (1, ready, best))
        print(f"| {kind} | {' | '.join(cells)} |")
    memory = _child("skinage, read anew", options.cuda, 8)["memory_mb"]
    print("memory after each of 8 epochs, MB:", *(f"{mb:.0f}" for mb in memory))


def _child(kind: str, cuda: bool, epochs: int) -> dict:
    command = [sys.executable, __file__, "--only", kind, "--epochs", str(epochs)]
    done = subprocess.run(
        command + ["--cuda"] * cuda, capture_output=True, text=True, check=True
    ).stdout
    return json.loads(done.strip().splitlines()[-1])


def _range(values: np.ndarray) -> str:
    digits = 0 if values.min() > 20 else 2
    middle, low, high = np.median(values), values.min(), values.max()
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


if __name__ == "__main__":
    main()
