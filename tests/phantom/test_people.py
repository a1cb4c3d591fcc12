import functools

import numpy as np
import pandas as pd
import pytest

from skinage import SettingError
from skinage.phantom.people import make_people, make_slides
from skinage.phantom.presets import DIALS, EFFECTS, PRESETS
from skinage.phantom.tissue import NOISE_OF

N = 50_000
FATE = ["follow_up_years", "died"]
PLANTED = ["age_years", "acceleration_years"]


@functools.cache
def people_of(preset):
    return make_people(N, seed=7, preset=preset)


@pytest.fixture(scope="module")
def slides():
    return make_slides(20_000, seed=7)


def test_a_person_is_the_same_however_many_follow(slides):
    pd.testing.assert_frame_equal(make_people(9, seed=7), people_of("teaching").head(9))
    pd.testing.assert_frame_equal(make_slides(9, seed=7), slides[slides["person_id"] < "P00009"])


def test_another_seed_gives_other_people():
    other = make_people(50, seed=8)["age_years"]
    assert (other != people_of("teaching")["age_years"].head(50)).mean() > 0.9


def test_the_first_slides_are_the_people(slides):
    first = slides[slides["slide_id"].str.endswith("_S1")].drop(
        columns=["slide_id", "visit", "replicate"]
    )
    people = make_people(20_000, seed=7)
    pd.testing.assert_frame_equal(first.reset_index(drop=True), people)


def test_slides_are_numbered_in_order(slides):
    assert slides["slide_id"].is_unique
    number = slides.groupby("person_id").cumcount() + 1
    assert (slides["slide_id"] == slides["person_id"] + "_S" + number.astype(str)).all()
    moments = slides[["visit", "replicate"]].apply(tuple, axis=1)
    assert set(moments) == {(1, 1), (1, 2), (2, 1)}
    ordered = moments.groupby(slides["person_id"]).agg(list)
    assert ordered.map(lambda m: m == sorted(m) and m[0] == (1, 1)).all()
    assert (moments == (1, 2)).sum() / 20_000 == pytest.approx(0.10, abs=0.01)
    assert 0.08 < (moments == (2, 1)).sum() / 20_000 < 0.12


def test_a_replicate_is_the_same_tissue_under_other_nuisances(slides):
    first, again = _pairs(slides, visit=1, replicate=2)
    same = ["age_years", "acceleration_years", "biopsy_year", *NOISE_OF, "corneum_um", *FATE]
    pd.testing.assert_frame_equal(first[same], again[same])
    for name in ("eosin_strength", "haematoxylin_r", "background_g", "section_tilt_deg"):
        assert (first[name] != again[name]).all()
    assert (first["scanner"] != again["scanner"]).mean() == pytest.approx(0.5, abs=0.05)


def test_a_later_biopsy_is_of_someone_alive_and_older(slides):
    first, later = _pairs(slides, visit=2, replicate=1)
    years = later["age_years"] - first["age_years"]
    assert years.between(2 - 1e-6, 6 + 1e-6).all()
    assert (years < first["follow_up_years"]).all()
    moved = later["biopsy_year"] - first["biopsy_year"]
    assert ((moved - years).abs() < 1).all()
    pd.testing.assert_frame_equal(first[FATE], later[FATE])
    untreated = first["arm"] == "control"
    ratio = np.log(later["dermis_um"] / first["dermis_um"])[untreated]
    grown = first["age_years"] + first["acceleration_years"] > 20
    np.testing.assert_allclose(ratio[grown], -0.0062 * years[untreated & grown], atol=1e-9)


@pytest.mark.parametrize(("preset", "effect"), [("teaching", -6), ("realistic", -2), ("null", 0)])
def test_the_treatment_moves_the_later_acceleration_and_nothing_else(preset, effect):
    slides = make_slides(5000, seed=1, preset=preset)
    first, later = _pairs(slides, visit=2, replicate=1)
    treated = first["arm"] == "treated"
    assert treated.mean() == pytest.approx(0.5, abs=0.08)
    shift = later["acceleration_years"] - first["acceleration_years"]
    np.testing.assert_allclose(shift[treated], effect, atol=1e-12)
    assert (shift[~treated] == 0).all()
    in_trial = slides["person_id"].isin(first.index)
    assert slides.loc[in_trial, "arm"].isin(["treated", "control"]).all()
    assert slides.loc[~in_trial, "arm"].isna().all()


def test_people_are_spread_as_stated():
    people = people_of("teaching")
    assert people["age_years"].between(20, 90).all()
    assert people["age_years"].std() == pytest.approx(70 / np.sqrt(12), rel=0.02)
    assert people["acceleration_years"].mean() == pytest.approx(0, abs=0.1)
    assert people["acceleration_years"].std() == pytest.approx(6, rel=0.02)
    assert (people["sex"] == "F").mean() == pytest.approx(0.5, abs=0.01)
    assert sorted(people["biopsy_year"].unique()) == [*range(2000, 2013)]
    register = people_of("realistic")["age_years"]
    assert register.between(20, 90).all()
    assert register.between(45, 75).mean() > 0.6
    assert (register < 30).mean() < 0.06


@pytest.mark.parametrize("preset", ["null", "confounded"])
@pytest.mark.parametrize("planted", PLANTED)
def test_without_effects_nothing_knows_of_age(preset, planted):
    found = _correlations(people_of(preset), planted).drop(_columns_of_fate(preset))
    if preset == "confounded":
        found = found.drop(["scanner_A", "scanner_B"])
    assert {*NOISE_OF, "corneum_um", "inflammation_per_mm2", "stain_batch_batch 1"} <= {
        *found.index
    }
    assert found.abs().max() < 4 / np.sqrt(N)


@pytest.mark.parametrize("preset", ["teaching", "realistic"])
@pytest.mark.parametrize("planted", PLANTED)
def test_nuisances_know_nothing_of_age(preset, planted):
    found = _correlations(people_of(preset), planted).drop([*NOISE_OF, *_columns_of_fate(preset)])
    assert len(found) > 25
    assert found.abs().max() < 4 / np.sqrt(N)


def test_confounded_people_can_be_aged_by_their_scanner_alone():
    people = people_of("confounded")
    newer = people["scanner"] == "B"
    assert (newer == (people["age_years"] > 55)).mean() > 0.85
    chance = 1 / (1 + np.exp(-(people["age_years"] - 55) / 5))
    assert abs((newer - chance).sum()) < 4 * np.sqrt((chance * (1 - chance)).sum())
    sharper = make_people(N, seed=7, preset="null", dials={"scanner": 2})["scanner"] == "B"
    assert (sharper == (people["age_years"] > 55)).mean() > 0.92


def test_presets_are_nothing_but_dials_and_ratios():
    ratios = {name: (p.hazard_ratio, p.odds_ratio) for name, p in PRESETS.items()}
    literature = (1.15, 1.15)
    expected = {"teaching": (1.5, 1.5), "realistic": literature, "null": (1, 1), "hard": literature}
    assert ratios == expected | {"confounded": literature}
    halved = [name for name in EFFECTS if PRESETS["realistic"].dials[name] == 0.5]
    assert halved == ["epidermis", "collagen", "vessels"]
    assert all([*preset.dials] == [*DIALS] for preset in PRESETS.values())
    own_dials = make_people(
        200, dials=PRESETS["null"].dials, ratios={"hazard_ratio": 1, "odds_ratio": 1}
    )
    # The arm effect of the two differs, but the first biopsy knows no treatment.
    pd.testing.assert_frame_equal(own_dials, make_people(200, preset="null"))
    half = make_people(200, preset="teaching", dials={"epidermis": 0.5})
    whole = make_people(200, preset="teaching")
    changed = [name for name in whole if not whole[name].equals(half[name])]
    assert changed == ["epidermis_um"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"n_people": 0}, "n_people: found 0, expected a whole number from 1"),
        ({"n_people": -3}, "n_people: found -3"),
        ({"n_people": 2.5}, "n_people: found 2.5"),
        ({"n_people": True}, "n_people: found True"),
        ({"seed": -1}, "seed: found -1, expected a whole number from 0"),
        ({"seed": 0.5}, "seed: found 0.5"),
        ({"preset": "clear"}, "preset: found 'clear', expected one of teaching, realistic, hard"),
        ({"preset": None}, "preset: found None"),
        ({"dials": {"wrinkles": 1}}, "dials: found 'wrinkles', expected names among epidermis"),
        ({"dials": {"rete": 2.1}}, r"dials\['rete'\]: found 2.1, expected a number from 0"),
        ({"dials": {"rete": -0.1}}, "found -0.1, expected"),
        ({"dials": {"rete": float("nan")}}, "found nan, expected"),
        ({"dials": {"rete": "half"}}, "found 'half', expected"),
        ({"dials": 0.5}, "dials: found 0.5, expected such as {'epidermis': 1.0}"),
        ({"ratios": {"odds": 2}}, "ratios: found 'odds', expected names among hazard_ratio, odds"),
        (
            {"ratios": {"hazard_ratio": 0}},
            r"ratios\['hazard_ratio'\]: found 0, expected a positive",
        ),
        ({"ratios": {"odds_ratio": -1}}, r"\['odds_ratio'\]: found -1"),
        ({"ratios": {"odds_ratio": float("inf")}}, r"\['odds_ratio'\]: found inf"),
        ({"ratios": {"odds_ratio": "1.5"}}, r"\['odds_ratio'\]: found '1.5'"),
    ],
)
@pytest.mark.parametrize("make", [make_people, make_slides])
def test_unusable_settings_are_named(make, wrong, message):
    with pytest.raises(SettingError, match=message):
        make(**{"n_people": 2} | wrong)


def _columns_of_fate(preset):
    return [name for name in people_of(preset) if name in FATE or name.startswith("disease_")]


def _correlations(people, planted):
    """Of every column with one planted; categories as columns of 0 and 1."""
    known = people.drop(columns=["person_id", "arm", *PLANTED])
    coded = pd.get_dummies(known, columns=["sex", "body_site", "scanner", "stain_batch", "lesion"])
    return coded.astype(float).corrwith(people[planted])


def _pairs(slides, *, visit, replicate):
    """First biopsies and other slides of the same people, both indexed by person."""
    slides = slides.set_index("person_id")
    other = slides[(slides["visit"] == visit) & (slides["replicate"] == replicate)]
    first = slides[(slides["visit"] == 1) & (slides["replicate"] == 1)].loc[other.index]
    return first, other
