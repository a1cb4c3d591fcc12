"""Tune a backbone together with its head, end to end, on batches of people."""

import copy
from collections.abc import Iterator

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from tqdm.auto import tqdm

from skinage.encoders.encoder import Encoder, normalise, settle_batch_norm
from skinage.errors import StageError
from skinage.slides.reading.batches import read_pixels, read_tiles
from skinage.transfer.heads import Head
from skinage.transfer.targets import Target

EPOCHS = 5
PEOPLE_OF_BATCH = 32
TILES_OF_PERSON = 8
BACKBONE_RATE, HEAD_RATE = 3e-4, 1e-3
POOL_BYTES = 2 << 30


class TilePixels:
    """Pixels of a table's tiles by row: all in memory if they fit into 2 GiB, else read anew."""

    def __init__(self, tiles: pd.DataFrame) -> None:
        self.tiles = tiles
        side = int(tiles["tile_px"].iloc[0])
        self._whole: np.ndarray | None = None
        if len(tiles) * 3 * side**2 <= POOL_BYTES:
            self._whole = np.empty((len(tiles), side, side, 3), np.uint8)
            for rows, pixels in read_tiles(tiles):
                self._whole[rows] = pixels

    def __getitem__(self, rows: np.ndarray) -> Tensor:
        """Give ``(n, 3, h, w)`` uint8."""
        whole = self._whole
        pixels = read_pixels(self.tiles.iloc[rows]) if whole is None else whole[rows]
        return torch.from_numpy(pixels).permute(0, 3, 1, 2)


def tune_end_to_end(
    encoder: Encoder,
    head: Head,
    pixels: TilePixels,
    known: pd.DataFrame,
    target: Target,
    epochs: int = EPOCHS,
    seed: int = 0,
) -> tuple[Encoder, Head]:
    """Train copies of backbone and head on the mean output over each person's tiles.

    Training starts from the head of the frozen encoder, so that a random head does not spoil the
    features first (Kumar et al. 2022, arXiv 2202.10054).

    Parameters
    ----------
    encoder, head
        Left as they are.
    pixels
        Of tiles with ``person_id``.
    known
        The training people: index ``person_id``, and the columns of the target.
    target
        With centre and spread as of these people.
    epochs
        In each, a person brings as many tiles as the median person has.
    seed
        Of batches.
    """
    tuned = Encoder(copy.deepcopy(encoder.module), encoder.metadata)
    head = copy.deepcopy(head).to(next(tuned.module.parameters()).device)
    values = torch.from_numpy(target.values(known[[*target.columns]])).to(head.mean)
    rows_of = [pixels.tiles.index.get_indexer_for([person]) for person in known.index]
    batches = _Batches(rows_of, epochs, np.random.default_rng(seed))
    optimizer = torch.optim.AdamW(
        [
            {"params": tuned.module.parameters(), "lr": BACKBONE_RATE, "weight_decay": 1e-2},
            {"params": head.parameters(), "lr": HEAD_RATE, "weight_decay": 0.0},
        ]
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, [BACKBONE_RATE, HEAD_RATE], total_steps=len(batches), pct_start=0.1
    )
    tuned.module.train()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for people, rows, owner in tqdm(batches, desc="tuning", unit="batch", leave=False):
            images = normalise(pixels[rows].to(head.mean.device).float() / 255, tuned.metadata)
            outputs = _mean_of_person(head(tuned.module(images)), owner, len(people))
            loss = target.loss(outputs, values[people]) / len(people)
            loss = loss + head.penalty / (2 * len(known)) * (head.weight**2).sum()
            if not torch.isfinite(loss):
                raise StageError(f"tune: the loss is {loss.item()}; tune with frozen=True instead")
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    tuned.module.eval()
    settling = _Batches(rows_of, 1, np.random.default_rng(seed))
    settle_batch_norm(tuned, (pixels[rows] for _, rows, _ in settling))
    return tuned, head


def _mean_of_person(outputs: Tensor, owner: np.ndarray, n_people: int) -> Tensor:
    """Average outputs (n_tiles, k) over the tiles of each person: (n_people, k)."""
    number = torch.from_numpy(owner).to(outputs.device)
    share = 1 / torch.bincount(number, minlength=n_people)[number, None]
    return outputs.new_zeros(n_people, outputs.shape[1]).index_add(0, number, outputs * share)


class _Batches:
    """Batches of people, some tiles of each: positions of people, rows, and whose each row is."""

    def __init__(self, rows_of: list[np.ndarray], epochs: int, random: np.random.Generator) -> None:
        self._rows_of, self._random = rows_of, random
        median = np.median([len(rows) for rows in rows_of])
        self._rounds = epochs * int(np.ceil(median / TILES_OF_PERSON))
        self._n_parts = -(-len(rows_of) // PEOPLE_OF_BATCH)

    def __len__(self) -> int:
        return self._rounds * self._n_parts

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        for _ in range(self._rounds):
            order = self._random.permutation(len(self._rows_of))
            for people in np.array_split(order, self._n_parts):
                chosen = [self._random.permutation(self._rows_of[one]) for one in people]
                chosen = [rows[:TILES_OF_PERSON] for rows in chosen]
                owner = np.repeat(np.arange(len(people)), [len(rows) for rows in chosen])
                yield people, np.concatenate(chosen), owner
