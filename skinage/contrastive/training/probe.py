"""A look at the features while they are learnt: spread, age of neighbours, share of the scanner.

A fixed sample of tiles is embedded after every epoch; nothing of what is found goes into training.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from sklearn.metrics import r2_score
from torch import Tensor, nn

from skinage.encoders.encoder import normalise
from skinage.slides.reading.batches import read_tiles

TILES_PER_PERSON, MOST_TILES, NEIGHBOURS = 8, 1000, 5


class Probe:
    """Measures the features of some tiles of every person.

    Parameters
    ----------
    tiles
        The tile table with ``age_years`` and ``scanner`` where they are known.
    held_out
        Marks the tiles of people that training does not see: their age is then asked of the others.
        Without any, each person's age is asked of all others.
    seed
        Fixes the tiles.
    """

    def __init__(self, tiles: pd.DataFrame, held_out: NDArray[np.bool_], *, seed: int) -> None:
        mixed = tiles.assign(held_out=held_out).sample(frac=1, random_state=seed)
        per_person = max(1, min(TILES_PER_PERSON, MOST_TILES // tiles["person_id"].nunique()))
        chosen = mixed.groupby("person_id").head(per_person).head(MOST_TILES)
        failures: dict[str, str] = {}  # training itself tells of them
        read = list(read_tiles(chosen, failures=failures))
        rows = np.concatenate([rows for rows, _ in read])
        pixels = np.concatenate([pixels for _, pixels in read])
        self._tiles = chosen.iloc[rows]
        self._pixels = torch.from_numpy(pixels)

    def measure(self, backbone: nn.Module, metadata: dict) -> dict[str, float]:
        """Give ``spread``; ``age_r2`` and ``scanner_share`` where ages and scanners are known."""
        tiles, features = self._tiles, self._features(backbone, metadata)
        found = {"spread": spread(features)}
        if "age_years" in tiles and tiles["age_years"].notna().any():
            people, means = person_means(features, tiles["person_id"].to_numpy())
            of_person = tiles.groupby("person_id")[["age_years", "held_out"]].first().loc[people]
            known = neighbour_r2(
                means, of_person["age_years"].to_numpy(float), of_person["held_out"].to_numpy(bool)
            )
            found |= {"age_r2": known} if np.isfinite(known) else {}
        if "scanner" in tiles and len(tiles["scanner"].dropna().unique()) > 1:
            found["scanner_share"] = share_explained(features, tiles["scanner"].to_numpy())
        return found

    def _features(self, backbone: nn.Module, metadata: dict) -> NDArray[np.float64]:
        device = next(backbone.parameters()).device
        with torch.no_grad(), statistics_of_batch(backbone):
            parts = [
                self._embed(backbone, metadata, part.to(device)) for part in self._pixels.split(256)
            ]
        return torch.cat(parts).double().cpu().numpy()

    def _embed(self, backbone: nn.Module, metadata: dict, pixels: Tensor) -> Tensor:
        return backbone(normalise(pixels.permute(0, 3, 1, 2).float() / 255, metadata))


@contextmanager
def statistics_of_batch(module: nn.Module) -> Iterator[None]:
    """Evaluate, but let batch norm use the batch at hand: running averages lag behind weights."""
    was_training = module.training
    module.eval()
    norms = [layer for layer in module.modules() if isinstance(layer, nn.BatchNorm2d)]
    kept = [layer.track_running_stats for layer in norms]
    for layer in norms:
        layer.train()
        layer.track_running_stats = False
    try:
        yield
    finally:
        for layer, keep in zip(norms, kept, strict=True):
            layer.track_running_stats = keep
        module.train(was_training)


def spread(features: NDArray[np.float64]) -> float:
    """Measure how far features of unit length fill their space: 1 evenly, 0 all in one point.

    Mean standard deviation of a feature times the root of their number (Chen and He 2021,
    arXiv 2011.10566, section 4.1). Near 0 the encoder has collapsed.

    Parameters
    ----------
    features
        ``(n, dim)``.
    """
    unit = _unit(features)
    return float(unit.std(axis=0).mean() * np.sqrt(unit.shape[1]))


def share_explained(features: NDArray[np.float64], groups: NDArray) -> float:
    """Give the share of the features' variance that lies between groups, 0 to 1.

    Parameters
    ----------
    features
        ``(n, dim)``.
    groups
        ``(n,)``, such as the scanner of each tile; rows without one are left out.
    """
    known = ~pd.isna(groups)
    unit, codes = _unit(features[known]), pd.factorize(groups[known])[0]
    centred = unit - unit.mean(axis=0)
    sums = np.zeros((codes.max() + 1, unit.shape[1]))
    np.add.at(sums, codes, centred)
    between = (sums**2 / np.bincount(codes)[:, None]).sum()
    return float(between / (centred**2).sum())


def neighbour_r2(
    features: NDArray[np.float64],
    ages_years: NDArray[np.float64],
    asked: NDArray[np.bool_],
    n_neighbours: int = NEIGHBOURS,
) -> float:
    """Tell how much of people's ages their nearest neighbours among others know: R2.

    Parameters
    ----------
    features
        ``(n_people, dim)``.
    ages_years
        ``(n_people,)``, NaN where unknown.
    asked
        People whose age is asked of all others; none marked: everybody's is asked of the rest.
    n_neighbours
        Of each, by cosine similarity; their mean age is the answer.
    """
    known = np.isfinite(ages_years)
    unit, ages, asked = _unit(features[known]), ages_years[known], asked[known]
    asks = asked if asked.any() else np.ones(len(ages), bool)
    similarity = unit[asks] @ unit.T
    if asked.any():
        similarity[:, asked] = -np.inf
        n_others = int((~asked).sum())
    else:
        np.fill_diagonal(similarity, -np.inf)
        n_others = len(ages) - 1
    if not n_others:
        return float("nan")
    nearest = np.argsort(-similarity, axis=1)[:, : min(n_neighbours, n_others)]
    if np.ptp(ages[asks]) == 0:
        return float("nan")
    return float(r2_score(ages[asks], ages[nearest].mean(axis=1)))


def person_means(
    features: NDArray[np.float64], person_ids: NDArray
) -> tuple[NDArray, NDArray[np.float64]]:
    """Average features by person: ``(n_people,)`` ids, sorted, and ``(n_people, dim)``."""
    codes, people = pd.factorize(person_ids, sort=True)
    sums = np.zeros((len(people), features.shape[1]))
    np.add.at(sums, codes, features)
    return people, sums / np.bincount(codes)[:, None]


def _unit(features: NDArray[np.float64]) -> NDArray[np.float64]:
    return features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12)
