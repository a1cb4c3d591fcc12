"""Lightning's Trainer as this package uses it: checkpoints, logs, memory, silence."""

import logging
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning import Trainer
from pytorch_lightning.callbacks import Callback, ModelCheckpoint
from pytorch_lightning.loggers import CSVLogger
from torch.utils.data import DataLoader

from skinage.contrastive.methods.module import ContrastiveModule
from skinage.contrastive.training.stream import TileStream
from skinage.errors import StageError


def make_trainer(
    progress: Callback,
    epochs: int,
    trainer_kws: Mapping[str, Any],
    folder: Path | None,
    *,
    device: str,
) -> Trainer:
    """Return a trainer that keeps the last and the best epoch and a log in a folder.

    Parameters
    ----------
    progress
        The callback that keeps the history; those of the user come after it.
    epochs
        Number of passes over all tiles.
    trainer_kws
        The user's own arguments; they replace those of this function.
    folder
        Folder for checkpoints and log; None keeps neither.
    device
        ``"auto"``, ``"cpu"`` or ``"cuda"``.
    """
    callbacks = [progress, *trainer_kws.get("callbacks", ())]
    if folder is not None:
        callbacks += [
            ModelCheckpoint(folder, filename="last", enable_version_counter=False),
            ModelCheckpoint(folder, "best", monitor="loss", enable_version_counter=False),
        ]
    own: dict[str, Any] = {
        "accelerator": "gpu" if device == "cuda" else device,
        "devices": 1,
        "precision": "bf16-mixed" if _has_bfloat16(device) else "32-true",
        "logger": CSVLogger(folder, name="", version="log") if folder is not None else False,
        "log_every_n_steps": 1,
    }
    with _quiet_lightning():
        return Trainer(
            **{**own, **trainer_kws, "callbacks": callbacks},
            max_epochs=epochs,
            enable_checkpointing=folder is not None,
            enable_progress_bar=False,
            enable_model_summary=False,
            # The stream itself gives every process its people.
            use_distributed_sampler=False,
        )


def fit(
    trainer: Trainer, module: ContrastiveModule, stream: TileStream, folder: Path | None
) -> None:
    """Train, from the checkpoint in the folder if there is one.

    Parameters
    ----------
    trainer
        The trainer of `make_trainer`.
    module
        The module to train, changed in place.
    stream
        The batches.
    folder
        The folder given to `make_trainer`.

    Raises
    ------
    StageError
        If the checkpoint is cut short or of other settings, or memory runs out.
    KeyboardInterrupt
        If the user stops it.
    """
    loader = DataLoader(stream, batch_size=None, pin_memory=torch.cuda.is_available())
    try:
        with _quiet_lightning():
            trainer.fit(module, loader, ckpt_path=_checkpoint(folder), weights_only=True)
    except torch.OutOfMemoryError as error:
        side, size = stream.tiles["tile_px"].iloc[0], stream.batch_size
        raise StageError(
            f"training: {trainer.strategy.root_device} ran out of memory at a batch of {size} "
            f"pairs of {side} px; take batch_size={max(2, size // 2)}, smaller tiles or a smaller "
            "backbone."
        ) from error
    if trainer.interrupted:
        raise KeyboardInterrupt


def share_statistics(trainer: Trainer, module: ContrastiveModule) -> None:
    """Synchronise batch norm over all processes, because the loss compares their tiles.

    Otherwise the statistics of a device would mark its pairs. The conversion is timm's: those of
    torch and Lightning drop the activation that timm keeps inside its norm layers.

    Parameters
    ----------
    trainer, module
        The module is changed in place if several GPUs train.
    """
    if trainer.world_size > 1 and trainer.strategy.root_device.type == "cuda":
        from timm.layers import convert_sync_batchnorm

        convert_sync_batchnorm(module)


def _checkpoint(folder: Path | None) -> Path | None:
    path = None if folder is None else folder / "last.ckpt"
    if path is None or not path.exists():
        return None
    if not zipfile.is_zipfile(path):
        raise StageError(
            f"{path}: the checkpoint is cut short; delete {path.parent} to begin anew."
        )
    return path


def _has_bfloat16(device: str) -> bool:
    return device != "cpu" and torch.cuda.is_available() and torch.cuda.is_bf16_supported()


@contextmanager
def _quiet_lightning() -> Iterator[None]:
    """Suppress Lightning's advertisements; its errors and other warnings stay."""
    logger = logging.getLogger("pytorch_lightning")
    level = logger.level
    logger.setLevel(logging.ERROR)
    with warnings.catch_warnings():
        # The reader process decodes ahead: more loader workers would only copy pixels.
        warnings.filterwarnings("ignore", message=".*does not have many workers.*")
        # IterableDataset with __len__ is meant: a batch is what the stream yields.
        warnings.filterwarnings("ignore", message=".*has `__len__` defined.*")
        warnings.filterwarnings("ignore", message=".*Checkpoint directory.*exists.*")
        warnings.filterwarnings("ignore", message=".*Experiment logs directory.*exists.*")
        # Lightning's own look into torch, deprecated in newer torch.
        warnings.filterwarnings("ignore", message=".*isinstance.treespec, LeafSpec.*")
        try:
            yield
        finally:
            logger.setLevel(level)
