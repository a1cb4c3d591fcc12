"""A tile to be graded on, with the age and the map of its person as plain functions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from skinage.errors import StageError

AgeOf: TypeAlias = Callable[[np.ndarray], np.ndarray]
ExplainMap: TypeAlias = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class MapCase:
    """One tile of one person, and what explains it.

    Parameters
    ----------
    person
        The id of the person; tiles of one person are averaged before people are compared.
    pixels
        ``(h, w, 3)`` uint8 RGB, the tile.
    age_of
        The predicted age of this person, ``(n,)`` years, with each of ``(n, h, w, 3)`` uint8 tiles
        in place of this one, such as `AgeOfTiles.predict`.
    explain_map
        The map to grade: from ``(h, w, 3)`` uint8 pixels in place of this tile to ``(h, w)`` years
        per pixel, above 0 where they make older.
    filling
        ``(m, h, w, 3)`` uint8, tissue of other people from the same site, that stands in for what
        is taken out of the tile; ages are averaged over the m.
    unlike
        Maps by name that a faithful map must not look like: of randomised weights (`randomise`),
        of clocks of shuffled ages (`shuffle_ages`).
    like
        Maps by name that should look alike: of other folds, other training seeds, or of the same
        tile in the colours of another scanner (a function that changes the colours first).

    Raises
    ------
    StageError
        If tile or filling are no uint8 RGB pixels of one size.
    """

    person: str
    pixels: np.ndarray
    age_of: AgeOf
    explain_map: ExplainMap
    filling: np.ndarray
    unlike: Mapping[str, ExplainMap] = field(default_factory=dict)
    like: Mapping[str, ExplainMap] = field(default_factory=dict)

    def __post_init__(self) -> None:
        tile, filling = self.pixels, self.filling
        right = tile.ndim == 3 and tile.shape[-1] == 3 and filling.shape[1:] == tile.shape
        if not right or not len(filling) or {tile.dtype, filling.dtype} != {np.dtype(np.uint8)}:
            raise StageError(
                f"grade_maps: the tile of {self.person} is {tile.dtype} of shape {tile.shape}, its "
                f"filling {filling.dtype} of shape {filling.shape}; expected uint8 (h, w, 3), and "
                "(m, h, w, 3) of the same size from other people's tissue of the same site"
            )


def own_map(case: MapCase, explain_map: ExplainMap | None = None) -> np.ndarray:
    """Return the map of the tile ``(h, w)`` float64, by ``explain_map`` or the one to grade."""
    return checked(case, (explain_map or case.explain_map)(case.pixels))


def checked(case: MapCase, heat: np.ndarray) -> np.ndarray:
    """Return a map as float64, or raise ``StageError`` if it is none of this tile."""
    found = np.asarray(heat, float)
    if found.shape != case.pixels.shape[:2] or not np.isfinite(found).all():
        raise StageError(
            f"grade_maps: a map of the tile of {case.person} has the shape {found.shape} and "
            f"{np.count_nonzero(~np.isfinite(found))} values that are no number; expected "
            f"finite years of shape {case.pixels.shape[:2]}"
        )
    return found
