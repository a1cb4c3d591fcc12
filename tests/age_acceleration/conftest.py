import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def make_slides():
    """Slides by a clock of slope .6; deviations of the person and of the slide have these SDs."""

    def make(
        n_people: int, n_slides: int, person_sd: float, slide_sd: float, seed: int = 0
    ) -> pd.DataFrame:
        generator = np.random.default_rng(seed)
        person = np.repeat(np.arange(n_people), n_slides)
        age = generator.uniform(20, 90, n_people)[person]
        own = generator.normal(0, person_sd, n_people)[person]
        return pd.DataFrame({
            "slide_id": [f"S{k}" for k in range(len(person))],
            "person_id": [f"P{k}" for k in person],
            "age_years": age,
            "predicted_years": 22 + 0.6 * age + own + generator.normal(0, slide_sd, len(person)),
            "fold": person % 5,
        })  # fmt: skip

    return make


@pytest.fixture
def as_halves():
    """Return slides as halves of the tiles of people with one slide or two."""

    def make(slides: pd.DataFrame) -> pd.DataFrame:
        return slides.drop(columns="slide_id").assign(
            half=1 + np.arange(len(slides)) % 2, n_slides=np.repeat([1, 2], len(slides) // 2)
        )

    return make
