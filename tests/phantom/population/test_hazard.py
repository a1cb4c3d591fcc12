import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad

from skinage.phantom import PRESETS
from skinage.phantom.population.hazard import years_to_death

NO_DIALS = PRESETS["null"].dials
ALL = {"hazard_curve": 0.7, "waning": 0.8, "age_by_sex": 0.5, "calendar": 0.6, "causes": 0.4,
       "hospitals": 0.9, "outdoor": 0.5, "indication": 0.7}  # fmt: skip


def _people(n_people):
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "age_years": rng.uniform(40, 90, n_people),
            "sex": rng.choice(["F", "M"], n_people),
            "biopsy_date": rng.uniform(2000, 2013, n_people),
            "acceleration_years": rng.normal(0, 6, n_people),
            "hospital": rng.choice([*"ABCDE"], n_people),
            "outdoor_life": rng.normal(size=n_people),
            "smoker": rng.integers(0, 2, n_people),
            "indication": rng.choice(["suspected tumour", "other"], n_people),
        }
    )


def _hazard(person, time, ratio, dials):
    """The law of the docstring, for one person at one time."""
    male = person["sex"] == "M"
    slope = 0.09 * (1 + dials["age_by_sex"] / 2 * (1 if male else -1))
    attained = person["age_years"] + time - 60
    hospital = {"A": 0.25, "B": -0.5, "C": 0.5, "D": 0, "E": -0.25}[person["hospital"]]
    log_hazard = np.log(0.013) + slope * attained + np.log(1.4) * male
    log_hazard -= 0.02 * dials["calendar"] * (person["biopsy_date"] + time - 2006.5)
    log_hazard += dials["hospitals"] * hospital
    outdoors = 0.2 * person["outdoor_life"] + np.log(2) * person["smoker"]
    log_hazard += dials["outdoor"] * outdoors
    suspected = person["indication"] == "suspected tumour"
    log_hazard += dials["indication"] * np.log(1.5) * suspected
    log_hazard += 0.1 * dials["hazard_curve"] * (attained / 10) ** 2
    left = np.log(ratio) * person["acceleration_years"] / 5 * np.exp(-dials["waning"] * time / 5)
    factor = 0.65 * np.exp(left) + 0.35 * np.exp((1 - dials["causes"]) * left)
    return np.exp(log_hazard) * factor


@pytest.mark.parametrize("off", [(), ("hazard_curve", "waning")])
def test_the_integrated_hazard_at_death_is_what_was_drawn(off):
    people, dials = _people(60), NO_DIALS | ALL | dict.fromkeys(off, 0.0)
    waited = np.random.default_rng(2).exponential(1, len(people))
    years = years_to_death(people, waited, hazard_ratio=1.5, dials=dials)
    within = np.isfinite(years) & (years < 25)
    assert within.sum() > 35
    for person, end, planted in zip(
        people[within].to_dict("records"), years[within], waited[within], strict=True
    ):
        found, _ = quad(lambda t, person=person: _hazard(person, t, 1.5, dials), 0, end)
        assert found == pytest.approx(planted, rel=1e-3 if not off else 1e-6)


def test_the_grid_and_the_closed_form_agree():
    people = _people(25_000)  # three blocks
    waited = np.random.default_rng(3).exponential(1, len(people))
    exact = years_to_death(people, waited, hazard_ratio=1.5, dials=NO_DIALS)
    dials = NO_DIALS | {"waning": 1e-12}
    grid = years_to_death(people, waited, hazard_ratio=1.5, dials=dials)
    within = exact < 24.9
    np.testing.assert_allclose(grid[within], exact[within], rtol=1e-3, atol=1e-4)
    assert np.isinf(grid[exact > 25.1]).all()
