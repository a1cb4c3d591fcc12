"""Which pixels of a tile make a person older or younger: integrated gradients of the age."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from skinage.clock.clock import Clock
from skinage.encoders.encoder import Encoder
from skinage.errors import StageError

GLASS = 255
MOST_STEPS = 1024
TOLERANCE, TOLERANCE_YEARS = 0.02, 0.01
_BATCH = 32  # pictures on the way from glass to tile that pass the encoder at once


@dataclass(frozen=True, eq=False)
class Attribution:
    """The contribution of a tile to a person's predicted age, pixel by pixel.

    Attributes
    ----------
    heat
        ``(h, w)`` float32, years per pixel; above 0 makes the person older.
    age_years
        The predicted age with the tile as it is.
    difference_years
        ``age_years`` less the predicted age with blank glass in place of the tile.
    n_steps
        Number of points of the quadrature that was used.
    baseline
        What the tile was compared with, in words.
    """

    heat: np.ndarray
    age_years: float
    difference_years: float
    n_steps: int
    baseline: str = f"white glass (RGB {GLASS})"

    @property
    def completeness_error(self) -> float:
        """Return ``|heat.sum() - difference_years|`` in years: 0 for an exact integral."""
        return abs(float(self.heat.sum(dtype=float)) - self.difference_years)


def attribute(
    encoder: Encoder, clock: Clock, pixels: np.ndarray, *, position: int = 0, n_steps: int = 64
) -> Attribution:
    """Attribute a person's predicted age to the pixels of one of the person's tiles.

    The method is integrated gradients (Sundararajan et al. 2017, arXiv 1703.01365, equation 1; by
    Captum, Gauss-Legendre quadrature) of the whole chain: the tile goes through the encoder and is
    pooled with the person's other tiles, which stay as they are; the pooled features go through the
    clock. The path is the straight line from white glass to the tile. The heat of the three colours
    is summed per pixel.

    Parameters
    ----------
    encoder
        The encoder that the clock's features were embedded with.
    clock
        A linear clock on ``mean`` and ``std`` features, such as `fit_fold_clock` returns.
    pixels
        ``(n, h, w, 3)`` uint8 RGB, all tiles of the person that were pooled.
    position
        The position of the tile to explain among them.
    n_steps
        Number of points of the quadrature to start with. It is doubled, up to 1,024, until the heat
        adds up to the difference within 2 % or 0.01 years. If it does not, a warning says so.

    Returns
    -------
    Attribution
        ``heat`` (h, w) in years per pixel, ``age_years``, ``difference_years``.

    Raises
    ------
    StageError
        If there is no tile at ``position``, the clock is not linear, or it does not fit the
        encoder.
    """
    from captum.attr import IntegratedGradients

    if not 0 <= position < len(pixels):
        raise StageError(f"attribute: position {position}, but the person has {len(pixels)} tiles.")
    others = np.delete(pixels, position, axis=0)
    age_of = _age_of_one_tile(clock, _embed(encoder, others))

    def forward(images: Tensor) -> Tensor:
        return age_of(encoder.module(images))

    pair = np.stack([pixels[position], np.full_like(pixels[position], GLASS)])
    ends = encoder.prepare(pair).to(next(encoder.module.parameters()).device)
    with torch.inference_mode():
        age, age_of_glass = forward(ends).tolist()
    integrate = IntegratedGradients(forward).attribute
    tile, glass = ends.split(1)
    while True:
        gradients = integrate(tile, glass, n_steps=n_steps, internal_batch_size=_BATCH)
        heat = gradients[0].sum(dim=0).detach().cpu().numpy().astype(np.float32)
        found = Attribution(heat, age, age - age_of_glass, n_steps)
        allowed = max(TOLERANCE * abs(found.difference_years), TOLERANCE_YEARS)
        if found.completeness_error <= allowed:
            return found
        if 2 * n_steps > MOST_STEPS:
            break
        n_steps *= 2
    warnings.warn(
        f"attribute: after {n_steps} steps the heat of tile {position} adds up to "
        f"{heat.sum():.3g} years instead of {found.difference_years:.3g}; it is only roughly right",
        stacklevel=2,
    )
    return found


def tile_contributions(clock: Clock, features: np.ndarray) -> np.ndarray:
    """Compute how many years each tile adds to a person's predicted age.

    The contribution of a tile is the predicted age with all tiles less the one without this tile.

    Parameters
    ----------
    clock
        A linear clock on ``mean`` and ``std`` features.
    features
        ``(n, dim)`` embeddings of all tiles of the person, two at least.

    Returns
    -------
    numpy.ndarray
        ``(n,)`` years; above 0 makes the person older.

    Raises
    ------
    StageError
        If there is one tile only, the clock is not linear, or it does not fit the features.
    """
    if len(features) < 2:
        raise StageError("tile_contributions: the person has one tile; there is no age without it.")
    rows = np.asarray(features, dtype=float)
    without_one = (np.delete(rows, k, axis=0) for k in range(len(rows)))
    sets = (torch.from_numpy(some) for some in (rows, *without_one))
    ages = [_age_of_one_tile(clock, some[1:])(some[:1]).item() for some in sets]
    return ages[0] - np.array(ages[1:])


def _embed(encoder: Encoder, pixels: np.ndarray) -> Tensor:
    """Embed tiles batch by batch: ``(n, dim)`` float64, also for no tile at all."""
    batches = [encoder.embed(some) for some in np.split(pixels, range(256, len(pixels), 256))]
    return torch.from_numpy(np.concatenate(batches)).double()


def _age_of_one_tile(clock: Clock, others: Tensor) -> Callable[[Tensor], Tensor]:
    """Return the age as a function of one tile's embedding ``(m, dim)``, the others being fixed."""
    n, dim = len(others) + 1, others.shape[1]
    weights = _weights(clock, dim)
    terms = clock.linear
    constant = float(terms.intercept - np.sum(terms.coefficients * terms.mean / terms.scale))
    centre = others.mean(dim=0) if n > 1 else torch.zeros(dim, dtype=torch.float64)
    spread = ((others - centre) ** 2).sum(dim=0)

    def age(embedding: Tensor) -> Tensor:
        tile = embedding.to("cpu", torch.float64)
        mean = centre + (tile - centre) / n
        # Adding one value to a sample (Chan, Golub and LeVeque 1983): no loss of digits.
        variance = (spread + (tile - centre) ** 2 * (n - 1) / n) / n
        # The root's slope at 0 is infinite: there, as for a single tile, the gradient shall be 0.
        positive = variance > 0
        std = torch.where(positive, variance, 1.0).sqrt() * positive
        return constant + mean @ weights["mean"] + std @ weights["std"]

    return age


def _weights(clock: Clock, dim: int) -> dict[str, Tensor]:
    """Return years per unit of each pooled feature, by statistic; 0 for features without one."""
    weights = {name: torch.zeros(dim, dtype=torch.float64) for name in ("mean", "std")}
    years_per_unit = clock.linear.coefficients / clock.linear.scale
    for feature, weight in zip(clock.feature_names, years_per_unit, strict=True):
        statistic, _, index = feature.partition("_")
        if statistic not in weights or not index.isdigit() or int(index) >= dim:
            raise StageError(
                f"attribute: the clock has the feature {feature!r}; expected mean_0000 or "
                f"std_0000 up to {dim - 1:04d}, the width of this encoder. Fit the clock on "
                "people pooled by mean and std from this encoder's embeddings."
            )
        weights[statistic][int(index)] = weight
    return weights
