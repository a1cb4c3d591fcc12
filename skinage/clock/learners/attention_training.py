"""Training of attention: gated attention pooling with a linear head, from ridge onwards."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from skinage.clock.learners.attention_model import AttentionSettings
from skinage.clock.learners.base import standardise
from skinage.clock.learners.ridge import Ridge
from skinage.people.person_tiles import Tiles
from skinage.threads import one_thread

MOST_TILES_HELD_OUT = 200
"""Tiles of a held-out person: enough to measure an error, few enough to keep in memory."""


@dataclass(frozen=True, eq=False)
class Bags:
    """Tiles of training people, standardised when they are taken.

    Attributes
    ----------
    tiles
        Of n_people people.
    mean, scale
        ``(dim,)``, of their tiles.
    pooled
        ``(n_people, dim)``, the mean of each one's standardised tiles.
    target
        ``(n_people,)``, ages of mean 0 and standard deviation 1.
    """

    tiles: Tiles
    mean: np.ndarray
    scale: np.ndarray
    pooled: np.ndarray
    target: np.ndarray

    def draw(
        self, people: np.ndarray, most: int, generator: np.random.Generator
    ) -> tuple[Tensor, Tensor]:
        """Draw at most so many tiles of each person.

        Returns
        -------
        tuple
            Tiles ``(n, most, dim)`` float32, and which of them are there ``(n, most)``; a person
            with fewer is filled up with copies of a tile, which do not count.
        """
        drawn = [generator.permutation(self.tiles.rows[person])[:most] for person in people]
        n_tiles = np.array([len(rows) for rows in drawn])
        place = np.arange(n_tiles.max())
        filled = np.stack([rows[np.minimum(place, len(rows) - 1)] for rows in drawn])
        values = (self.tiles.features[filled] - self.mean) / self.scale
        return torch.from_numpy(values.astype(np.float32)), torch.from_numpy(
            place < n_tiles[:, None]
        )


class Net(nn.Module):
    """Weigh tiles, then a linear head on their weighted mean; at first ridge on the plain mean."""

    mean: Tensor
    scale: Tensor

    def __init__(
        self, pooled: np.ndarray, target: np.ndarray, hidden: int, generator: np.random.Generator
    ) -> None:
        super().__init__()
        mean, scale = standardise(pooled)
        ridge = Ridge().regression((pooled - mean) / scale, target)
        dim = pooled.shape[1]
        # Own draws leave torch's own generator as it was.
        content, gate = generator.normal(0, dim**-0.5, (2, hidden, dim))
        self.content, self.gate = _parameter(content), _parameter(gate)
        self.content_bias = nn.Parameter(torch.zeros(hidden))
        self.gate_bias = nn.Parameter(torch.zeros(hidden))
        # Without importance all tiles weigh the same.
        self.importance = nn.Parameter(torch.zeros(hidden))
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32))
        self.register_buffer("scale", torch.tensor(scale, dtype=torch.float32))
        self.coefficients = _parameter(ridge.coef_)
        self.intercept = _parameter(np.asarray(ridge.intercept_))
        self.penalty = float(ridge.alpha_) / len(target)

    def forward(self, tiles: Tensor, present: Tensor) -> Tensor:
        """Tiles ``(n, most, dim)`` to targets ``(n,)``; Ilse et al. 2018, equation 9."""
        content = torch.tanh(tiles @ self.content.T + self.content_bias)
        gate = torch.sigmoid(tiles @ self.gate.T + self.gate_bias)
        logits = (content * gate) @ self.importance
        weights = torch.softmax(logits.masked_fill(~present, -torch.inf), dim=1)
        pooled = torch.einsum("nt,ntd->nd", weights, tiles)
        return (pooled - self.mean) / self.scale @ self.coefficients + self.intercept

    def loss(self, tiles: Tensor, present: Tensor, target: Tensor) -> Tensor:
        """Compute the squared error with ridge's own penalty, so that the start is its minimum."""
        error = ((self(tiles, present) - target) ** 2).mean()
        return error + self.penalty * (self.coefficients**2).sum()

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the parameters, with the head for standardised tiles."""
        values = {name: one.detach().cpu().numpy().copy() for name, one in self.named_parameters()}
        coefficients = values["coefficients"] / self.scale.cpu().numpy()
        intercept = values["intercept"] - self.mean.cpu().numpy() @ coefficients
        return values | {"coefficients": coefficients, "intercept": np.asarray(intercept)}


def _parameter(values: np.ndarray) -> nn.Parameter:
    return nn.Parameter(torch.tensor(values, dtype=torch.float32))


def train(
    settings: AttentionSettings, bags: Bags, held_out: np.ndarray, seeds: list[int]
) -> tuple[list[dict[str, np.ndarray]], np.ndarray]:
    """Train on some people and watch the others.

    Parameters
    ----------
    settings
        How fast, how long.
    bags
        Everybody's tiles.
    held_out
        ``(n_people,)``, marks those to be watched.
    seeds
        Of the start and of the draws.

    Returns
    -------
    tuple
        The net's arrays before the first epoch and after each, and what it then predicts for the
        people held out, ``(n_epochs + 1, n_held_out)``.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    generator = np.random.default_rng(seeds)
    kept = np.flatnonzero(~held_out)
    net = Net(bags.pooled[kept], bags.target[kept], settings.hidden, generator).to(device)
    watched = bags.draw(np.flatnonzero(held_out), MOST_TILES_HELD_OUT, generator)
    watched = watched[0].to(device), watched[1].to(device)
    optimizer = _optimizer(net, settings)
    found, predicted = [], []
    with one_thread():
        for epoch in range(settings.n_epochs + 1):
            if epoch:
                _epoch(net, bags, kept, optimizer, settings, generator)
            found.append(net.arrays())
            with torch.inference_mode():
                predicted.append(net(*watched).cpu().numpy())
    return found, np.stack(predicted)


def _optimizer(net: Net, settings: AttentionSettings) -> torch.optim.Optimizer:
    """AdamW; the head has ridge's penalty already."""
    head = [net.coefficients, net.intercept]
    weighing = [net.content, net.content_bias, net.gate, net.gate_bias, net.importance]
    groups = [
        {"params": weighing, "weight_decay": settings.weight_decay},
        {"params": head, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=settings.learning_rate)


def _epoch(
    net: Net,
    bags: Bags,
    kept: np.ndarray,
    optimizer: torch.optim.Optimizer,
    settings: AttentionSettings,
    generator: np.random.Generator,
) -> None:
    """See each person once, a random part of the tiles."""
    n_steps = max(1, round(len(kept) / settings.n_people))
    for people in np.array_split(generator.permutation(kept), n_steps):
        tiles, present = bags.draw(people, settings.n_tiles, generator)
        target = torch.tensor(bags.target[people], dtype=torch.float32)
        device = net.importance.device
        loss = net.loss(tiles.to(device), present.to(device), target.to(device))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
