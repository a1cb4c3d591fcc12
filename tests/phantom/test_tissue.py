import numpy as np
import pandas as pd
import pytest

from skinage.phantom.people import make_people
from skinage.phantom.presets import EFFECTS
from skinage.phantom.tissue import NOISE_OF, draw_constitution, tissue_of

N = 20_000
ALL = dict.fromkeys(EFFECTS, 1.0)
COLUMNS_OF = {
    "epidermis": ["epidermis_um"],
    "rete": ["rete_um"],
    "dermis": ["dermis_um"],
    "collagen": ["collagen_fraction"],
    "disorder": ["fibre_concentration"],
    "bundles": ["bundle_um"],
    "elastosis": ["elastosis_um"],
    "fibroblasts": ["fibroblasts_per_mm2"],
    "dark_nuclei": ["dark_fraction"],
    "vessels": ["vessels_per_mm2", "vessel_um"],
    "adnexa": ["adnexa_per_mm2"],
}
"""The parameters that each dial moves."""
NO_NOISE = pd.DataFrame({name: [1.0] for name in NOISE_OF}).assign(
    corneum_um=20.0, inflammation_per_mm2=0.3
)


@pytest.fixture(scope="module")
def people():
    return make_people(N, seed=3, dials=ALL)


@pytest.fixture(scope="module")
def constitution():
    return draw_constitution(N, seed=3)


@pytest.mark.parametrize("effect", EFFECTS)
def test_a_dial_at_0_leaves_no_trace_of_age(people, constitution, effect):
    rng = np.random.default_rng(0)
    others = people.assign(age_years=rng.uniform(20, 90, N), acceleration_years=rng.normal(0, 6, N))
    dials = ALL | {effect: 0.0}
    before, after = (tissue_of(p, constitution, dials) for p in (people, others))
    moved = {name for name in before if not before[name].equals(after[name])}
    aged = {name for names in COLUMNS_OF.values() for name in names}
    assert moved == aged - {*COLUMNS_OF[effect]}


@pytest.mark.parametrize("effect", EFFECTS)
def test_a_dial_at_0_gives_everybody_the_tissue_of_fifty(people, constitution, effect):
    fifty = people.assign(age_years=50.0, acceleration_years=0.0)
    columns = COLUMNS_OF[effect]
    without = tissue_of(people, constitution, ALL | {effect: 0.0})[columns]
    pd.testing.assert_frame_equal(without, tissue_of(fifty, constitution, ALL)[columns])


@pytest.mark.parametrize("dial", [0.5, 2.0])
@pytest.mark.parametrize("effect", EFFECTS)
def test_a_dial_stretches_the_law_about_fifty(effect, dial):
    """The tissue at 50 + x under dial k is that at 50 + k x under dial 1."""
    at, stretched = _woman(50 + 12.0), _woman(50 + dial * 12.0)
    found = tissue_of(at, NO_NOISE, ALL | {effect: dial})[COLUMNS_OF[effect]]
    expected = tissue_of(stretched, NO_NOISE, ALL)[COLUMNS_OF[effect]]
    pd.testing.assert_frame_equal(found, expected)


def test_age_and_acceleration_do_the_same(constitution, people):
    older = people.assign(age_years=people["age_years"] + 5)
    ahead = people.assign(acceleration_years=people["acceleration_years"] + 5)
    pd.testing.assert_frame_equal(
        tissue_of(older, constitution, ALL), tissue_of(ahead, constitution, ALL)
    )


def test_the_law_is_as_stated_in_numbers():
    young, old = (tissue_of(_woman(age), NO_NOISE, ALL).iloc[0] for age in (20, 70))
    expected = {
        "epidermis_um": (67.5, 67.5 * np.exp(-0.295)),
        "rete_um": (60 * (1 - 0.6 / (1 + np.exp(3))), 60 * (1 - 0.6 / (1 + np.exp(-23 / 9)))),
        "dermis_um": (1260, 1260 * np.exp(-0.31)),
        "collagen_fraction": (0.80, 0.625),
        "fibre_concentration": (5, 5 * np.exp(-0.75)),
        "bundle_um": (13, 13 * np.exp(-0.25)),
        "elastosis_um": (0, 140),
        "fibroblasts_per_mm2": (800, 800 * np.exp(-0.3)),
        "dark_fraction": (0.05, 0.20),
        "vessels_per_mm2": (10, 10 * np.exp(-0.25)),
        "vessel_um": (24, 24 * np.exp(-0.2)),
        "adnexa_per_mm2": (2.7, 2.7 * np.exp(-0.15)),
    }
    assert {*expected} == {*NOISE_OF}
    for name, values in expected.items():
        assert (young[name], old[name]) == pytest.approx(values), name
    man = tissue_of(_woman(70).assign(sex="M", body_site="suprapubic"), NO_NOISE, ALL).iloc[0]
    assert man["epidermis_um"] == pytest.approx(75 * np.exp(-0.375))
    assert man["rete_um"] == pytest.approx(30)
    oldest = tissue_of(_woman(110).assign(sex="M"), NO_NOISE, ALL).iloc[0]
    assert oldest["rete_um"] == 15


def test_noise_of_a_person_is_8_to_10_percent_and_free_of_all_else(people, constitution):
    logs = np.log(constitution[[*NOISE_OF]])
    assert logs.std().between(0.079, 0.101).all()
    apart = np.abs(np.corrcoef(logs.T) - np.eye(len(NOISE_OF)))
    assert apart.max() < 4.5 / np.sqrt(N)
    lawful = tissue_of(people, NO_NOISE.loc[np.zeros(N, int)], ALL)
    ratio = people["bundle_um"] / lawful["bundle_um"]
    np.testing.assert_allclose(ratio, constitution["bundle_um"])


def test_whatever_the_dials_parameters_can_be_drawn():
    people = make_people(N, seed=5, dials=dict.fromkeys(EFFECTS, 2.0))
    assert people["collagen_fraction"].between(0.4, 0.92).all()
    assert people["dark_fraction"].between(0.01, 0.9).all()
    assert (people["corneum_um"] >= 8).all()
    assert (people[[*NOISE_OF]].drop(columns="elastosis_um") > 0).all().all()
    assert (people.loc[people["sun_exposure"] == 0, "elastosis_um"] == 0).all()
    assert people["inflammation_per_mm2"].mean() == pytest.approx(0.3, rel=0.03)


def _woman(age_years):
    return pd.DataFrame(
        {
            "age_years": [age_years - 3.0],
            "acceleration_years": [3.0],
            "sex": ["F"],
            "body_site": ["forearm"],
            "sun_exposure": [1.0],
        }
    )
