"""Train an encoder on tiles: stop it, start it again, watch it learn."""

import logging
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import pandas as pd
import torch
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import Callback, ModelCheckpoint
from torch.utils.data import DataLoader

from skinage.contrastive.curve import LiveCurve
from skinage.contrastive.data import TileStream
from skinage.contrastive.encoder import Encoder, load_encoder, new_encoder, settle_batch_norm
from skinage.contrastive.methods import SimCLR
from skinage.errors import StageError
from skinage.storage import recipe_hash, stored, storing, table_hash

METHODS: dict[str, type[LightningModule]] = {"simclr": SimCLR}
SETTLING_BATCHES = 20


def train(
    tiles: pd.DataFrame,
    *,
    method: str = "simclr",
    backbone: str = "test_resnet",
    epochs: int = 12,
    batch_size: int = 128,
    seed: int = 0,
    device: str = "auto",
    out: str | Path | None = None,
) -> Encoder:
    """Train an encoder on unlabelled tiles, so that alike tissue gets alike features.

    Parameters
    ----------
    tiles
        The tile table; ages are neither needed nor seen.
    method
        ``"simclr"`` (Chen et al. 2020).
    backbone
        Any timm model name. The default, timm's smallest ResNet (0.4 million weights), learns the
        phantom within minutes on two cores; `resnet18` or larger needs a GPU or patience.
    epochs
        Passes over all tiles.
    batch_size
        Tiles in a batch, two views of each.
    seed
        Fixes weights, order and views.
    device
        ``"auto"``, ``"cpu"`` or ``"cuda"``.
    out
        Folder for the encoder. A finished one made by the same settings is loaded instead, a
        stopped training goes on after its last whole epoch.

    Returns
    -------
    Encoder
        In evaluation mode on the CPU, with the loss per epoch in ``history``.

    Raises
    ------
    StageError
        On an unknown method or backbone, fewer tiles than a batch, or a loss that is no number.
    """
    if method not in METHODS:
        raise StageError(f"method: found {method!r}; expected one of {', '.join(METHODS)}.")
    recipe = {
        "tiles": table_hash(tiles), "method": method, "backbone": backbone, "epochs": epochs,
        "batch_size": batch_size, "seed": seed,
    }  # fmt: skip
    if out is None:
        return _train(tiles, recipe, device, folder=None)
    out = Path(out)
    if stored(out, recipe):
        return load_encoder(out)
    work = out.parent / ".made" / f"{out.name}-{recipe_hash(recipe)[:12]}"
    encoder = _train(tiles, recipe, device, folder=work)
    with storing(out, recipe) as partial:
        encoder.save(partial)
        shutil.copy(work / "last.ckpt", partial / "last.ckpt")
    shutil.rmtree(work)
    return encoder


def untrained_encoder(tiles: pd.DataFrame, backbone: str = "test_resnet", seed: int = 0) -> Encoder:
    """Make the rival that training has to beat: random weights, settled batch-norm statistics.

    Parameters
    ----------
    tiles
        The tile table; some thousand of its tiles settle the statistics.
    backbone
        Any timm model name.
    seed
        Fixes weights and tiles.
    """
    encoder = _fresh_encoder(tiles, backbone, seed)
    stream = TileStream(tiles, min(256, len(tiles)), seed)
    settle_batch_norm(encoder, islice(stream, SETTLING_BATCHES))
    return encoder


def _fresh_encoder(tiles: pd.DataFrame, backbone: str, seed: int) -> Encoder:
    first = tiles.iloc[0]
    return new_encoder(backbone, int(first["tile_px"]), float(first["mpp"]), seed)


def _train(tiles: pd.DataFrame, recipe: dict, device: str, folder: Path | None) -> Encoder:
    fresh = _fresh_encoder(tiles, recipe["backbone"], recipe["seed"])
    stream = TileStream(tiles, recipe["batch_size"], recipe["seed"])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe["seed"])
        method = METHODS[recipe["method"]](
            fresh.module, fresh.card, recipe["batch_size"], recipe["seed"]
        )
    curve = LiveCurve()
    callbacks: list[Callback] = [curve]
    if folder is not None:
        callbacks.append(ModelCheckpoint(folder, filename="last", enable_version_counter=False))
    checkpoint = folder / "last.ckpt" if folder is not None else None
    with _quiet_lightning():
        trainer = Trainer(
            max_epochs=recipe["epochs"],
            accelerator="gpu" if device == "cuda" else device,
            devices=1,
            precision="bf16-mixed" if _has_bfloat16(device) else "32-true",
            callbacks=callbacks,
            logger=False,
            enable_checkpointing=folder is not None,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        trainer.fit(
            method,
            DataLoader(stream, batch_size=None),
            ckpt_path=checkpoint if checkpoint is not None and checkpoint.is_file() else None,
            weights_only=True,
        )
    if trainer.interrupted:
        raise KeyboardInterrupt
    _warn_of_failures(stream)
    card = fresh.card | {
        "method": recipe["method"], "epochs": recipe["epochs"], "recipe": recipe,
        "hash": recipe_hash(recipe),
    }  # fmt: skip
    encoder = Encoder(fresh.module.cpu().eval(), card, curve.history)
    stream.epoch = 0
    settle_batch_norm(encoder, islice(stream, SETTLING_BATCHES))
    return encoder


def _has_bfloat16(device: str) -> bool:
    return device != "cpu" and torch.cuda.is_available() and torch.cuda.is_bf16_supported()


def _warn_of_failures(stream: TileStream) -> None:
    if stream.failures:
        listed = "; ".join(f"{slide}: {reason}" for slide, reason in stream.failures.items())
        warnings.warn(
            f"training went on without {len(stream.failures)} slide(s): {listed}", stacklevel=3
        )


@contextmanager
def _quiet_lightning() -> Iterator[None]:
    """Keep Lightning's advertisements out; its errors and other warnings stay."""
    logger = logging.getLogger("pytorch_lightning")
    level = logger.level
    logger.setLevel(logging.ERROR)
    with warnings.catch_warnings():
        # The reader process decodes ahead: more loader workers would only copy pixels.
        warnings.filterwarnings("ignore", message=".*does not have many workers.*")
        # IterableDataset with __len__ is meant: a batch is what the stream yields.
        warnings.filterwarnings("ignore", message=".*has `__len__` defined.*")
        warnings.filterwarnings("ignore", message=".*Checkpoint directory.*exists.*")
        # Lightning's own look into torch, deprecated in newer torch.
        warnings.filterwarnings("ignore", message=".*isinstance.treespec, LeafSpec.*")
        yield
    logger.setLevel(level)
