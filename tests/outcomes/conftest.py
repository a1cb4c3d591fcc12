"""People whose hazard and odds rise with acceleration as planted."""

import numpy as np
import pandas as pd
import pytest

LOG_HAZARD_PER_YEAR, LOG_ODDS_PER_YEAR = np.log(1.3) / 5, np.log(1.5) / 5


def _simulate(n_people, seed=0):
    """People whose hazard and odds rise with acceleration, age and sex as planted."""
    generator = np.random.default_rng(seed)
    age, accelerated = generator.uniform(30, 90, n_people), generator.normal(0, 6, n_people)
    male = generator.random(n_people) < 0.5
    risk = LOG_HAZARD_PER_YEAR * accelerated + 0.08 * (age - 60) + 0.4 * male
    death = generator.exponential(1 / (0.02 * np.exp(risk)))
    odds = -1 + LOG_ODDS_PER_YEAR * accelerated + 0.04 * (age - 60) + 0.3 * male
    people = [f"P{number:04d}" for number in range(n_people)]
    table = pd.DataFrame({
        "person_id": people, "age_years": age, "predicted_years": age + accelerated,
        "sex": np.where(male, "M", "F"), "acceleration_years": accelerated, "definition": "d",
    })  # fmt: skip
    cohort = pd.DataFrame({
        "person_id": people, "age_years": age, "follow_up_years": np.minimum(death, 20),
        "died": (death < 20).astype(int),
        "disease_planted": (generator.random(n_people) < 1 / (1 + np.exp(-odds))).astype(int),
        "disease_none": (generator.random(n_people) < 0.2).astype(int),
        "body_site": generator.choice(["arm", "back", "leg"], n_people),
        "biopsy_year": generator.integers(1990, 2010, n_people),
    })  # fmt: skip
    return table, cohort


@pytest.fixture
def simulate():
    return _simulate


@pytest.fixture
def design(harrell):
    """Return the regressors of `simulate`, written out: the richest form of age, biopsy year."""

    def build(table, cohort):
        age = harrell(table["age_years"], table["age_years"])
        male = (table["sex"] == "M").to_numpy(float)[:, None]
        others = [age, male, male * age, cohort["biopsy_year"]]
        columns = np.column_stack([table["acceleration_years"], *others])
        columns[:, 1:] = (columns[:, 1:] - columns[:, 1:].mean(0)) / columns[:, 1:].std(0)
        return columns

    return build
