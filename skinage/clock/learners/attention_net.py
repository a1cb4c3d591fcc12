"""The net of attention: gated attention pooling with a linear head, trained from ridge onwards."""

from collections.abc import Iterator, Mapping

import numpy as np
import torch
from torch import Tensor, nn

from skinage.clock.learners.attention_settings import AttentionSettings
from skinage.clock.learners.base import standardise, tuning_folds
from skinage.clock.learners.ridge import Ridge
from skinage.people.clock_inputs import ClockInputs
from skinage.people.person_tiles import Tiles
from skinage.people.pooling import Pooling


class AttentionModel(nn.Module):
    """A net that weighs a person's tiles; the age is linear in their weighted mean.

    ``tile_mean`` and ``tile_scale`` ``(dim,)`` standardise tiles; ``person_scale`` is the SD of the
    mean of a person's standardised tiles.
    """

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.content, self.gate = nn.Linear(dim, hidden), nn.Linear(dim, hidden)
        self.importance = nn.Linear(hidden, 1, bias=False)
        self.head = nn.Linear(dim, 1)
        self.tile_mean, self.tile_scale, self.person_scale = (
            nn.Parameter(torch.ones(dim), requires_grad=False) for _ in range(3)
        )

    def forward(self, tiles: Tensor) -> tuple[Tensor, Tensor]:
        """Return ages ``(...)`` and weights of tiles ``(..., n_tiles)``, which sum to 1.

        Parameters
        ----------
        tiles
            ``(..., n_tiles, dim)``, not standardised.
        """
        tiles = (tiles - self.tile_mean) / self.tile_scale
        gated = torch.tanh(self.content(tiles)) * torch.sigmoid(self.gate(tiles))
        weights = torch.softmax(self.importance(gated).squeeze(-1), dim=-1)
        pooled = torch.einsum("...t,...td->...d", weights, tiles)
        return self.head(pooled / self.person_scale).squeeze(-1), weights

    def predict(self, inputs: ClockInputs) -> np.ndarray:
        """Predict ages in years, each person independently of the others."""
        return np.array([float(age) for age, _ in self._each(inputs.person_tiles())])

    def attention(self, inputs: ClockInputs) -> list[np.ndarray]:
        """Compute the weight of each tile, ``(n_tiles,)`` per person; they sum to 1.

        The tiles are in the order of ``inputs.tiles.rows``.
        """
        return [weights.numpy() for _, weights in self._each(inputs.person_tiles())]

    def _each(self, tiles: Tiles) -> Iterator[tuple[Tensor, Tensor]]:
        return (self(torch.from_numpy(tiles.features[rows]).double()) for rows in tiles.rows)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the parameters."""
        return {name: value.numpy() for name, value in self.state_dict().items()}

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray]) -> "AttentionModel":
        """Return the model that has these parameters, in float64, and is trained no more."""
        hidden, dim = arrays["content.weight"].shape
        with torch.device("meta"):  # no random numbers are drawn
            model = cls(dim, hidden)
        values = {name: torch.tensor(value).double() for name, value in arrays.items()}
        model.load_state_dict(values, assign=True)
        return model.requires_grad_(requires_grad=False)


def draw(tiles: Tiles, people: np.ndarray, n: int, generator: np.random.Generator) -> Tensor:
    """Draw n tiles of each of the people, with replacement: ``(n_people, n, dim)``."""
    rows = [generator.choice(tiles.rows[person], n) for person in people]
    return torch.from_numpy(tiles.features[np.stack(rows)])


def ridge_start(
    tiles: Tiles, target: np.ndarray, hidden: int, seed: int, fold: np.ndarray | None = None
) -> tuple[AttentionModel, float]:
    """Return a net that is ridge regression on the mean of tiles, and the penalty of its head.

    All tiles weigh the same, because the importance of the hidden units is 0. With the penalty
    times the sum of squares of its weights, the head is at its least loss. Each person has the
    same weight in the mean and scale of tiles, whatever the number of tiles. ``fold`` as for
    `Ridge.regression`.
    """
    pooled, spread = np.split(Pooling(("mean", "std")).transform(tiles), 2, axis=1)
    mean, between = standardise(pooled)
    scale = np.sqrt((spread**2).mean(axis=0) + pooled.var(axis=0))
    scale[scale == 0] = 1.0
    ridge = Ridge().regression((pooled - mean) / between, target, fold)
    start = {
        "importance.weight": np.zeros((1, hidden)), "head.weight": ridge.coef_[None],
        "head.bias": [ridge.intercept_], "tile_mean": mean, "tile_scale": scale,
        "person_scale": between / scale,
    }  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = AttentionModel(len(mean), hidden)
    net.load_state_dict({name: torch.tensor(one) for name, one in start.items()}, strict=False)
    return net, float(ridge.alpha_) / len(target)


def train(
    settings: AttentionSettings, inputs: ClockInputs, target: np.ndarray, seed: int
) -> Iterator[AttentionModel]:
    """Train on people; the net is returned before the first epoch and after each.

    Parameters
    ----------
    settings
        The learner, which says how fast and how long.
    inputs, target
        These people with their tiles, and their ages ``(n_people,)`` float32, of about mean 0 and
        SD 1.
    seed
        Seed of the start and of the draws.
    """
    generator = np.random.default_rng(seed)
    tiles = inputs.person_tiles()
    fold = None if inputs.groups is None else tuning_folds(inputs, target, seed)
    net, penalty = ridge_start(tiles, target, settings.hidden, seed, fold)
    weighing = nn.ModuleList([net.content, net.gate, net.importance]).parameters()
    optimizer = torch.optim.AdamW([
        {"params": weighing, "weight_decay": settings.weight_decay},
        {"params": net.head.parameters(), "weight_decay": 0.0},
    ], lr=settings.learning_rate)  # fmt: skip
    yield net
    n_steps = max(1, round(len(target) / settings.n_people))
    for _ in range(settings.n_epochs):
        for people in np.array_split(generator.permutation(len(target)), n_steps):
            predicted, _ = net(draw(tiles, people, settings.n_tiles, generator))
            error = predicted - torch.from_numpy(target[people])
            loss = (error**2).mean() + penalty * (net.head.weight**2).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        yield net
