import numpy as np
import pandas as pd
import pytest

from skinage.phantom.ageing import decades_of
from skinage.phantom.dials import COMPARTMENT_OF, EFFECTS

LAW = dict.fromkeys(EFFECTS, 1.0)


def _visits(*ages, sex="F", **columns):
    return pd.DataFrame({"age_years": ages, "sex": sex, "acceleration_years": 0.0} | columns)


def _counted(*ages, **dials):
    """The age that counts in the epidermis."""
    return 20 + 10 * decades_of(_visits(*ages), LAW | dials)["epidermis"]


def test_age_counts_from_20_and_with_acceleration():
    decades = decades_of(_visits(15.0, 20.0, 70.0, acceleration_years=[0.0, 5.0, -10.0]), LAW)
    for effect in EFFECTS:
        np.testing.assert_allclose(decades[effect], [0, 0.5, 4])


def test_a_compartment_has_its_own_acceleration():
    own = {"acceleration_dermis_years": 10.0, "acceleration_vessels_years": -20.0}
    decades = decades_of(_visits(60.0, **own), LAW)
    expected = {"epidermis": 4.0, "dermis": 5.0, "vessels": 2.0}
    for effect, compartment in COMPARTMENT_OF.items():
        np.testing.assert_allclose(decades[effect], expected[compartment])
    assert COMPARTMENT_OF["rete"] == "epidermis"
    assert COMPARTMENT_OF["elastosis"] == COMPARTMENT_OF["adnexa"] == "dermis"


def test_years_beyond_55_and_before_45_count_less():
    np.testing.assert_allclose(_counted(30, 50, 75, saturation=0.75), [30, 50, 60])
    np.testing.assert_allclose(_counted(25, 50, 75, threshold=0.75), [40, 50, 75])
    np.testing.assert_allclose(_counted(25, 35, 50, threshold=1), [45, 45, 50])


@pytest.mark.parametrize(("sex", "expected"), [("M", [38, 74]), ("F", [42, 66])])
def test_men_age_faster_about_fifty(sex, expected):
    dials = LAW | {"sex_slope": 0.4}
    decades = decades_of(_visits(40.0, 70.0, sex=sex), dials)
    np.testing.assert_allclose(20 + 10 * decades["dermis"], expected)
    assert (decades_of(_visits(40.0, sex=sex), dials | {"rete": 0.0})["rete"] == 3).all()
