"""Contrastive methods as LightningModules, from Lightly's losses, heads and schedules."""

import math
from typing import Any

import torch
from lightly.loss import NTXentLoss
from lightly.models.modules import SimCLRProjectionHead
from lightly.utils.scheduler import CosineWarmupScheduler
from pytorch_lightning import LightningModule
from torch import Tensor, nn

from skinage.contrastive.encoder import normalise
from skinage.contrastive.views import HistologyViews
from skinage.errors import StageError

LEARNING_RATE = 2e-3  # AdamW, at a batch of 256
WARMUP_SHARE = 0.1


class SimCLR(LightningModule):
    """Two views of a tile shall lie nearer to each other than to any other tile.

    Chen et al. 2020 (arXiv 2002.05709), with views made for histology.

    Parameters
    ----------
    backbone
        ``(n, 3, h, w)`` to ``(n, dim)``.
    card
        The encoder's card: ``dim``, ``mean``, ``std``.
    batch_size
        Tiles in a batch; the learning rate goes with its square root.
    seed
        Fixes the views of every epoch, also after a resume.
    """

    def __init__(self, backbone: nn.Module, card: dict, batch_size: int, seed: int) -> None:
        super().__init__()
        # Lightning leaves evaluation mode as it finds it; batch norm would stay frozen.
        self.backbone, self.card = backbone.train(), card
        self.head = SimCLRProjectionHead(card["dim"], card["dim"] // 2, 128)
        self.loss = NTXentLoss(temperature=0.2, gather_distributed=False)
        self.views, self.generator = HistologyViews(), torch.Generator()
        self.batch_size, self.seed = batch_size, seed

    def on_train_epoch_start(self) -> None:
        """Draw order and views from the seed and the epoch alone, so that a resume repeats them."""
        loader: Any = self.trainer.train_dataloader
        loader.dataset.epoch = self.current_epoch
        self.generator.manual_seed(self.seed * 100_003 + self.current_epoch)

    def training_step(self, pixels: Tensor, _step: int) -> Tensor:
        """Loss of a batch of ``(n, 3, h, w)`` uint8 tiles."""
        views = torch.cat([self.views(pixels, self.generator) for _ in range(2)])
        projected = self.head(self.backbone(normalise(views, self.card)))
        loss = self.loss(*projected.chunk(2))
        if not torch.isfinite(loss):
            raise StageError(
                f"training: the loss is {loss.item()} at step {self.global_step} (epoch "
                f"{self.current_epoch}); the last good checkpoint is kept. Lower the learning rate."
            )
        self.log("loss", loss, on_step=False, on_epoch=True, batch_size=len(pixels))
        return loss

    def configure_optimizers(self) -> tuple[list, list]:
        """AdamW with a warm-up and a cosine to zero, step by step."""
        rate = LEARNING_RATE * math.sqrt(self.batch_size / 256)
        optimizer = torch.optim.AdamW(self.parameters(), lr=rate, weight_decay=1e-4)
        steps = int(self.trainer.estimated_stepping_batches)
        schedule = CosineWarmupScheduler(optimizer, max(1, int(WARMUP_SHARE * steps)), steps)
        return [optimizer], [{"scheduler": schedule, "interval": "step"}]
