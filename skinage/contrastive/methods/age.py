"""Methods that use ages. Their encoders carry marks of the people whose ages they saw."""

import torch
from lightly.models.modules import SimCLRProjectionHead
from lightly.utils import dist
from torch import Tensor
from torch.nn import functional

from skinage.contrastive.methods.module import TEMPERATURE, ContrastiveModule
from skinage.contrastive.pairs.batch import TileBatch

AGE_REACH_YEARS = 5.0
RANK_TEMPERATURE = 2.0


class YAware(ContrastiveModule):
    """y-aware InfoNCE: tiles attract each other the more, the closer the ages of their people.

    Dufumier et al. 2021 (arXiv 2106.08808).
    """

    sees_ages = True

    def build(self, dim: int) -> None:
        """Make the projection head."""
        self.head = SimCLRProjectionHead(dim, max(dim // 2, 64), 128)

    def compare(self, first: Tensor, second: Tensor, batch: TileBatch) -> Tensor:
        """Return y-aware InfoNCE of the projections of both views."""
        projected = self.head(self.backbone(torch.cat([first, second])))
        return y_aware_loss(*gathered(projected, batch.ages_years.repeat(2)))


class RankNContrast(ContrastiveModule):
    """Rank-N-Contrast: distances between features are ordered as differences of ages.

    Zha et al. 2023 (arXiv 2210.01189), on the features themselves, without a head.
    """

    sees_ages = True

    def build(self, _dim: int) -> None:
        """Make nothing: the method has no head."""

    def compare(self, first: Tensor, second: Tensor, batch: TileBatch) -> Tensor:
        """Return Rank-N-Contrast of the features of both views."""
        features = self.backbone(torch.cat([first, second]))
        return rank_n_contrast_loss(*gathered(features, batch.ages_years.repeat(2)))


def y_aware_loss(
    projected: Tensor,
    ages_years: Tensor,
    reach_years: float = AGE_REACH_YEARS,
    temperature: float = TEMPERATURE,
) -> Tensor:
    """Compute y-aware InfoNCE (Dufumier 2021, equation 3), each row against all others.

    Parameters
    ----------
    projected
        ``(n, dim)`` projections; they are scaled to unit length.
    ages_years
        ``(n,)`` ages in years.
    reach_years
        Standard deviation of the Gaussian kernel on the difference of ages, in years.
    temperature
        Divisor of the cosine similarity.
    """
    unit = functional.normalize(projected.float(), dim=1)
    others = ~torch.eye(len(unit), dtype=torch.bool, device=unit.device)
    similarity = (unit @ unit.T / temperature).masked_fill(~others, -torch.inf)
    difference = ages_years[:, None] - ages_years[None, :]
    weight = torch.exp(-0.5 * (difference / reach_years) ** 2) * others
    log_share = functional.log_softmax(similarity, dim=1).masked_fill(~others, 0.0)
    return -(weight * log_share).sum(1).div(weight.sum(1).clamp(min=1e-12)).mean()


def rank_n_contrast_loss(
    features: Tensor, ages_years: Tensor, temperature: float = RANK_TEMPERATURE
) -> Tensor:
    """Compute Rank-N-Contrast (Zha 2023, equation 1).

    For an anchor and another row, the negatives are all rows at least as far from the anchor in
    age.

    Parameters
    ----------
    features
        ``(n, dim)`` features; similar means a small Euclidean distance.
    ages_years
        ``(n,)`` ages in years.
    temperature
        Divisor of the negative distance.
    """
    n = len(features)
    features = features.float()
    # The other ways to a distance have no gradient where it is 0 (the anchor and itself).
    distance = torch.cdist(features, features, compute_mode="donot_use_mm_for_euclid_dist")
    others = ~torch.eye(n, dtype=torch.bool, device=features.device)
    similarity = -distance[others].view(n, n - 1) / temperature
    apart = (ages_years[:, None] - ages_years[None]).abs()[others].view(n, n - 1)
    apart, order = apart.sort(dim=1, descending=True)  # the farthest in age first
    similarity = similarity.gather(1, order)
    negatives = torch.logcumsumexp(similarity, dim=1)
    # Rows of equal distance in age are each other's negatives: take the sum up to the last of them.
    last = torch.searchsorted(-apart, -apart, right=True) - 1
    return (negatives.gather(1, last) - similarity).mean()


def gathered(features: Tensor, ages_years: Tensor) -> tuple[Tensor, Tensor]:
    """Return the features and ages of all processes, with gradients."""
    if dist.world_size() == 1:
        return features, ages_years
    return torch.cat(dist.gather(features)), torch.cat(dist.gather(ages_years))
