import zlib
from pathlib import Path

import pytest

import skinage
from skinage import SettingError
from skinage.phantom import DIALS, PRESETS, make_people, make_slides
from skinage.phantom.dials import COMPARTMENT_OF, COMPARTMENTS, EFFECTS

OF_COHORTS = [name for name in DIALS if name not in EFFECTS]


def test_the_table_describes_every_dial():
    assert [*DIALS][: len(EFFECTS)] == [*EFFECTS]
    assert set(COMPARTMENT_OF.values()) == {*COMPARTMENTS}
    for name, dial in DIALS.items():
        assert dial.what.endswith("."), name
        assert dial.what[0].isupper(), name
        assert len(dial.what) <= 95, name
        assert dial.source, name
        assert dial.allows(0), name
        assert dial.allows(dial.high), name
        assert not dial.allows(dial.high + 0.1), name
        assert not dial.allows(-0.1), name


def test_the_documentation_lists_every_dial_as_it_is():
    text = (Path(skinage.__file__).parents[1] / "data" / "README.md").read_text()
    for name in OF_COHORTS:
        dial = DIALS[name]
        (row,) = [line for line in text.splitlines() if line.startswith(f"| `{name}` |")]
        assert row.endswith(f"| {dial.what} | {dial.source} |")


# Kept from before there were dials of cohorts: numbers of the tables of 300 people of seed 3.
@pytest.mark.parametrize(
    ("preset", "sum_of_bytes"),
    [
        ("teaching", 1662075684),
        ("realistic", 1584786219),
        ("null", 681725726),
        ("confounded", 949161766),
    ],
)
def test_cohorts_of_old_are_as_they_were(preset, sum_of_bytes):
    assert not any(PRESETS[preset].dials[name] for name in OF_COHORTS if name != "scanner")
    slides = make_slides(300, seed=3, preset=preset)
    written = slides.to_csv(index=False, float_format="%.6g")
    assert zlib.crc32(written.encode()) == sum_of_bytes


@pytest.mark.parametrize("name", OF_COHORTS)
def test_a_person_is_the_same_however_many_follow(name):
    settings = {"seed": 2, "dials": {name: DIALS[name].high}}
    many, few = make_slides(800, **settings), make_slides(60, **settings)
    assert few.equals(many[many["person_id"] < "P00060"])


def test_hard_turns_on_all_but_brackets_and_sparing():
    dials = PRESETS["hard"].dials
    off = [name for name in OF_COHORTS if not dials[name]]
    assert off == ["scanner", "spare_epidermis", "spare_dermis", "spare_vessels", "brackets"]
    assert all(DIALS[name].allows(value) for name, value in dials.items())
    assert {name: dials[name] for name in EFFECTS} == {
        name: PRESETS["realistic"].dials[name] for name in EFFECTS
    }


@pytest.mark.parametrize(
    ("dials", "message"),
    [
        ({"wrinkles": 1}, r"found 'wrinkles', expected names among epidermis, .*brackets"),
        ({"rete": 2.5}, r"\['rete'\]: found 2.5, expected a number from 0 \(no effect\) over 1"),
        ({"survival": 1.5}, r"\['survival'\]: found 1.5, expected a number from 0 to 1\."),
        ({"survival": float("nan")}, "found nan, expected a number from 0 to 1"),
        ({"saturation": 0.95}, r"found 0.95, expected a number from 0 to 0\.9"),
        ({"spare_dermis": 0.5}, "found 0.5, expected 0 or 1"),
        ({"brackets": 1}, "found 1, expected a whole number: 0 or from 2 to 20"),
        ({"brackets": 7.5}, "found 7.5, expected a whole number"),
        ({"brackets": 25}, "found 25, expected a whole number"),
        ({"drift": True}, "found True, expected a number"),
        (dict.fromkeys(("spare_epidermis", "spare_dermis", "spare_vessels"), 1), "all 1, expected"),
        ({"scanner": 1, "hospitals": 0.5}, "found scanner and hospitals above 0, expected one"),
    ],
)
def test_dials_that_cannot_be_used_are_named(dials, message):
    with pytest.raises(SettingError, match=message):
        make_people(2, dials=dials)
