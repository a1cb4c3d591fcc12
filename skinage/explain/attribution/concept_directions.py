"""Directions of concepts among the features of tiles, and what the age does along them."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch

from skinage.clock.clock import Clock
from skinage.errors import StageError
from skinage.explain.attribution.tile_terms import tile_terms

LEAST_TILES, LEAST_PEOPLE = 20, 5
PENALTY = 1.0
"""Of the classifier, in units of the variance of a standardised feature.

With less, directions of little variance tell tiles apart, along which the age says little about
people: at 0.1 a stain batch seems to matter whose people are predicted like all others.
"""


class Direction(NamedTuple):
    """What the age does along directions: `concept_sensitivity` says what the values are.

    ``years_per_sd`` has a value per concept; ``share_positive`` and ``auc`` are of the first.
    """

    years_per_sd: np.ndarray
    share_positive: float
    auc: float


def check_enough(
    name: str, mask: np.ndarray, person: np.ndarray, fold: np.ndarray, folds: Sequence[Any]
) -> None:
    """Refuse a concept with too few tiles or people outside of any of the folds (StageError)."""
    for one in folds:
        outside = mask & (fold != one)
        n_tiles, n_people = int(outside.sum()), len(np.unique(person[outside]))
        n_others = int((~mask & (fold != one)).sum())
        if n_tiles < LEAST_TILES or n_people < LEAST_PEOPLE or n_others < LEAST_TILES:
            raise StageError(
                f"concept_sensitivity: concept {name!r} has {n_tiles} tiles of {n_people} people "
                f"outside of fold {one}, and {n_others} other tiles; expected {LEAST_TILES} tiles "
                f"of {LEAST_PEOPLE} people and {LEAST_TILES} others at least. Show more tiles of it"
            )


def random_concepts(
    mask: np.ndarray, person: np.ndarray, n_random: int, generator: np.random.Generator
) -> np.ndarray:
    """Draw concepts in which people change places, each with random tiles: (n_tiles, n_random).

    A person takes the share of tiles that the concept has of another person.
    """
    _, code = np.unique(person, return_inverse=True)
    n_own = np.bincount(code)
    share = np.bincount(code, mask) / n_own
    drawn = np.zeros((len(mask), n_random), bool)
    first = np.cumsum(n_own) - n_own
    for column in drawn.T:
        n_taken = np.round(generator.permutation(share) * n_own)
        order = np.lexsort((generator.random(len(mask)), code))
        rank = np.empty(len(mask), int)
        rank[order] = np.arange(len(mask)) - first[code[order]]
        column[:] = rank < n_taken[code]
    return drawn


def tile_gradients(
    clocks: Mapping[Any, Clock], features: np.ndarray, person: np.ndarray, fold: np.ndarray
) -> np.ndarray:
    """Return years per unit of each tile's features, by the clock of the person's fold.

    ``(n_tiles, dim)``; NaN where there is no clock.

    Raises
    ------
    StageError
        If a clock has no gradients, or does not fit the features.
    """
    gradients = np.full(features.shape, np.nan)
    for name, clock in clocks.items():
        of_fold = np.flatnonzero(fold == name)
        for rows in pd.Series(of_fold).groupby(person[of_fold]).groups.values():
            own = of_fold[rows]
            tiles = torch.from_numpy(features[own]).requires_grad_()
            terms = tile_terms(clock, tiles.detach().mean(dim=0))
            if not terms.differentiable:
                raise StageError(
                    f"concept_sensitivity: the clock ({clock.metadata.get('model')}) has no "
                    "gradients. These work with any clock: occlusion, tile_contributions, "
                    "shap_values"
                )
            gradients[own] = torch.autograd.grad(terms.age(tiles), tiles)[0].numpy()
    return gradients


def direction_effects(
    concepts: np.ndarray,
    features: np.ndarray,
    gradients: np.ndarray,
    *,
    person: np.ndarray,
    fold: np.ndarray,
) -> Direction:
    """Fit the direction of each concept outside of each fold, and derive the age within the fold.

    Parameters
    ----------
    concepts
        ``(n_tiles, n_concepts)`` bool.
    features, gradients
        ``(n_tiles, dim)``; gradients in years per unit.
    person, fold
        ``(n_tiles,)`` of each tile.

    Returns
    -------
    Direction
        Means over the people of all folds; ``auc`` over the folds in which the concept occurs.
    """
    from sklearn.linear_model import Ridge
    from sklearn.metrics import roc_auc_score

    years, positive, weights, aucs = [], [], [], []
    for one in pd.unique(fold[~np.isnan(gradients[:, 0])]):
        outside, own = fold != one, fold == one
        mean, scale = features[outside].mean(axis=0), features[outside].std(axis=0)
        scale[scale == 0] = 1.0
        standard = (features - mean) / scale
        ridge = Ridge(PENALTY * outside.sum()).fit(
            standard[outside], concepts[outside].astype(float)
        )
        direction = ridge.coef_.reshape(concepts.shape[1], -1).T
        direction = direction / np.maximum(np.linalg.norm(direction, axis=0), 1e-300)
        along = (standard[outside] @ direction).std(axis=0)
        slope = gradients[own] * scale @ direction
        by_person = pd.DataFrame(slope).groupby(person[own]).sum()
        years.append(by_person.mean().to_numpy() * along)
        weights.append(len(by_person))
        positive.append((slope[:, 0] > 0).mean())
        shown = concepts[own, 0]
        if 0 < shown.sum() < len(shown):
            aucs.append(roc_auc_score(shown, standard[own] @ direction[:, 0]))
    return Direction(
        np.average(years, axis=0, weights=weights),
        float(np.average(positive, weights=weights)),
        float(np.mean(aucs)) if aucs else float("nan"),
    )
