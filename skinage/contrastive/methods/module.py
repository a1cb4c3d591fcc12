"""Contrastive methods as LightningModules, made of Lightly's losses, heads and schedules."""

import math
from typing import Any, ClassVar

import torch
from lightly.loss import BarlowTwinsLoss, NTXentLoss, VICRegLoss
from lightly.models.modules import BarlowTwinsProjectionHead, SimCLRProjectionHead
from lightly.models.modules.heads import VICRegProjectionHead
from lightly.utils import dist
from lightly.utils.scheduler import CosineWarmupScheduler
from pytorch_lightning import LightningModule
from torch import Tensor, nn

from skinage.contrastive.pairs.batch import TileBatch
from skinage.contrastive.views.protocol import Views
from skinage.encoders.encoder import normalise
from skinage.errors import StageError

LEARNING_RATE = 2e-3  # AdamW, at a batch of 256
WARMUP_SHARE = 0.1
TEMPERATURE = 0.2


class ContrastiveModule(LightningModule):
    """The base of all methods: views of pairs, optimiser and schedule, and a check of the loss.

    A subclass makes its heads and its loss in `build` and compares two views of every pair in
    `compare`.

    Parameters
    ----------
    backbone
        The module from ``(n, 3, h, w)`` to ``(n, dim)``.
    metadata
        The encoder's metadata; ``dim``, ``mean`` and ``std`` are used.
    views
        Draws the views of a pair.
    batch_size
        Pairs in a step, over all processes; the learning rate grows with its square root.
    seed
        Fixes the views of every epoch, also after a resume.

    Attributes
    ----------
    history
        A dict per finished epoch: ``epoch``, ``loss`` and measures of the features. It is part of a
        checkpoint, so that a resumed training shows the whole course.
    """

    sees_ages: ClassVar[bool] = False
    recipe = ""  # of the training that a checkpoint belongs to

    def __init__(
        self,
        backbone: nn.Module,
        metadata: dict[str, Any],
        views: Views,
        batch_size: int,
        *,
        seed: int,
    ) -> None:
        super().__init__()
        # Lightning leaves evaluation mode as it finds it; batch norm would stay frozen.
        self.backbone, self.metadata, self.views = backbone.train(), metadata, views
        self.batch_size, self.seed, self.generator = batch_size, seed, torch.Generator()
        self.history: list[dict[str, float]] = []
        self.build(metadata["dim"])

    def build(self, dim: int) -> None:
        """Make heads and loss for features of length ``dim``."""
        raise NotImplementedError

    def compare(self, first: Tensor, second: Tensor, batch: TileBatch) -> Tensor:
        """Return the loss of two normalised views, ``(n, 3, s, s)`` each."""
        raise NotImplementedError

    def on_train_epoch_start(self) -> None:
        """Fix order, views and dropout by seed and epoch alone, so that a resume repeats them."""
        loader: Any = self.trainer.train_dataloader
        loader.dataset.epoch = self.current_epoch
        seed = (self.seed * 100_003 + self.current_epoch) * 1009 + dist.rank()
        self.generator.manual_seed(seed)
        torch.manual_seed(seed)

    def training_step(self, batch: TileBatch, _step: int) -> Tensor:
        """Return the loss of a batch of pairs, or refuse one that is not finite."""
        loss = self.compare(*self.two_views(batch), batch)
        if not torch.isfinite(loss):
            raise StageError(
                f"training: the loss is {loss.item()} at step {self.global_step} (epoch "
                f"{self.current_epoch}); the last good checkpoint is kept. Lower the learning rate "
                "or take a larger batch."
            )
        self.log(
            "loss", loss, on_step=False, on_epoch=True, sync_dist=True, batch_size=len(batch.first)
        )
        return loss

    def two_views(self, batch: TileBatch) -> tuple[Tensor, Tensor]:
        """Return one view of each tile of every pair, normalised by the metadata."""
        if batch.second is None:
            views = self.views(batch.first, self.generator, copies=2)
        else:
            both = (self.views(tiles, self.generator) for tiles in (batch.first, batch.second))
            views = torch.cat(list(both))
        first, second = normalise(views, self.metadata).chunk(2)
        return first, second

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep the settings that the checkpoint belongs to, and the history so far."""
        checkpoint |= {"recipe": self.recipe, "history": self.history}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Refuse a checkpoint of other settings."""
        if checkpoint.get("recipe") != self.recipe:
            raise StageError(
                "training: the checkpoint to go on from is of other settings or tiles; give "
                "another folder as out, or delete the checkpoint to begin anew."
            )
        self.history = checkpoint["history"]

    def configure_optimizers(self) -> tuple[list, list]:
        """Return AdamW with a linear warm-up and a cosine to zero, step by step."""
        rate = LEARNING_RATE * math.sqrt(self.batch_size / 256)
        learning = [weight for weight in self.parameters() if weight.requires_grad]
        optimizer = torch.optim.AdamW(learning, lr=rate, weight_decay=1e-4)
        steps = int(self.trainer.estimated_stepping_batches)
        schedule = CosineWarmupScheduler(optimizer, max(1, int(WARMUP_SHARE * steps)), steps)
        return [optimizer], [{"scheduler": schedule, "interval": "step"}]


class OneNetwork(ContrastiveModule):
    """The base of methods that pass both views through one backbone and one head."""

    head: nn.Module
    loss: nn.Module

    def compare(self, first: Tensor, second: Tensor, _batch: TileBatch) -> Tensor:
        """Return the loss of the projections, with negatives or statistics of all processes."""
        return self.loss(*self.head(self.backbone(torch.cat([first, second]))).chunk(2))


class SimCLR(OneNetwork):
    """SimCLR: two views of a pair attract each other and repel those of all other tiles.

    Chen et al. 2020 (arXiv 2002.05709).
    """

    def build(self, dim: int) -> None:
        """Make projection head and NT-Xent."""
        self.head = SimCLRProjectionHead(dim, max(dim // 2, 64), 128)
        self.loss = NTXentLoss(TEMPERATURE, gather_distributed=True)


class BarlowTwins(OneNetwork):
    """Barlow Twins: each feature agrees between two views and correlates with no other feature.

    Zbontar et al. 2021 (arXiv 2103.03230).
    """

    def build(self, dim: int) -> None:
        """Make projection head and the loss of the cross-correlation against the identity."""
        self.head = BarlowTwinsProjectionHead(dim, 4 * dim, 4 * dim)
        self.loss = BarlowTwinsLoss(gather_distributed=True)


class VICReg(OneNetwork):
    """VICReg: two views agree; features keep their variance and lose their covariance.

    Bardes et al. 2022 (arXiv 2105.04906).
    """

    def build(self, dim: int) -> None:
        """Make projection head and the terms of invariance, variance and covariance."""
        self.head = VICRegProjectionHead(dim, 4 * dim, 4 * dim)
        self.loss = VICRegLoss(gather_distributed=True)
