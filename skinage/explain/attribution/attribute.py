"""Which pixels of a tile make a person older or younger, by Captum."""

import warnings
from collections.abc import Callable
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from skinage.errors import SettingError, StageError
from skinage.explain.attribution.age_of_tiles import AgeOfTiles
from skinage.explain.attribution.baselines import Baseline
from skinage.explain.attribution.gradients import (
    allowed_error,
    grad_cam,
    integrated,
    mean_and_error,
    smooth_grad,
)
from skinage.explain.attribution.heat import PER_PIXEL, Attribution
from skinage.explain.attribution.occlusion import occlusion


class Method(NamedTuple):
    """How a heat map is made.

    Its function and unit, whether it follows gradients, and how many pictures of a baseline it
    takes at most.
    """

    compute: Callable[..., Any]
    unit: str
    follows_gradients: bool = True
    most_pictures: int | None = None


METHODS = MappingProxyType({
    "expected_gradients": Method(integrated, PER_PIXEL),
    "integrated_gradients": Method(integrated, PER_PIXEL),
    "occlusion": Method(occlusion, PER_PIXEL, False, 8),
    "grad_cam": Method(grad_cam, "relative, without a unit"),
    "smooth_grad": Method(smooth_grad, "years per unit of brightness"),
})  # fmt: skip
"""Years per pixel add up to years; the heat of the last two adds up to nothing."""


def attribute(
    age_of: AgeOfTiles,
    pixels: np.ndarray,
    baseline: Baseline | None = None,
    *,
    method: str = "expected_gradients",
    seed: int = 0,
) -> Attribution:
    """Attribute a person's predicted age to the pixels of one of the person's tiles.

    The heat of the three colours is summed per pixel.

    Parameters
    ----------
    age_of
        The person's age as a function of the tile.
    pixels
        ``(h, w, 3)`` uint8 RGB, the tile.
    baseline
        What to compare with: `baseline_tiles`, or one of `plain_baselines`. "grad_cam" and
        "smooth_grad" compare with nothing.
    method
        "expected_gradients" (Erion et al. 2021): integrated gradients from each picture of the
        baseline, averaged. "integrated_gradients" (Sundararajan, Taly and Yan 2017): the same from
        a baseline of one picture. "occlusion" (Zeiler and Fergus 2014): patches of an eighth of
        the side are replaced by the same place of each picture, of the first eight pictures; the
        only one for clocks without gradients. Its patches have edges, which count too.
        "grad_cam" (Selvaraju et al. 2017): of the last layer that is a picture, with its sign.
        "smooth_grad" (Smilkov et al. 2017): gradients averaged over 50 copies of the tile with
        noise.
    seed
        Seed of the noise of "smooth_grad".

    Returns
    -------
    Attribution
        ``heat`` (h, w) in its ``unit``. A warning says so if the heat of gradients does not add
        up within 2 %, 0.01 years, or a fifth of the standard error.

    Raises
    ------
    SettingError
        If there is no such method, or it lacks its baseline.
    StageError
        If the clock has no gradients and the method needs them, the pictures differ in size, or
        the encoder has no layer for "grad_cam".
    """
    _check(age_of, pixels, baseline, method)
    tile = age_of.prepare(pixels[None])
    age = float(age_of.predict(pixels[None])[0])
    difference, error, words, pictures = float("nan"), float("nan"), "nothing", None
    compute, unit, _, most = METHODS[method]
    if baseline is not None:
        chosen, words = baseline.pixels[:most], baseline.words
        if len(chosen) < len(baseline.pixels):
            words = f"{most} of the {words}"
        difference, error = mean_and_error(age - age_of.predict(chosen))
        pictures = age_of.prepare(chosen)
    heat, n_passes = compute(age_of, tile, pictures, seed)
    heat = heat.detach().cpu().numpy().astype(np.float32)
    found = Attribution(heat, age, difference, error, method, unit, words, n_passes)
    if compute is integrated and found.completeness_error > allowed_error(difference, error):
        warnings.warn(
            f"attribute: the heat adds up to {heat.sum():.3g} years instead of {difference:.3g} "
            f"after {n_passes} passes; it is only roughly right",
            stacklevel=2,
        )
    return found


def _check(age_of: AgeOfTiles, pixels: np.ndarray, baseline: Baseline | None, method: str) -> None:
    """Refuse what cannot be computed; `attribute` says what it raises."""
    if method not in METHODS:
        raise SettingError(f"attribute: method={method!r}; choose from {[*METHODS]}")
    if pixels.ndim != 3 or pixels.shape[-1] != 3 or pixels.dtype != np.uint8:
        found = f"{pixels.dtype} of shape {pixels.shape}"
        raise SettingError(f"attribute: pixels are {found}; expected uint8 (h, w, 3), one tile")
    if METHODS[method].follows_gradients and not age_of.differentiable:
        raise StageError(
            f"attribute: {method} follows gradients, and the clock ({age_of.clock_model}) has "
            "none. These work with any clock: method='occlusion' for pixels, tile_contributions "
            "for tiles, shap_values for features"
        )
    if METHODS[method].unit != PER_PIXEL:
        return
    if baseline is None:
        raise SettingError(
            f"attribute: {method} compares with something; give baseline=baseline_tiles(tiles, "
            "cohort, person_id), or one of plain_baselines(pixels)"
        )
    if method == "integrated_gradients" and len(baseline.pixels) > 1:
        raise SettingError(
            f"attribute: integrated_gradients starts from one picture, and the baseline has "
            f"{len(baseline.pixels)}; use expected_gradients"
        )
    if baseline.pixels.shape[1:] != pixels.shape:
        raise StageError(
            f"attribute: the tile has shape {pixels.shape}, the baseline's pictures "
            f"{baseline.pixels.shape[1:]}; read both at the same tile_px"
        )
