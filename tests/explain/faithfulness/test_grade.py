import numpy as np
import pytest

from skinage.errors import SettingError, StageError
from skinage.explain.faithfulness.case import MapCase, own_map
from skinage.explain.faithfulness.deletion import areas_against_controls
from skinage.explain.faithfulness.grade import failed_words, grade_maps

from .conftest import SIDE, WEIGHTS, true_map, years_of

CURVES = [
    f"{test}: {control}"
    for test in ("deletion", "insertion")
    for control in ("random", "centred", "nuclear density")
]


def graded(cases):
    return grade_maps(cases).set_index("test")


def test_the_true_map_passes_deletion_and_insertion(make_cases):
    table = graded(make_cases("true"))
    assert list(table.index) == [
        *CURVES, "stability: turned by 90 degrees", "stability: out of focus",
    ]  # fmt: skip
    assert table.loc[CURVES, "passed"].all()
    assert (table.loc[CURVES, "value"] > 0.5).all()
    assert (table["n_people"] == 8).all()
    assert (table["lower"] <= table["value"]).all()
    assert (table["value"] <= table["upper"]).all()
    assert table.loc["stability: out of focus", "passed"]
    # The clock goes by the left half wherever the tissue lies, and the map rightly with it.
    assert not table.loc["stability: turned by 90 degrees", "passed"]


@pytest.mark.parametrize("name", ["random", "centred", "edges"])
def test_maps_that_know_nothing_of_the_clock_fail(make_cases, name):
    table = graded(make_cases(name))
    # A map without a cause passes each test with a probability of 2.5 %.
    assert table.loc[CURVES, "passed"].sum() <= 1
    words = failed_words(table.reset_index())
    assert len(words) == (~table["passed"]).sum()
    assert words[0].startswith("deletion: no better than a random map (")


def test_a_map_that_ignores_the_weights_fails_the_randomisation(make_cases):
    other = np.random.default_rng(1).permutation(WEIGHTS.ravel()).reshape(SIDE, SIDE) - 0.01
    flat = np.full((3, SIDE, SIDE, 3), 150, np.uint8)

    def of_other_weights(pixels):
        return true_map(flat, np.sign(other) * 0.1 * (np.arange(SIDE) > SIDE // 2))(pixels)

    faithful = graded(make_cases("true", unlike={"random weights": of_other_weights}))
    row = faithful.loc["randomisation: random weights"]
    assert row["passed"]
    assert row["reference"] == 0.5
    assert row["words"].startswith("randomisation: changes with random weights (r = ")
    from .conftest import edges

    blind = graded(make_cases("edges", unlike={"random weights": edges}))
    row = blind.loc["randomisation: random weights"]
    assert not row["passed"]
    assert row["value"] == pytest.approx(1)
    assert row["words"] == "randomisation: looks the same with random weights (r = 1.00)"


def test_maps_of_other_folds_should_look_alike(make_cases):
    def noisy(pixels):
        noise = np.random.default_rng(0).normal(0, 0.001, (SIDE, SIDE))
        return true_map(np.full((1, SIDE, SIDE, 3), 150, np.uint8))(pixels) + noise

    table = graded(make_cases("true", like={"fold 2": noisy, "opposite": lambda p: -noisy(p)}))
    assert table.loc["stability: fold 2", "passed"]
    assert not table.loc["stability: opposite", "passed"]
    assert table.loc["stability: opposite", "value"] < -0.5


def test_people_count_not_tiles(make_cases):
    cases = list(make_cases("true"))
    one = graded([*cases, *[cases[0]] * 6])
    both = graded(cases)
    # The same tile again changes the mean of its person only.
    assert one["n_people"].eq(8).all()
    name = "deletion: random"
    values = [areas_against_controls(case, own_map(case), n_steps=8, seed=k)["deletion", "random"]
              for k, case in enumerate([*cases, *[cases[0]] * 6])]  # fmt: skip
    people = [np.mean([values[0], values[1], *values[16:]])]
    people += [np.mean(values[2 * k : 2 * k + 2]) for k in range(1, 8)]
    assert one.loc[name, "value"] == pytest.approx(np.mean(people))
    assert both.loc[name, "value"] == pytest.approx(np.mean(values[:16]))


def test_few_people_neither_pass_nor_fail(make_cases):
    table = grade_maps(make_cases("true", n_people=3))
    assert table["passed"].isna().all()
    assert table["lower"].isna().all()
    assert "only 3 people to say" in failed_words(table)[0]


def test_deletion_in_years_against_the_curve_written_out():
    """Two halves, one worth 12 years: the map that knows it gains the area of a triangle."""
    tile = np.full((SIDE, SIDE, 3), 100, np.uint8)
    tile[:, : SIDE // 2, 2] = 151
    filling = np.full((1, SIDE, SIDE, 3), 100, np.uint8)
    case = MapCase("P0", tile, years_of, true_map(filling), filling)
    assert years_of(tile) - years_of(filling[0]) == pytest.approx(12)
    areas = areas_against_controls(case, own_map(case), n_steps=24, seed=0)
    # All 12 years go in the first half of the blocks (area 3), at random in all of them (6).
    assert areas["deletion", "random"] == pytest.approx(3, abs=0.4)
    assert areas["insertion", "random"] == pytest.approx(3, abs=0.4)
    # From the centre outwards the two halves go alike.
    assert areas["deletion", "centred"] == pytest.approx(3, abs=0.4)


def test_what_cannot_be_graded(make_cases):
    with pytest.raises(StageError, match="no tile to grade"):
        grade_maps([])
    with pytest.raises(SettingError, match="n_steps is 1"):
        grade_maps([], n_steps=1)
    case = next(make_cases("true"))
    with pytest.raises(StageError, match=r"expected uint8 \(h, w, 3\)"):
        MapCase("P0", case.pixels / 255, years_of, case.explain_map, case.filling)
    with pytest.raises(StageError, match=r"filling uint8 of shape \(0, 48, 48, 3\)"):
        MapCase("P0", case.pixels, years_of, case.explain_map, case.filling[:0])
    wrong = MapCase("P0", case.pixels, years_of, lambda pixels: pixels[..., 0] / 0.0, case.filling)
    with np.errstate(all="ignore"), pytest.raises(StageError, match="values that are no number"):
        grade_maps([wrong])
