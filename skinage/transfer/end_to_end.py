"""Train a backbone together with its head, end to end, on batches of people."""

import copy
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional
from tqdm.auto import tqdm

from skinage.encoders.encoder import Encoder, normalise, settle_batch_norm
from skinage.errors import StageError
from skinage.slides.reading.batches import read_pixels
from skinage.transfer.heads import Head
from skinage.transfer.targets import Target

PEOPLE_OF_BATCH, TILES_OF_PERSON = 32, 8
BACKBONE_RATE, HEAD_RATE = 3e-4, 1e-3
POOL_BYTES = 2 << 30

Batch = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Positions of people, rows of some of their tiles, and which of these people each row is of."""


def tile_pixels(tiles: pd.DataFrame) -> Callable[[np.ndarray], Tensor]:
    """Return a function from rows of a tile table to pixels ``(n, 3, h, w)`` uint8.

    The pixels stay in memory if they fit into 2 GiB; else they are read again at each call.
    """
    whole = None
    if len(tiles) * 3 * int(tiles["tile_px"].iloc[0]) ** 2 <= POOL_BYTES:
        whole = read_pixels(tiles)

    def read(rows: np.ndarray) -> Tensor:
        pixels = read_pixels(tiles.iloc[rows]) if whole is None else whole[rows]
        return torch.from_numpy(pixels).permute(0, 3, 1, 2)

    return read


def tune_end_to_end(
    encoder: Encoder,
    head: Head,
    pixels: Callable[[np.ndarray], Tensor],
    *,
    rows_of: list[np.ndarray],
    values: np.ndarray,
    target: Target,
    epochs: int,
    seed: int,
) -> tuple[Encoder, Head]:
    """Train copies of backbone and head on the mean output over each person's tiles.

    Training starts from the head of the frozen encoder, so that a random head does not spoil the
    features first (Kumar et al. 2022, arXiv 2202.10054).

    Parameters
    ----------
    encoder, head
        Where training starts; both stay as they are.
    pixels
        The pixels of rows of the tile table, as `tile_pixels` returns them.
    rows_of
        The rows of each training person's tiles.
    values
        ``(n_people, ...)`` as the target's ``values`` returns them.
    target
        What is learnt, with the centre and the spread of these people.
    epochs
        How often as many tiles of each person are seen as the median person has.
    seed
        Seed of the order of people and tiles.

    Raises
    ------
    StageError
        If the loss is no longer finite.
    """
    tuned, head = Encoder(copy.deepcopy(encoder.module), encoder.metadata), copy.deepcopy(head)
    device = next(tuned.module.parameters()).device
    head, known = head.to(device), torch.from_numpy(values).to(device)
    batches = [*_batches(rows_of, epochs, np.random.default_rng(seed))]
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
            outputs = head(tuned.module(normalise(pixels(rows).to(device) / 255, tuned.metadata)))
            own = functional.one_hot(torch.from_numpy(owner)).T.to(outputs)
            loss = target.loss(own @ outputs / own.sum(1, keepdim=True), known[people])
            loss = loss / len(people) + head.penalty / (2 * len(known)) * (head.weight**2).sum()
            if not torch.isfinite(loss):
                raise StageError(f"tune: the loss is {loss.item()}; tune with epochs=0 instead")
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    tuned.module.eval()
    settle_batch_norm(tuned, (pixels(rows) for _, rows, _ in batches[: len(batches) // epochs]))
    return tuned, head


def _batches(
    rows_of: list[np.ndarray], epochs: int, random: np.random.Generator
) -> Iterator[Batch]:
    """Yield batches of people with some tiles of each, all people in turn."""
    n_rounds = int(np.ceil(np.median([len(rows) for rows in rows_of]) / TILES_OF_PERSON))
    n_parts = -(-len(rows_of) // PEOPLE_OF_BATCH)
    for _ in range(epochs * n_rounds):
        for people in np.array_split(random.permutation(len(rows_of)), n_parts):
            chosen = [random.permutation(rows_of[one])[:TILES_OF_PERSON] for one in people]
            owner = np.repeat(np.arange(len(people)), [len(rows) for rows in chosen])
            yield people, np.concatenate(chosen), owner
