from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from skinage.clock.clock import Clock
from skinage.clock.learners.ridge import LinearModel, Ridge
from skinage.stains import EOSIN, HAEMATOXYLIN

N_PEOPLE = 40
NAMES = ["mean_0000", "mean_0001", "std_0000", "std_0001"]
SKIN = Path(__file__).parents[2] / ".." / "shared" / "realdata" / "skin" / "skin.tif"


def _stain(haematoxylin, eosin):
    density = np.multiply.outer(haematoxylin, HAEMATOXYLIN) + np.multiply.outer(eosin, EOSIN)
    return np.round(255 * 10.0**-density).astype(np.uint8)


@pytest.fixture(scope="session")
def stain():
    """Return a function from amounts of stain to the pixels of a section (Beer and Lambert)."""
    return _stain


@pytest.fixture(scope="session")
def skin_tiles():
    """Return (15, 20, 64, 64, 3): real skin in a grid of tiles, about 1 um per px."""
    if not SKIN.exists():
        pytest.skip("the real skin section is not here")
    import tifffile

    grid = tifffile.imread(SKIN)[:960, :1280].reshape(15, 64, 20, 64, 3)
    return grid.swapaxes(1, 2)


@pytest.fixture
def morphology():
    rng = np.random.default_rng(0)
    index = pd.Index([f"P{k:02d}" for k in range(N_PEOPLE)], name="person_id")
    return pd.DataFrame(rng.uniform(size=(N_PEOPLE, 2)), index, ["gaps", "fibre_coherency"])


@pytest.fixture
def people(morphology):
    noise = np.random.default_rng(1).normal(size=(2, N_PEOPLE))
    return pd.DataFrame(
        {
            "mean_0000": np.exp(3 * morphology["gaps"]),  # monotone, far from linear
            "mean_0001": -morphology["fibre_coherency"] + 0.1 * noise[0],
            "std_0000": 7.0,
            "std_0001": noise[1],
            "n_tiles": 25,
        }
    )


@pytest.fixture
def clock(people):
    # The clock was fitted on other people: its mean is not the mean of these.
    mean = people[NAMES].mean().to_numpy() + 0.5
    scale, coefficients = np.array([2.0, 0.5, 1.0, 3.0]), np.array([4.0, -6.0, 1.0, 0.1])
    model = LinearModel(mean, scale, coefficients, np.array(52.0))
    metadata = {"model": "ridge", "feature_names": NAMES, "encoder_hash": None, "statistics": None}
    return Clock(metadata, Ridge(), model, None, None)


@pytest.fixture
def cohort(people):
    rng = np.random.default_rng(2)
    male = rng.integers(0, 2, N_PEOPLE)
    age = 50 + 4 * people["mean_0000"] ** 0.5 * people["mean_0001"] + 8 * male
    return pd.DataFrame(
        {
            "slide_id": people.index + "_1",
            "person_id": people.index,
            "age_years": age.to_numpy() + rng.normal(0, 1, N_PEOPLE),
            "sex": np.where(male == 1, "M", "F"),
        }
    )


@pytest.fixture(scope="module")
def tissue_of_people():
    """Epidermis: -0.6 um per year of acceleration; corneum: of age and site alone."""
    rng = np.random.default_rng(0)
    ids = pd.Index([f"P{k:03d}" for k in range(400)], name="person_id")
    age = rng.uniform(20, 90, 400)
    years = rng.normal(0, 5, 400)
    site = rng.integers(0, 2, 400)
    measures = pd.DataFrame(
        {
            "epidermis_um": 90 - 0.3 * age - 0.6 * years - 9 * site + rng.normal(0, 3, 400),
            "corneum_um": 15 + 0.002 * age**2 + 5 * site + rng.normal(0, 1, 400),
            "interdigitation": 1.5,
            "surface_mm": 2.0,
        },
        ids,
    )
    accel = pd.DataFrame({"person_id": ids, "age_years": age, "acceleration_years": years})
    cohort = pd.DataFrame(
        {"slide_id": ids + "_1", "person_id": ids, "body_site": np.array(["arm", "leg"])[site]}
    )
    return accel, measures, cohort
