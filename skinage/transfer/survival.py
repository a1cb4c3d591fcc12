"""Time to event: Cox's partial likelihood, and how well an order is predicted."""

import numpy as np
import torch
from torch import Tensor


def cox_loss(log_hazard: Tensor, time: Tensor, died: Tensor) -> Tensor:
    """Negative log partial likelihood of Cox, ties after Efron (1977, JASA 72:557).

    Parameters
    ----------
    log_hazard, time, died
        ``(n_people,)``; ``died`` is boolean. Without a death the loss is 0.
    """
    moments, moment = torch.unique(time, return_inverse=True)
    top = log_hazard.detach().max()
    hazard = torch.exp(log_hazard - top)
    nothing = hazard.new_zeros(len(moments))
    at_risk = nothing.index_add(0, moment, hazard).flip(0).cumsum(0).flip(0)
    dying = nothing.index_add(0, moment[died], hazard[died])
    n_dying = torch.bincount(moment[died], minlength=len(moments))
    # The k-th of d simultaneous deaths leaves the risk set k/d lighter of them.
    when = torch.repeat_interleave(torch.arange(len(moments), device=time.device), n_dying)
    number = torch.arange(len(when), device=time.device) - (n_dying.cumsum(0) - n_dying)[when]
    risk = at_risk[when] - dying[when] * number / n_dying[when]
    return (torch.log(risk) + top).sum() - log_hazard[died].sum()


def concordance(
    time: np.ndarray, event: np.ndarray, predicted: np.ndarray, fold: np.ndarray
) -> float:
    """Harrell's C-index within folds: how often who has the event sooner is predicted higher.

    Predictions of different folds have different intercepts, which lean away from what was held
    out: across folds a useless model seems worse than chance. Ties of predictions count half.

    Parameters
    ----------
    time, event, predicted, fold
        ``(n_people,)``; ``event`` is 0 where ``time`` is the end of follow-up.
    """
    right, pairs = 0.0, 0
    for one in np.unique(fold):
        t, e, p = (values[fold == one] for values in (time, event == 1, predicted))
        later = np.less.outer(t, t) | (np.equal.outer(t, t) & ~e[None])
        comparable = e[:, None] & later
        pairs += int(comparable.sum())
        right += (comparable & np.greater.outer(p, p)).sum()
        right += (comparable & np.equal.outer(p, p)).sum() / 2
    return float(right / pairs) if pairs else float("nan")
