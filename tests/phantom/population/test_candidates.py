import numpy as np
import pytest

from skinage.phantom import PRESETS, make_people, make_slides
from skinage.phantom.dials import COMPARTMENTS
from skinage.phantom.population.candidates import draw_candidates, draw_surroundings

N = 20_000
OWN = [f"acceleration_{name}_years" for name in COMPARTMENTS]


def _people(n_people=N, *, preset="teaching", **dials):
    return make_people(n_people, seed=6, preset=preset, dials=dials)


@pytest.mark.parametrize("k", [0.3, 1.0])
def test_compartments_correlate_as_asked_and_keep_their_spread(k):
    people = _people(compartments=k)
    apart = people[OWN].corr().to_numpy()[np.triu_indices(3, 1)]
    np.testing.assert_allclose(apart, 1 - k, atol=0.02)
    np.testing.assert_allclose(people[OWN].std(), 6, rtol=0.02)
    np.testing.assert_allclose(people["acceleration_years"], people[OWN].mean(axis=1), atol=1e-9)


def test_what_is_spared_does_not_act_on_life():
    people = _people(compartments=1, spare_epidermis=1, spare_vessels=1)
    np.testing.assert_allclose(people["acceleration_years"], people[OWN[1]], atol=1e-9)
    shared = _people(compartments=0.5, spare_dermis=1)
    expected = (shared[OWN[0]] + shared[OWN[2]]) / 2
    np.testing.assert_allclose(shared["acceleration_years"], expected, atol=1e-9)


def test_each_tissue_follows_its_compartment():
    # Nothing else in epidermis, dermis and vessels may move when the others do.
    one, other = _people(300, compartments=0), _people(300, compartments=1)
    shift = {name: other[f"acceleration_{name}_years"] - one["acceleration_years"]
             for name in COMPARTMENTS}  # fmt: skip
    grown = (one["age_years"] > 50).to_numpy()
    for name, column, slope in (
        ("epidermis", "epidermis_um", -0.0059),
        ("dermis", "dermis_um", -0.0062),
        ("vessels", "vessel_um", -0.0040),
    ):
        women = grown & (one["sex"] == "F").to_numpy()
        moved = np.log(other[column] / one[column])
        np.testing.assert_allclose(moved[women], slope * shift[name][women], atol=1e-9)


def test_diabetes_ages_the_dermis_only():
    before, after = _people(4000), _people(4000, skin_disease=0.5)
    same = ["acceleration_years", "disease_diabetes", "died", "epidermis_um", "vessel_um"]
    assert after[same].equals(before[same])
    sick = after["disease_diabetes"] == 1
    more = after["acceleration_dermis_years"] - after["acceleration_years"]
    np.testing.assert_allclose(more, np.where(sick, 4, 0), atol=1e-9)
    thinner = np.log(after["dermis_um"] / before["dermis_um"])
    assert thinner[sick].mean() == pytest.approx(-0.0248, abs=0.001)
    assert (thinner[~sick] == 0).all()


def test_hospitals_bring_scanner_age_disease_and_mortality():
    slides = make_slides(N, seed=6, preset="realistic", dials={"hospitals": 1})
    assert (slides["scanner"] == slides["hospital"]).all()
    people = slides[(slides["visit"] == 1) & (slides["replicate"] == 1)]
    by_hospital = people.groupby("hospital")
    assert by_hospital.size().div(N).sub(0.2).abs().max() < 0.02
    for name in ("age_years", "died", "disease_psoriasis"):
        means = by_hospital[name].mean()
        assert means.idxmax() == "C", name
        assert means.idxmin() == "B", name
    odds = by_hospital["disease_psoriasis"].mean().pipe(lambda p: p / (1 - p))
    assert np.log(odds["C"] / odds["B"]) == pytest.approx(1, abs=0.25)
    assert by_hospital["age_years"].mean()["C"] - by_hospital["age_years"].mean()["B"] > 12
    assert abs(by_hospital["acceleration_years"].mean()).max() < 0.4


def test_people_biopsied_later_are_older_under_calendar():
    people = _people(calendar=1)
    early = people["biopsy_year"] < 2003
    late = people["biopsy_year"] > 2009
    assert people["age_years"][late].mean() - people["age_years"][early].mean() > 5
    plain = _people()
    faded = np.log(people["eosin_strength"] / plain["eosin_strength"])
    stored = 2024 - people["biopsy_year"]
    np.testing.assert_allclose(faded, stored * np.log(0.99 / 0.995), rtol=1e-6)


def test_an_outdoor_life_raises_elastosis_and_smoking():
    people, plain = _people(outdoor=1), _people()
    life = people["outdoor_life"]
    assert life.std() == pytest.approx(1, rel=0.02)
    exposed = (plain["elastosis_um"] > 0).to_numpy()
    more = np.log(people["elastosis_um"] / plain["elastosis_um"].where(exposed))
    np.testing.assert_allclose(more[exposed], 0.4 * life[exposed], atol=1e-9)
    assert (people["elastosis_um"][~exposed] == 0).all()
    assert people["smoker"][life > 1].mean() > 2 * people["smoker"][life < -1].mean()
    assert people["smoker"].mean() == pytest.approx(0.28, abs=0.03)


def test_rounds_are_other_people_and_keep_their_surroundings():
    dials = PRESETS["hard"].dials
    people = draw_surroundings(500, 1, ages="register", dials=dials)
    first, second = (
        draw_candidates(people, 1, number, odds_ratio=1.15, dials=dials) for number in (0, 1)
    )
    assert list(first) == list(second)
    for name in ("acceleration_years", *OWN):
        assert abs(np.corrcoef(first[name], second[name])[0, 1]) < 0.15
    assert (first["disease_cataract"] != second["disease_cataract"]).any()
