"""People whose age, features and fate are known."""

import numpy as np
import pandas as pd
import pytest


def named(n_people: int) -> list[str]:
    return [f"P{number:04d}" for number in range(n_people)]


@pytest.fixture
def make_cohort():
    def make(n_people: int = 100, seed: int = 0) -> pd.DataFrame:
        generator = np.random.default_rng(seed)
        people = named(n_people)
        return pd.DataFrame({
            "slide_id": [f"{person}_1" for person in people],
            "person_id": people,
            "path": "/nowhere/slide.tiff",
            "age_years": generator.uniform(20, 90, n_people),
            "sex": generator.choice(["F", "M"], n_people),
        })  # fmt: skip

    return make


@pytest.fixture
def make_people():
    def make(features: np.ndarray) -> pd.DataFrame:
        names = [f"mean_{k:04d}" for k in range(features.shape[1])]
        index = pd.Index(named(len(features)), name="person_id")
        return pd.DataFrame(features, index, names).assign(n_tiles=7)

    return make


@pytest.fixture
def make_ages():
    """Ages as a clock that shrinks towards the mean would predict them, and the planted d."""

    def make(n_people: int = 200, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
        generator = np.random.default_rng(seed)
        noise = generator.normal(0, 1, n_people)
        actual, planted = generator.uniform(20, 90, n_people), generator.normal(0, 6, n_people)
        ages = pd.DataFrame({
            "person_id": named(n_people),
            "age_years": actual,
            "sex": generator.choice(["F", "M"], n_people),
            "predicted_years": 55 + 0.7 * (actual + planted - 55) + noise,
            "fold": np.arange(n_people) % 5,
            "n_tiles": 10,
        })  # fmt: skip
        return ages, planted

    return make


@pytest.fixture
def make_atlas():
    """An atlas of tiles in which age shows, some people with two slides of one biopsy."""

    def make(cohort: pd.DataFrame, n_tiles: int = 12, dim: int = 6, noise: float = 0.3):
        import anndata

        generator = np.random.default_rng(5)
        slides = cohort.loc[cohort.index.repeat(n_tiles)].reset_index(drop=True)
        shown = np.outer((slides["age_years"].fillna(50) - 55) / 20, generator.normal(size=dim))
        of_person = slides["person_id"].factorize()[0]
        own = generator.normal(size=(of_person.max() + 1, dim))[of_person]
        features = shown + noise * own + generator.normal(size=shown.shape)
        obs = slides[["slide_id", "person_id"]].set_index(slides.index.astype(str))
        return anndata.AnnData(
            features.astype(np.float32), obs, uns={"encoder": {"hash": "abc", "dim": dim}}
        )

    return make
