"""Methods with a teacher that follows the student slowly: MoCo, BYOL and DINO."""

import copy
import warnings
from collections.abc import Callable
from typing import cast

import torch
from lightly.loss import DINOLoss, NegativeCosineSimilarity, NTXentLoss
from lightly.models.modules import (
    BYOLPredictionHead,
    BYOLProjectionHead,
    DINOProjectionHead,
    MoCoProjectionHead,
)
from lightly.models.utils import deactivate_requires_grad, update_momentum
from lightly.utils.scheduler import cosine_schedule
from torch import Tensor, nn

from skinage.contrastive.methods.module import TEMPERATURE, ContrastiveModule
from skinage.contrastive.pairs.batch import TileBatch
from skinage.encoders.encoder import normalise

FIRST_MOMENTUM = 0.99  # short trainings: .996 would average over more steps than there are
N_LOCAL_CROPS = 2
N_PROTOTYPES = 1024


class WithTeacher(ContrastiveModule):
    """The base of methods whose teacher is a moving average of the student, backbone and head."""

    head: nn.Module
    predict: nn.Module
    loss: nn.Module

    def add_head(self, make: Callable[[], nn.Module]) -> None:
        """Make the head of the student, and a teacher that starts as a copy of the student."""
        # A second head, not a copy: heads with weight norm cannot be copied.
        with warnings.catch_warnings():
            # Lightly's heads use torch's older form of weight norm.
            warnings.filterwarnings("ignore", message=".*weight_norm. is deprecated.*")
            self.head, self.teacher_head = make(), make()
        self.teacher_head.load_state_dict(self.head.state_dict())
        self.teacher = copy.deepcopy(self.backbone)
        deactivate_requires_grad(self.teacher)
        deactivate_requires_grad(self.teacher_head)

    @torch.no_grad()
    def taught(self, images: Tensor) -> Tensor:
        """Return the projections of the teacher, without gradients."""
        return self.teacher_head(self.teacher(images))

    def compare(self, first: Tensor, second: Tensor, _batch: TileBatch) -> Tensor:
        """Return the loss between the student of each view and the teacher of the other."""
        both = torch.cat([first, second])
        student = self.predict(self.head(self.backbone(both))).chunk(2)
        teacher = self.taught(both).chunk(2)
        return (self.loss(student[0], teacher[1]) + self.loss(student[1], teacher[0])) / 2

    def on_train_batch_start(self, *_: object) -> None:
        """Move the teacher towards the student, by smaller steps as training goes on."""
        steps = int(self.trainer.estimated_stepping_batches)
        momentum = cosine_schedule(min(self.global_step, steps), steps, FIRST_MOMENTUM, 1)
        update_momentum(self.backbone, self.teacher, momentum)
        update_momentum(self.head, self.teacher_head, momentum)


class MoCo(WithTeacher):
    """MoCo: as SimCLR, with the other view seen by the teacher.

    He et al. 2020 (arXiv 1911.05722), in the form of Chen et al. 2021 (arXiv 2104.02057): negatives
    come from the batch. A queue of earlier batches would hold positives of the current tiles.
    """

    def build(self, dim: int) -> None:
        """Make projection head, its teacher, and NT-Xent with negatives of all processes."""
        self.add_head(lambda: MoCoProjectionHead(dim, max(dim // 2, 64), 128))
        self.predict = nn.Identity()
        self.loss = NTXentLoss(TEMPERATURE, gather_distributed=True)


class BYOL(WithTeacher):
    """BYOL: the student predicts the projection of the other view by the teacher; no negatives.

    Grill et al. 2020 (arXiv 2006.07733).
    """

    def build(self, dim: int) -> None:
        """Make projection head, its teacher, and a prediction head."""
        self.add_head(lambda: BYOLProjectionHead(dim, 4 * dim, 128))
        self.predict = BYOLPredictionHead(128, 4 * dim, 128)
        self.loss = NegativeCosineSimilarity()


class DINO(WithTeacher):
    """DINO: the student assigns views and small crops to the prototypes of the teacher.

    Caron et al. 2021 (arXiv 2104.14294).
    """

    def build(self, dim: int) -> None:
        """Make a projection head on prototypes and its teacher."""
        self.add_head(
            lambda: DINOProjectionHead(dim, 4 * dim, 128, N_PROTOTYPES, freeze_last_layer=1)
        )
        self.loss = DINOLoss(output_dim=N_PROTOTYPES)

    def compare(self, first: Tensor, second: Tensor, batch: TileBatch) -> Tensor:
        """Return the cross-entropy of prototypes between all different views."""
        both = torch.cat([first, second])
        teacher = self.taught(both).chunk(2)
        student = self.head(self.backbone(both)).chunk(2)
        crops = self.views.smaller()(batch.first, self.generator, copies=N_LOCAL_CROPS)
        local = self.head(self.backbone(normalise(crops, self.metadata))).chunk(N_LOCAL_CROPS)
        return self.loss(list(teacher), [*student, *local])

    def on_after_backward(self) -> None:
        """Keep the prototypes fixed in the first epoch, as in the paper."""
        head = cast(DINOProjectionHead, self.head)
        head.cancel_last_layer_gradients(current_epoch=self.current_epoch)
