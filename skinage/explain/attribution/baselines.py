"""What a tile is compared with: tiles of other people, or glass, blur and mean stain."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import ndimage

from skinage.cohort.people import first_visits, require_columns
from skinage.errors import SettingError, StageError
from skinage.people.known_ages import ages_of
from skinage.slides.reading.batches import read_pixels
from skinage.stains import optical_density

LEAST_PEOPLE = 3
"""Fewer people are no average of anything."""
GLASS = 255
BLUR_PART = 1 / 8
"""The blur's standard deviation, as a part of the side of a tile: no nucleus and no fibre stays."""


@dataclass(frozen=True, eq=False)
class Baseline:
    """What a tile is compared with: the years of a heat map are years more than this.

    Attributes
    ----------
    pixels
        ``(n, h, w, 3)`` uint8 RGB, of the size of the tile; the map is the average over them.
    words
        What they show, for figures.
    """

    pixels: np.ndarray
    words: str

    def __post_init__(self) -> None:
        if self.pixels.ndim != 4 or self.pixels.dtype != np.uint8 or not len(self.pixels):
            raise SettingError(
                f"Baseline: pixels are {self.pixels.dtype} of shape {self.pixels.shape}; expected "
                "uint8 (n, h, w, 3), one picture at least"
            )


def baseline_tiles(
    tiles: pd.DataFrame,
    cohort: pd.DataFrame,
    person_id: str,
    *,
    n_tiles: int = 32,
    n_people: int = 8,
    seed: int = 0,
) -> Baseline:
    """Read tiles of other people of average age, from the same body site (and scanner).

    Erion, Janizek, Sturmfels, Lundberg and Lee 2021 (Nat Mach Intell 3:620) compare with many real
    samples in place of one picture that nobody has ever seen.

    Parameters
    ----------
    tiles
        The tile table.
    cohort
        A row per slide with ``person_id`` and ``age_years``; ``body_site`` and ``scanner`` if
        known. First visits count.
    person_id
        The person to explain, who is no part of the baseline.
    n_tiles
        How many tiles, as evenly from the people as their numbers of tiles allow.
    n_people
        How many people: those whose age is nearest to the mean of the cohort.
    seed
        Seed of the choice of tiles.

    Returns
    -------
    Baseline
        ``words`` say how many people, of which ages, site and scanner. If the person's scanner
        has fewer than ``n_people`` others at this site, every scanner counts.

    Raises
    ------
    SettingError
        If fewer tiles than people are asked for, or fewer than three people.
    StageError
        If the person is not in the cohort, or fewer than three other people have tiles of the
        person's body site.
    SlideError
        If a slide cannot be read.
    """
    if not LEAST_PEOPLE <= n_people <= n_tiles:
        raise SettingError(
            f"baseline_tiles: n_people={n_people}, n_tiles={n_tiles}; expected {LEAST_PEOPLE} "
            "people at least, and a tile of each"
        )
    slides, words = _matching(tiles, cohort, person_id, n_people)
    ids = pd.Index(slides["person_id"].unique())
    everybody = pd.Index(cohort["person_id"].unique())
    mean = float(ages_of(everybody, cohort)["age_years"].mean())
    ages = ages_of(ids, cohort)["age_years"]
    nearest = (ages - mean).abs().sort_values(kind="stable").index[:n_people]
    own = tiles[tiles["slide_id"].isin(slides["slide_id"]) & tiles["person_id"].isin(nearest)]
    shuffled = own.sample(frac=1, random_state=seed)
    turn = shuffled.groupby("person_id", observed=True).cumcount()
    chosen = shuffled.loc[turn.sort_values(kind="stable").index[:n_tiles]]
    years = ages[nearest]
    return Baseline(
        read_pixels(chosen),
        f"{len(chosen)} tiles of {len(nearest)} others aged {years.min():.0f} to "
        f"{years.max():.0f}{words}",
    )


def plain_baselines(tile: np.ndarray) -> dict[str, Baseline]:
    """Return the pictures without tissue that a tile is often compared with.

    They lie outside of everything that an encoder was trained on, so their years are the answer to
    a question about nobody; `compare_baselines` shows how far they agree with tissue.

    Parameters
    ----------
    tile
        ``(h, w, 3)`` uint8 RGB, the tile to explain.

    Returns
    -------
    dict of Baseline
        "glass" (white), "blur" (the tile, blurred by an eighth of its side) and "mean stain" (the
        mean optical density of the tile everywhere).
    """
    sigma_px = BLUR_PART * tile.shape[0]
    blurred = ndimage.gaussian_filter(tile.astype(np.float32), (sigma_px, sigma_px, 0))
    density = optical_density(np.ascontiguousarray(np.moveaxis(tile, -1, 0)[None]))
    colour = np.round(GLASS * 10.0 ** -density.mean(axis=(0, 2, 3))).astype(np.uint8)
    return {
        "glass": Baseline(np.full_like(tile, GLASS)[None], f"white glass (RGB {GLASS})"),
        "blur": Baseline(
            np.round(blurred).astype(np.uint8)[None], f"the tile blurred by {sigma_px:g} px"
        ),
        "mean stain": Baseline(np.broadcast_to(colour, tile.shape)[None], "the tile's mean stain"),
    }


def _matching(
    tiles: pd.DataFrame, cohort: pd.DataFrame, person_id: str, n_people: int
) -> tuple[pd.DataFrame, str]:
    """Return the slides of other people of the same site and scanner, and words for these."""
    require_columns(cohort, ("slide_id", "person_id", "age_years"), "baseline_tiles: cohort")
    slides = first_visits(cohort)
    own = slides[slides["person_id"] == person_id]
    if own.empty:
        raise StageError(f"baseline_tiles: person {person_id!r} is not in the cohort")
    aged = slides["age_years"].notna() & slides["slide_id"].isin(tiles["slide_id"])
    slides, words = slides[aged & (slides["person_id"] != person_id)], ""
    if "body_site" in slides and own["body_site"].notna().any():
        sites = own["body_site"].dropna().unique()
        slides = slides[slides["body_site"].isin(sites)]
        words += ", " + " and ".join(map(str, sites))
    n_found = slides["person_id"].nunique()
    if n_found < LEAST_PEOPLE:
        raise StageError(
            f"baseline_tiles: {n_found} other people have tiles and an age{words}; expected "
            f"{LEAST_PEOPLE} at least. Choose tiles yourself: Baseline(read_pixels(rows), words)"
        )
    if "scanner" in slides and own["scanner"].notna().any():
        scanners = own["scanner"].dropna().unique()
        same = slides[slides["scanner"].isin(scanners)]
        if same["person_id"].nunique() >= n_people:
            slides, words = same, f"{words}, scanner {' and '.join(map(str, scanners))}"
        else:
            words += ", any scanner"
    return slides, words
