"""What varies between slides and is not the tissue: stain, scanner, section and dirt.

All of it is free of age and acceleration, but for the scanner where a dial ties it to age or to the
hospital.

- Stain: four batches, each with its own colour and strength, and a jitter of the slide.
- Fading: haematoxylin loses .8 % and eosin .5 % per year of storage until 2024, so that the
  strength is multiplied by ``(1 - loss) ** (2024 - biopsy_year)``. Strength 1 is a fresh stain. The
  dial ``calendar`` k multiplies both losses by 1 + k.
- Scanner: ``P(B) = 1 / (1 + exp(-k · (age - 55) / 5))``, k the dial ``scanner``: a coin at 0. Where
  there are hospitals each has its own, of the same letter.
- Tilt of the section: ``|N(0, 10)|`` degrees; layers look ``1 / cos(tilt)`` as thick as they are.
- Pieces on the glass, dust, a fold, a pen mark, a patch of scar or naevus.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from skinage.phantom.randomness import stream

# Optical-density vectors of the warm pink and purple that a picture of real skin shows: eosin from
# its dense bundles, haematoxylin between its nuclei and published estimates (Ruifrok 2001).
HAEMATOXYLIN_OD = (0.45, 0.81, 0.37)
EOSIN_OD = (0.08, 0.84, 0.54)
LOSS_PER_YEAR = {"haematoxylin": 0.008, "eosin": 0.005}
SCANNED_YEAR = 2024
N_BATCHES = 4
VECTOR_SD = {"batch": 0.014, "slide": 0.014}  # .02 together
STRENGTH_SD = {"batch": 0.10, "slide": 0.11}  # .15 together, of the logarithm
PIECES_CHANCE = (0.86, 0.08, 0.03, 0.01, 0.01, 0.01)
LESION_CHANCE, FOLD_CHANCE, PEN_CHANCE = 0.04, 0.08, 0.05
TILT_SD_DEG, MEAN_DUST = 10.0, 2.0
SLOTS = 3  # slides a person can have


def draw_nuisances(visits: pd.DataFrame, seed: int, *, dials: Mapping[str, float]) -> pd.DataFrame:
    """Draw the nuisances of each slide.

    Parameters
    ----------
    visits
        A row per slide, indexed by the number of the person: age_years, biopsy_year, and slot
        (0 first biopsy, 1 its replicate, 2 later biopsy): which of the person's draws it takes;
        hospital where there are several.
    seed
        The seed of the draws.
    dials
        All dials; ``scanner`` and ``calendar`` are used.

    Returns
    -------
    pandas.DataFrame
        A row per slide: scanner, stain_batch, stain vectors (of unit length) and strengths, colour
        of the glass, n_pieces, section_tilt_deg, lesion, n_dust, has_fold, has_pen.
    """
    draws = _Draws(seed, visits.index.to_numpy(), visits["slot"].to_numpy())
    age = visits["age_years"].to_numpy()
    chance_of_b = 1 / (1 + np.exp(-dials["scanner"] * (age - 55) / 5))
    batch = (draws.uniform("stain_batch") * N_BATCHES).astype(int)
    pieces = np.searchsorted(np.cumsum(PIECES_CHANCE)[:-1], draws.uniform("pieces"), "right")
    lesion = np.digitize(draws.uniform("lesion"), [LESION_CHANCE / 2, LESION_CHANCE])
    glass = (np.array([244, 243, 245]) + 3 * draws.normal("background", 3)).clip(225, 254)
    columns = {
        "scanner": np.where(draws.uniform("scanner") < chance_of_b, "B", "A"),
        "stain_batch": np.array([f"batch {k + 1}" for k in range(N_BATCHES)])[batch],
        **_stain(draws, batch, "haematoxylin", HAEMATOXYLIN_OD),
        **_stain(draws, batch, "eosin", EOSIN_OD),
        **{f"background_{colour}": glass[:, k] for k, colour in enumerate("rgb")},
        "n_pieces": 1 + pieces,
        "section_tilt_deg": np.abs(TILT_SD_DEG * draws.normal("tilt", 1)[:, 0]),
        "lesion": np.array(["scar", "naevus", ""])[lesion],
        "n_dust": draws.poisson("dust", MEAN_DUST),
        "has_fold": draws.uniform("fold") < FOLD_CHANCE,
        "has_pen": draws.uniform("pen") < PEN_CHANCE,
    }
    table = pd.DataFrame(columns, index=visits.index)
    if "hospital" in visits:
        table["scanner"] = visits["hospital"]
    stored_years = SCANNED_YEAR - visits["biopsy_year"]
    for stain, loss in LOSS_PER_YEAR.items():
        table[f"{stain}_strength"] *= (1 - loss * (1 + dials["calendar"])) ** stored_years
    return table


class _Draws:
    """Draws in blocks of people x slots, of which each slide takes its own.

    So a slide is the same whichever other slides there are.
    """

    def __init__(self, seed: int, person: np.ndarray, slot: np.ndarray) -> None:
        self.seed, self.mine = seed, (person, slot)
        self.n_people = int(person.max()) + 1

    def uniform(self, name: str) -> np.ndarray:
        return stream(self.seed, name).random((self.n_people, SLOTS))[self.mine]

    def normal(self, name: str, width: int) -> np.ndarray:
        shape = self.n_people, SLOTS, width
        return stream(self.seed, name).standard_normal(shape)[self.mine]

    def poisson(self, name: str, mean: float) -> np.ndarray:
        return stream(self.seed, name).poisson(mean, (self.n_people, SLOTS))[self.mine]

    def batches(self, name: str, width: int) -> np.ndarray:
        """Return an offset per batch; they have mean 0 and SD 1 in every cohort."""
        offsets = stream(self.seed, name).standard_normal((N_BATCHES, width))
        return (offsets - offsets.mean(axis=0)) / offsets.std(axis=0)


def _stain(
    draws: _Draws, batch: np.ndarray, stain: str, vector: tuple[float, float, float]
) -> dict[str, np.ndarray]:
    shift = VECTOR_SD["batch"] * draws.batches(f"{stain}_vector_batch", 3)[batch]
    shift += VECTOR_SD["slide"] * draws.normal(f"{stain}_vector", 3)
    tilted = np.clip(np.array(vector) + shift, 0.02, None)
    tilted /= np.linalg.norm(tilted, axis=1, keepdims=True)
    strength = STRENGTH_SD["batch"] * draws.batches(f"{stain}_strength_batch", 1)[batch]
    strength += STRENGTH_SD["slide"] * draws.normal(f"{stain}_strength", 1)
    columns = {f"{stain}_{colour}": tilted[:, k] for k, colour in enumerate("rgb")}
    return columns | {f"{stain}_strength": np.exp(strength[:, 0])}
