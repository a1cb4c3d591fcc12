import numpy as np
import pandas as pd
import pytest

from skinage.errors import SettingError, StageError
from skinage.explain.attribution import baselines
from skinage.explain.attribution.baselines import Baseline, baseline_tiles, plain_baselines
from skinage.stains import optical_density


@pytest.fixture
def cohort():
    """Return 24 people, every second of the forearm, on two scanners, one slide each."""
    n = 24
    return pd.DataFrame({
        "slide_id": [f"S{k:02d}" for k in range(n)],
        "person_id": [f"P{k:02d}" for k in range(n)],
        "age_years": np.arange(n) * 3.0 + 20,
        "body_site": ["forearm", "thigh"] * (n // 2),
        "scanner": ["A", "A", "B", "B"] * (n // 4),
    })  # fmt: skip


@pytest.fixture
def tiles(cohort):
    rows = cohort.loc[cohort.index.repeat(6), ["slide_id", "person_id"]].reset_index(drop=True)
    return rows.assign(tile_id=[f"T{k:03d}" for k in range(len(rows))], number=range(len(rows)))


@pytest.fixture(autouse=True)
def read(monkeypatch):
    """Let the pixels of a tile say which row it is."""
    rows = []

    def read_pixels(table):
        rows[:] = [table]
        numbers = table["number"].to_numpy(np.uint8)
        return np.broadcast_to(numbers[:, None, None, None], (len(table), 4, 4, 3)).copy()

    monkeypatch.setattr(baselines, "read_pixels", read_pixels)
    return rows


def test_tiles_are_of_others_of_the_site_and_scanner_whose_age_is_nearest_the_mean(
    tiles, cohort, read
):
    found = baseline_tiles(tiles, cohort, "P00", n_tiles=9, n_people=3)
    people = read[0].groupby("person_id").size()
    # Forearm on scanner A are P04, P08, ... P20; the mean age is that of P11 and P12.
    assert people.to_dict() == {"P08": 3, "P12": 3, "P16": 3}
    assert found.words == "9 tiles of 3 others aged 44 to 68, forearm, scanner A"
    np.testing.assert_array_equal(found.pixels[:, 0, 0, 0], read[0]["number"])
    # The first ones are of as many people as there are: some methods take the first only.
    assert read[0]["person_id"].iloc[:3].nunique() == 3


def test_every_scanner_counts_where_the_own_one_has_too_few_others(tiles, cohort, read):
    found = baseline_tiles(tiles, cohort, "P00", n_tiles=8, n_people=8)
    assert read[0]["person_id"].nunique() == 8
    assert "any scanner" in found.words
    sites = read[0].merge(cohort, on="person_id")["body_site"]
    assert set(sites) == {"forearm"}


def test_the_choice_follows_the_seed_and_few_tiles_are_all_taken(tiles, cohort, read):
    first, same, other = (
        baseline_tiles(tiles, cohort, "P00", n_tiles=9, n_people=3, seed=seed) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first.pixels, same.pixels)
    assert not np.array_equal(first.pixels, other.pixels)
    few = baseline_tiles(tiles.groupby("slide_id").head(2), cohort, "P00", n_tiles=9, n_people=3)
    assert few.words.startswith("6 tiles of 3 others")


def test_later_visits_people_without_an_age_and_without_tiles_have_no_part(tiles, cohort, read):
    cohort["visit"] = "first"
    later = cohort.loc[[12]].assign(slide_id="S12b", visit="second", age_years=60.0)
    more = tiles[tiles["slide_id"] == "S12"].assign(slide_id="S12b", number=200)
    cohort.loc[8, "age_years"] = np.nan
    both = pd.concat([cohort, later], ignore_index=True)
    rows = pd.concat([tiles[tiles["slide_id"] != "S16"], more], ignore_index=True)
    found = baseline_tiles(rows, both, "P00", n_tiles=9, n_people=3)
    assert set(read[0]["person_id"]) == {"P04", "P12", "P20"}
    assert 200 not in found.pixels


def test_without_site_and_scanner_everybody_may_be_chosen(tiles, cohort, read):
    found = baseline_tiles(tiles, cohort[["slide_id", "person_id", "age_years"]], "P11", n_people=4)
    assert set(read[0]["person_id"]) == {"P10", "P12", "P09", "P13"}
    assert found.words == "24 tiles of 4 others aged 47 to 59"


def test_who_cannot_be_compared(tiles, cohort):
    with pytest.raises(StageError, match="person 'X' is not in the cohort"):
        baseline_tiles(tiles, cohort, "X")
    cohort.loc[0, "body_site"] = "scalp"
    with pytest.raises(StageError, match="0 other people have tiles and an age, scalp; expected 3"):
        baseline_tiles(tiles, cohort, "P00")
    with pytest.raises(SettingError, match="n_people=8, n_tiles=4; expected 3 people at least"):
        baseline_tiles(tiles, cohort, "P01", n_tiles=4)
    with pytest.raises(StageError, match="no column age_years"):
        baseline_tiles(tiles, cohort.drop(columns="age_years"), "P01")


def test_plain_baselines_keep_size_and_the_mean_stain():
    tile = np.random.default_rng(0).integers(90, 250, (32, 32, 3), dtype=np.uint8)
    found = plain_baselines(tile)
    assert {one.pixels.shape for one in found.values()} == {(1, 32, 32, 3)}
    assert (found["glass"].pixels == 255).all()
    stain, blur = found["mean stain"].pixels[0], found["blur"].pixels[0]
    assert np.ptp(stain, axis=(0, 1)).max() == 0
    expected = optical_density(tile).mean(axis=(0, 1))
    np.testing.assert_allclose(optical_density(stain[0, 0]), expected, atol=0.003)
    assert blur.std() < tile.std() / 5
    assert blur.mean() == pytest.approx(tile.mean(), abs=2)
    assert "blurred by 4 px" in found["blur"].words


def test_a_baseline_must_be_pictures():
    with pytest.raises(SettingError, match=r"uint8 of shape \(4, 4, 3\); expected"):
        Baseline(np.zeros((4, 4, 3), np.uint8), "one picture without its axis")
    with pytest.raises(SettingError, match="one picture at least"):
        Baseline(np.zeros((0, 4, 4, 3), np.uint8), "none")
