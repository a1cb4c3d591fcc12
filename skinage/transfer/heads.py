"""A linear head on features, as a torch module that can be trained on with its backbone."""

import numpy as np
import torch
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits
from torch import Tensor, nn

from skinage.threads import one_thread
from skinage.transfer.targets import Fit, Target


class Head(nn.Module):
    """Standardise features as the training people's, then a weighted sum per output.

    Attributes
    ----------
    mean, scale
        ``(dim,)`` float64, of the training people's features.
    weight, bias
        ``(n_outputs, dim)`` and ``(n_outputs,)`` float64.
    penalty
        The L2 penalty of the weights that the training people chose.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, scaler: StandardScaler, fit: Fit) -> None:
        super().__init__()
        self.register_buffer("mean", torch.from_numpy(scaler.mean_))
        self.register_buffer("scale", torch.from_numpy(scaler.scale_))
        weight, bias, self.penalty = fit
        self.weight = nn.Parameter(torch.from_numpy(weight))
        self.bias = nn.Parameter(torch.from_numpy(bias))

    def forward(self, features: Tensor) -> Tensor:
        """Turn features ``(n, dim)`` into outputs ``(n, n_outputs)`` float64."""
        return (features.double() - self.mean) / self.scale @ self.weight.T + self.bias

    def outputs(self, features: np.ndarray) -> np.ndarray:
        """Return the outputs of features ``(n, dim)`` as an array."""
        with torch.inference_mode():
            return self(torch.from_numpy(features).to(self.mean)).cpu().numpy()


def fit_head(features: np.ndarray, values: np.ndarray, target: Target) -> Head:
    """Fit a head; features are standardised and the penalty is chosen by these people alone.

    Parameters
    ----------
    features
        ``(n_people, dim)``.
    values
        ``(n_people, ...)`` as the target's ``values`` returns them.
    target
        What is learnt, with the centre and the spread of these people.
    """
    scaler = StandardScaler().fit(features)
    with one_thread(), threadpool_limits(1):  # many small fits: threads would wait for each other
        return Head(scaler, target.fit(scaler.transform(features), values))
