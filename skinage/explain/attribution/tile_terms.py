"""A person's predicted age as a function of numbers that are averaged over the person's tiles.

Mean and spread follow from the averages of ``x`` and ``x ** 2``; attention follows from those of
``w`` and ``w * x``, with ``w`` the weight of a tile before all weights are made to add up to 1. So
tiles can be left out, exchanged or put in one by one by adding numbers.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from skinage.clock.clock import Clock
from skinage.clock.learners.attention_net import AttentionModel
from skinage.clock.learners.ridge import LinearModel
from skinage.errors import StageError
from skinage.people.clock_inputs import ClockInputs

LEAST_VARIANCE = 1e-14
"""A variance below this part of the mean square is rounding: its root has no slope."""
SEX_CODES = {"M": 1.0, "F": 0.0}


class TileTerms(nn.Module, ABC):
    """What is averaged over tiles, and the age that follows from the averages; in float64."""

    differentiable = True

    @abstractmethod
    def terms(self, embeddings: Tensor) -> Tensor:
        """Return the terms ``(..., k)`` of tiles ``(..., dim)``."""

    @abstractmethod
    def years(self, averages: Tensor) -> Tensor:
        """Return the ages ``(...)`` of people whose tiles have these averages ``(..., k)``."""

    def age(self, embeddings: Tensor) -> Tensor:
        """Return the ages ``(...)`` of people with these tiles ``(..., n_tiles, dim)``."""
        return self.years(self.terms(embeddings).mean(dim=-2))


class MomentTerms(TileTerms):
    """Terms of a clock on mean and spread.

    Parameters
    ----------
    clock
        Its features are mean and std of an encoder's features.
    centre
        ``(dim,)`` in the midst of the tiles: spread loses no digits where it is small against it.
    sex
        "F", "M" or None, for a clock that uses it.
    """

    centre: Tensor
    weights: Tensor

    def __init__(self, clock: Clock, centre: Tensor, sex: str | None = None) -> None:
        super().__init__()
        self.columns = _columns(clock, len(centre))
        self.model, self.sex_male = clock.model, SEX_CODES.get(str(sex), np.nan)
        self.differentiable = isinstance(clock.model, LinearModel)
        self.register_buffer("centre", centre.double())
        weights, self.constant = torch.zeros(2 * len(centre), dtype=torch.float64), 0.0
        if isinstance(clock.model, LinearModel):
            years_per_unit = clock.model.coefficients / clock.model.scale
            weights[self.columns] = torch.from_numpy(years_per_unit)
            self.constant = float(clock.model.intercept - clock.model.mean @ years_per_unit)
        self.register_buffer("weights", weights)

    def terms(self, embeddings: Tensor) -> Tensor:
        """Return distance from the centre and its square, ``(..., 2 * dim)``."""
        distance = embeddings.to(self.centre) - self.centre
        return torch.cat([distance, distance**2], dim=-1)

    def years(self, averages: Tensor) -> Tensor:
        """Return the ages ``(...)`` of people whose tiles have these averages."""
        shift, square = averages.chunk(2, dim=-1)
        variance = square - shift**2
        # The root's slope at 0 is infinite: there, as for a single tile, the gradient shall be 0.
        positive = variance > LEAST_VARIANCE * square
        std = torch.where(positive, variance, 1.0).sqrt() * positive
        moments = torch.cat([self.centre + shift, std], dim=-1)
        if self.differentiable:
            return self.constant + moments @ self.weights
        features = moments[..., self.columns].detach().cpu().numpy()
        rows = features.reshape(-1, features.shape[-1])
        ages = self.model.predict(ClockInputs(rows, np.full(len(rows), self.sex_male)))
        return torch.from_numpy(np.asarray(ages, float).reshape(features.shape[:-1])).to(averages)


class AttentionTerms(TileTerms):
    """Terms of an attention clock.

    Parameters
    ----------
    model
        The net of the clock.
    """

    def __init__(self, model: AttentionModel) -> None:
        super().__init__()
        # A copy: the clock stays where it is when this module moves to another device.
        self.model = AttentionModel.of(model.arrays())

    def terms(self, embeddings: Tensor) -> Tensor:
        """Return weight, and weight times standardised features, ``(..., 1 + dim)``."""
        net = self.model
        tiles = (embeddings.to(net.tile_mean) - net.tile_mean) / net.tile_scale
        gated = torch.tanh(net.content(tiles)) * torch.sigmoid(net.gate(tiles))
        weight = net.importance(gated).exp()
        return torch.cat([weight, weight * tiles], dim=-1)

    def years(self, averages: Tensor) -> Tensor:
        """Return the ages ``(...)`` of people whose tiles have these averages."""
        pooled = averages[..., 1:] / averages[..., :1]
        return self.model.head(pooled / self.model.person_scale).squeeze(-1)


def tile_terms(clock: Clock, centre: Tensor, sex: str | None = None) -> TileTerms:
    """Return the terms of a clock; arguments as for `MomentTerms`.

    Raises
    ------
    StageError
        If the clock does not go by mean and spread, or by attention, or was fitted on features of
        another width.
    """
    if not isinstance(clock.model, AttentionModel):
        return MomentTerms(clock, centre, sex)
    dim = len(clock.model.tile_mean)
    if dim != len(centre):
        raise StageError(
            f"attribution: the clock takes {dim} features of a tile, and the encoder gives "
            f"{len(centre)}; give the encoder that the clock's tiles were embedded with"
        )
    return AttentionTerms(clock.model)


def _columns(clock: Clock, dim: int) -> list[int]:
    """Return where the clock's features stand among ``dim`` means and then ``dim`` stds."""
    names: Sequence[str] = clock.feature_names
    statistics = clock.metadata.get("statistics")
    if statistics is not None:
        numbers = [name.removeprefix("tile_") for name in names]
        names = [f"{statistic}_{number}" for statistic in statistics for number in numbers]
    columns = []
    for name in names:
        statistic, _, number = name.partition("_")
        if statistic not in ("mean", "std") or not number.isdigit() or int(number) >= dim:
            raise StageError(
                f"attribution: the clock has the feature {name!r}; expected mean_0000 or std_0000 "
                f"up to {dim - 1:04d}, the width of this encoder. Fit the clock on people pooled "
                "by mean and std from this encoder's embeddings."
            )
        columns.append(int(number) + dim * (statistic == "std"))
    return columns
