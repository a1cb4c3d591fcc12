"""Linear heads on people's features: penalised, the penalty chosen by training people only."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from skinage.threads import one_thread
from skinage.transfer.targets import Target

N_INNER_FOLDS = 5
PENALTIES = np.logspace(3, -3, 13)
"""Times the number of features, with which the Gram matrix grows; the strongest first."""
HOPELESS = 1.5
"""Times the loss of the strongest penalty: weaker ones overfit still more, and take longest."""


class Head(nn.Module):
    """Standardise features as the training people's, then a weighted sum per output."""

    mean: Tensor
    scale: Tensor

    def __init__(
        self, mean: Tensor, scale: Tensor, weight: Tensor, bias: Tensor, penalty: float
    ) -> None:
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("scale", scale)
        self.weight, self.bias, self.penalty = nn.Parameter(weight), nn.Parameter(bias), penalty

    def forward(self, features: Tensor) -> Tensor:
        """Features ``(n, dim)`` to outputs ``(n, n_outputs)`` float64."""
        return (features.double() - self.mean) / self.scale @ self.weight + self.bias

    def outputs(self, features: np.ndarray) -> np.ndarray:
        """Give the outputs of features ``(n, dim)`` as an array."""
        with torch.inference_mode():
            return self(torch.from_numpy(features).to(self.mean)).cpu().numpy()


def fit_head(
    features: np.ndarray, values: np.ndarray, target: Target, penalty: float | None = None
) -> Head:
    """Fit a head: least ``loss + penalty / 2 * sum(weight**2)``, features standardised.

    Of a number this is ridge regression with ``alpha = penalty``, of a class logistic regression
    with ``C = 1 / penalty``.

    Parameters
    ----------
    features
        ``(n_people, dim)``.
    values
        ``(n_people, ...)`` as the target's ``values`` gives them.
    target
        What is learnt; centre and spread as of these people.
    penalty
        If not given, of a grid the one with the least loss of people held out of these.
    """
    mean, scale = features.mean(axis=0), features.std(axis=0)
    scale[scale == 0] = 1
    standardised, known = torch.from_numpy((features - mean) / scale), torch.from_numpy(values)
    with one_thread():
        if penalty is None:
            penalty = _best_penalty(standardised, known, target)
        weight, bias = next(_fits(standardised, known, target, [penalty]))
    return Head(torch.from_numpy(mean), torch.from_numpy(scale), weight, bias, penalty)


def _best_penalty(features: Tensor, values: Tensor, target: Target) -> float:
    """Take the penalty with the least loss of held-out people.

    Their loss is everybody's less that of the others, which also serves where a person alone has
    none, as in Cox regression (Verweij and van Houwelingen 1993, Stat Med 12:2305).
    """
    penalties = [float(penalty) for penalty in features.shape[1] * PENALTIES]
    # Neighbours in the target go to different parts: each gets some of every class, every event.
    part = np.empty(len(values), int)
    part[np.lexsort(values.numpy().T)] = np.arange(len(values)) % N_INNER_FOLDS
    kept = [torch.from_numpy(part != one) for one in np.unique(part)]
    paths = [_fits(features[some], values[some], target, penalties) for some in kept]
    held_out: list[float] = []
    for fits in zip(*paths, strict=True):
        held_out.append(0.0)
        for some, (weight, bias) in zip(kept, fits, strict=True):
            outputs = features @ weight + bias
            loss = target.loss(outputs, values) - target.loss(outputs[some], values[some])
            held_out[-1] += loss.item()
        if held_out[-1] > HOPELESS * held_out[0]:
            break
    return penalties[int(np.nanargmin(held_out))]


def _fits(
    features: Tensor, values: Tensor, target: Target, penalties: Sequence[float]
) -> Iterator[tuple[Tensor, Tensor]]:
    """Give weight and bias for each penalty in turn, each fit from the one before."""
    # In principal axes the fit is the same, needs no more unknowns than there are people, and
    # starts with a curvature that is known: of ridge regression 1 in every direction.
    mean = features.mean(0)
    left, length, axes = torch.linalg.svd(features - mean, full_matrices=False)
    weight = torch.zeros(len(length), target.n_outputs).double()
    bias = torch.zeros(target.n_outputs).double()
    for penalty in penalties:
        weight, bias = _minimise(left * length, values, target, penalty, (weight, bias))
        yield axes.T @ weight, bias - mean @ axes.T @ weight


def _minimise(
    placed: Tensor, values: Tensor, target: Target, penalty: float, start: tuple[Tensor, Tensor]
) -> tuple[Tensor, Tensor]:
    """Give weight and bias of the least penalised loss, by L-BFGS."""
    scale = 1 / torch.sqrt((placed**2).sum(0) + penalty)[:, None]
    bias_scale = 1 / np.sqrt(len(placed))
    weight = (start[0] / scale).requires_grad_()
    bias = (start[1] / bias_scale).requires_grad_()
    optimizer = torch.optim.LBFGS(
        [weight, bias], max_iter=300, tolerance_grad=1e-6, tolerance_change=1e-12,
        history_size=20, line_search_fn="strong_wolfe",
    )  # fmt: skip

    def penalised() -> Tensor:
        optimizer.zero_grad()
        scaled = weight * scale
        loss = target.loss(placed @ scaled + bias * bias_scale, values)
        loss = loss + penalty / 2 * (scaled**2).sum()
        loss.backward()
        return loss

    optimizer.step(penalised)
    return (weight * scale).detach(), (bias * bias_scale).detach()
