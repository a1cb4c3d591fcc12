import numpy as np
import pytest


@pytest.fixture
def feature_sets(make_cohort, make_people):
    """A hundred people with features that show their age, trained ones better."""
    cohort, generator = make_cohort(100), np.random.default_rng(0)
    signal = np.outer((cohort["age_years"] - 55) / 20, generator.normal(size=40))
    tables = {
        name: make_people(signal + noise * generator.normal(size=signal.shape))
        for name, noise in {"trained": 1, "untrained": 4}.items()
    }
    return tables, cohort
