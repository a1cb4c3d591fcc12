"""Colour statistics of tiles, a simple and strong baseline for encoders.

Ageing that changes an area (paler dermis, fewer nuclei, grey-blue elastosis) also shifts the
distribution of colours, so that a clock on these few numbers is a strong baseline.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from skinage.stains import optical_density, unmix

CHANNELS = ("red", "green", "blue", "haematoxylin", "eosin")
QUANTILES = (0.1, 0.5, 0.9)
COLOUR_FEATURES = tuple(
    f"{channel}_{statistic}"
    for statistic in ("mean", "sd", *(f"q{round(100 * q)}" for q in QUANTILES))
    for channel in CHANNELS
)
"""Names of the columns of `colour_features`."""

_CHUNK = 128  # tiles whose float planes stay within a few MB


@dataclass(frozen=True)
class ColourFeatures:
    """Colour statistics with the members of an encoder, for `embed`.

    Attributes
    ----------
    metadata
        The description of the features.
    """

    metadata: dict[str, Any] = field(
        default_factory=lambda: {"method": "colour statistics", "dim": len(COLOUR_FEATURES)}
    )

    def embed(self, pixels: np.ndarray) -> np.ndarray:
        """Return the colour statistics of tiles.

        Parameters
        ----------
        pixels
            ``(n, h, w, 3)`` uint8 RGB tiles.

        Returns
        -------
        numpy.ndarray
            ``(n, 25)`` float32; see `colour_features`.
        """
        return colour_features(pixels)


def colour_features(pixels: np.ndarray) -> np.ndarray:
    """Compute statistics of the optical densities and stains of each tile.

    Mean, standard deviation and the 10 %, 50 % and 90 % quantiles (nearest rank) of the optical
    density in red, green and blue and of haematoxylin and eosin.

    Parameters
    ----------
    pixels
        ``(n, h, w, 3)`` uint8 RGB.

    Returns
    -------
    numpy.ndarray
        ``(n, 25)`` float32, columns named by `COLOUR_FEATURES`.
    """
    empty = np.empty((0, len(COLOUR_FEATURES)), dtype=np.float32)
    starts = range(0, len(pixels), _CHUNK)
    return np.concatenate([empty, *(_features(pixels[i : i + _CHUNK]) for i in starts)])


def _features(pixels: np.ndarray) -> np.ndarray:
    values = np.ascontiguousarray(np.moveaxis(pixels, -1, 1))
    density = optical_density(values)
    stains = unmix(density).reshape(len(pixels), 2, -1)
    planes = np.concatenate([density.reshape(len(pixels), 3, -1), stains], axis=1)
    mean = planes.mean(axis=-1)
    planes -= mean[..., None]
    # One batched product is several times faster than `std`, which makes two more passes.
    variance = (planes[..., None, :] @ planes[..., None])[..., 0, 0] / planes.shape[-1]
    ranks = [round(q * (planes.shape[-1] - 1)) for q in QUANTILES]
    # Bytes sort ten times faster than floats, and density falls as the byte rises.
    values = values.reshape(len(pixels), 3, -1)
    descending = np.sort(values, axis=-1, kind="stable")[..., ::-1]
    stains.sort(axis=-1)
    quantiles = [optical_density(descending[..., ranks]), stains[..., ranks]]
    ordered = np.moveaxis(np.concatenate(quantiles, axis=1), -1, 1)  # (n, quantile, channel)
    statistics = [mean[:, None], np.sqrt(variance)[:, None], ordered]
    return np.concatenate(statistics, axis=1).reshape(len(pixels), -1)
