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
    """A method whose teacher, backbone and head, is a moving average of the student."""

    head: nn.Module

    def add_head(self, make: Callable[[], nn.Module]) -> None:
        """Make the student's head, and a teacher that starts as the student is."""
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
        """Give the teacher's projections."""
        return self.teacher_head(self.teacher(images))

    def on_train_batch_start(self, *_: object) -> None:
        """Let the teacher follow, the slower the later."""
        steps = int(self.trainer.estimated_stepping_batches)
        momentum = cosine_schedule(min(self.global_step, steps), steps, FIRST_MOMENTUM, 1)
        update_momentum(self.backbone, self.teacher, momentum)
        update_momentum(self.head, self.teacher_head, momentum)


class MoCo(WithTeacher):
    """As SimCLR, with the second view seen by the teacher.

    He et al. 2020 (arXiv 1911.05722), in the form of Chen et al. 2021 (arXiv 2104.02057): negatives
    come from the batch. A queue of earlier batches would hold tiles that belong with those at hand.
    """

    def build(self, dim: int) -> None:
        """Projection head, its teacher, and NT-Xent with negatives of all processes."""
        self.add_head(lambda: MoCoProjectionHead(dim, max(dim // 2, 64), 128))
        self.loss = NTXentLoss(TEMPERATURE, gather_distributed=True)

    def compare(self, first: Tensor, second: Tensor, _batch: TileBatch) -> Tensor:
        """NT-Xent between the student's view and the teacher's, both ways."""
        student = self.head(self.backbone(torch.cat([first, second]))).chunk(2)
        teacher = self.taught(torch.cat([first, second])).chunk(2)
        return (self.loss(student[0], teacher[1]) + self.loss(student[1], teacher[0])) / 2


class BYOL(WithTeacher):
    """The student predicts what the teacher makes of the other view; no negatives.

    Grill et al. 2020 (arXiv 2006.07733).
    """

    def build(self, dim: int) -> None:
        """Projection head, its teacher, and a prediction head."""
        self.add_head(lambda: BYOLProjectionHead(dim, 4 * dim, 128))
        self.predict = BYOLPredictionHead(128, 4 * dim, 128)
        self.loss = NegativeCosineSimilarity()

    def compare(self, first: Tensor, second: Tensor, _batch: TileBatch) -> Tensor:
        """Negative cosine similarity of prediction and teacher, both ways."""
        both = torch.cat([first, second])
        student = self.predict(self.head(self.backbone(both))).chunk(2)
        teacher = self.taught(both).chunk(2)
        return (self.loss(student[0], teacher[1]) + self.loss(student[1], teacher[0])) / 2


class DINO(WithTeacher):
    """The student, from small crops too, finds the prototypes that the teacher finds.

    Caron et al. 2021 (arXiv 2104.14294).
    """

    def build(self, dim: int) -> None:
        """Projection head on prototypes and its teacher."""
        self.add_head(
            lambda: DINOProjectionHead(dim, 4 * dim, 128, N_PROTOTYPES, freeze_last_layer=1)
        )
        self.loss = DINOLoss(output_dim=N_PROTOTYPES)

    def compare(self, first: Tensor, second: Tensor, batch: TileBatch) -> Tensor:
        """Cross-entropy of prototypes between all views but the same."""
        both = torch.cat([first, second])
        teacher = self.taught(both).chunk(2)
        student = self.head(self.backbone(both)).chunk(2)
        crops = self.views.smaller()(batch.first, self.generator, copies=N_LOCAL_CROPS)
        local = self.head(self.backbone(normalise(crops, self.metadata))).chunk(N_LOCAL_CROPS)
        return self.loss(list(teacher), [*student, *local])

    def on_after_backward(self) -> None:
        """Keep the prototypes where they are in the first epoch, as the paper does."""
        head = cast(DINOProjectionHead, self.head)
        head.cancel_last_layer_gradients(current_epoch=self.current_epoch)
