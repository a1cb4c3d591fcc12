"""Measures of the features while they are learnt: spread, age by neighbours, share of the scanner.

A fixed sample of tiles is embedded after every epoch. The measures have no influence on training.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from sklearn.metrics import r2_score
from sklearn.neighbors import KNeighborsRegressor
from sklearn.preprocessing import normalize
from torch import nn

from skinage.encoders.encoder import normalise
from skinage.slides.reading.batches import read_tiles

TILES_PER_PERSON, MOST_TILES, NEIGHBOURS = 8, 1000, 5


class Probe:
    """A fixed sample of tiles of every person, whose features are measured.

    Parameters
    ----------
    tiles
        The tile table, with ``age_years`` and ``scanner`` where they are known.
    held_out
        ``(n_tiles,)``, marks the tiles of people that training does not see. The ages of these
        people are predicted from the others; if nobody is held out, each person's age is predicted
        from all others.
    seed
        Fixes the choice of tiles.
    """

    def __init__(self, tiles: pd.DataFrame, held_out: NDArray[np.bool_], *, seed: int) -> None:
        mixed = tiles.assign(held_out=held_out).sample(frac=1, random_state=seed)
        per_person = max(1, min(TILES_PER_PERSON, MOST_TILES // tiles["person_id"].nunique()))
        chosen = mixed.groupby("person_id").head(per_person).head(MOST_TILES)
        failures: dict[str, str] = {}  # training itself reports them
        read = list(read_tiles(chosen, failures=failures))
        rows = np.concatenate([rows for rows, _ in read])
        pixels = np.concatenate([pixels for _, pixels in read])
        self._tiles = chosen.iloc[rows]
        self._pixels = torch.from_numpy(pixels)

    def measure(self, backbone: nn.Module, metadata: dict) -> dict[str, float]:
        """Return ``spread``, and if labels are known ``age_r2`` and ``scanner_share``."""
        tiles, features = self._tiles, self._features(backbone, metadata)
        found = {"spread": spread(features)}
        if "age_years" in tiles and tiles["age_years"].notna().any():
            means = pd.DataFrame(features).groupby(tiles["person_id"].to_numpy()).mean()
            people = tiles.groupby("person_id")[["age_years", "held_out"]].first()
            ages = people["age_years"].to_numpy(float)
            held_out = people["held_out"].to_numpy(bool)
            r2 = neighbour_r2(means.to_numpy(), ages, held_out)
            found |= {"age_r2": r2} if np.isfinite(r2) else {}
        if "scanner" in tiles and len(tiles["scanner"].dropna().unique()) > 1:
            found["scanner_share"] = share_explained(features, tiles["scanner"].to_numpy())
        return found

    def _features(self, backbone: nn.Module, metadata: dict) -> NDArray[np.float64]:
        device = next(backbone.parameters()).device
        with torch.no_grad(), statistics_of_batch(backbone):
            parts = [
                backbone(normalise(part.to(device).float() / 255, metadata))
                for part in self._pixels.permute(0, 3, 1, 2).split(256)
            ]
        return torch.cat(parts).double().cpu().numpy()


@contextmanager
def statistics_of_batch(module: nn.Module) -> Iterator[None]:
    """Evaluate with batch norm by each batch, because running averages lag behind weights."""
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
    """Compute how far features of unit length fill their space: 1 evenly, 0 all in one point.

    Mean standard deviation of a feature times the root of their number (Chen and He 2021,
    arXiv 2011.10566, section 4.1). Near 0 the encoder has collapsed.

    Parameters
    ----------
    features
        ``(n, dim)``.
    """
    return float(normalize(features).std(axis=0).mean() * np.sqrt(features.shape[1]))


def share_explained(features: NDArray[np.float64], groups: NDArray) -> float:
    """Compute the share of the variance of features that lies between groups, 0 to 1.

    Parameters
    ----------
    features
        ``(n, dim)``; they are scaled to unit length.
    groups
        ``(n,)``, such as the scanner of each tile; rows without a group are not used.
    """
    known = ~pd.isna(groups)
    centred = pd.DataFrame(normalize(features[known]))
    centred -= centred.mean()
    between = centred.groupby(groups[known]).transform("mean")
    return float((between**2).to_numpy().sum() / (centred**2).to_numpy().sum())


def neighbour_r2(
    features: NDArray[np.float64],
    ages_years: NDArray[np.float64],
    held_out: NDArray[np.bool_],
    n_neighbours: int = NEIGHBOURS,
) -> float:
    """Compute R2 of the mean age of each person's nearest neighbours as a prediction of the age.

    Parameters
    ----------
    features
        ``(n_people, dim)``.
    ages_years
        ``(n_people,)``, NaN where unknown.
    held_out
        ``(n_people,)``, marks the people who are predicted from all others. If nobody is marked,
        everybody is predicted from the rest.
    n_neighbours
        Number of neighbours, by cosine similarity.

    Returns
    -------
    float
        NaN if there are no neighbours or the ages that are predicted do not differ.
    """
    known = np.isfinite(ages_years)
    features, ages, held_out = features[known], ages_years[known], held_out[known]
    everybody = not held_out.any()
    n_others = int((~held_out).sum()) - everybody
    actual = ages if everybody else ages[held_out]
    if n_others < 1 or np.ptp(actual) == 0:
        return float("nan")
    model = KNeighborsRegressor(min(n_neighbours, n_others), metric="cosine")
    model.fit(features[~held_out], ages[~held_out])
    # Without features scikit-learn predicts each person from the neighbours other than themselves.
    return float(r2_score(actual, model.predict(None if everybody else features[held_out])))
