import anndata
import numpy as np
import pandas as pd
import pytest

from skinage import skipped
from skinage.errors import SettingError, StageError
from skinage.explain.counterfactual.similar import similar_people, similar_tiles

N, TILES = 40, 3


@pytest.fixture
def cohort():
    return pd.DataFrame({
        "slide_id": [f"S{k:02d}" for k in range(N)],
        "person_id": [f"P{k:02d}" for k in range(N)],
        "age_years": np.arange(N) * 2.0 + 10,
        "sex": np.resize(["F", "F", "M"], N),
        "body_site": "arm",
        "scanner": "A",
    })  # fmt: skip


@pytest.fixture
def people(cohort):
    rng = np.random.default_rng(1)
    features = rng.normal(size=(N, 4)) * [1, 100, 0.01, 1]
    index = pd.Index(cohort["person_id"], name="person_id")
    table = pd.DataFrame(features, index, [f"mean_{k:04d}" for k in range(4)])
    return table.assign(std_0000=3.0, n_tiles=TILES)


def test_people_are_the_nearest_of_the_right_age_sex_site_and_scanner(people, cohort):
    with pytest.warns(UserWarning, match="there is nobody"):
        found = similar_people(people, cohort, tolerance_years=4, n=2)
    names = [f"mean_{k:04d}" for k in range(4)]
    z = (people[names] - people[names].mean()) / people[names].std(ddof=0)
    known = cohort.set_index("person_id")
    own = known.loc["P20"]
    for way, sign in (("older", 1), ("younger", -1)):
        right = known.index[
            (known["sex"] == own["sex"]) & ((known["age_years"] - 50 - sign * 10).abs() <= 4)
        ]
        # The fifth feature is the same in everybody and does not count.
        distance = np.sqrt(((z.loc[right] - z.loc["P20"]) ** 2).mean(axis=1)).nsmallest(2)
        rows = found[(found["person_id"] == "P20") & (found["way"] == way)]
        assert list(rows["similar_person_id"]) == list(distance.index)
        np.testing.assert_allclose(rows["distance"], distance)
        assert list(rows["rank"]) == [1, 2]
        assert (rows["n_candidates"] == len(right)).all()
        np.testing.assert_array_equal(
            rows["similar_age_years"], known.loc[distance.index, "age_years"]
        )
    said = skipped(found).set_index("item")["reason"]
    sex = known.loc["P00", "sex"]
    assert said["P00, younger"] == f"nobody else of arm, {sex}, A is -4 to 4 years old"
    n_found = found.groupby(["person_id", "way"]).ngroups
    assert n_found + len(said) == 2 * N


def test_who_matches_nobody_is_said_not_matched_with_others(people, cohort):
    cohort.loc[20, "scanner"] = "B"
    cohort.loc[22, "scanner"] = None
    with pytest.warns(UserWarning, match="similar_people: for"):
        found = similar_people(people, cohort, n=50)
    for lonely in ("P20", "P22"):
        assert lonely not in set(found["person_id"]) | set(found["similar_person_id"])
        assert f"{lonely}, older" in set(skipped(found)["item"])
    with pytest.warns(UserWarning, match="similar_people: for"):
        found = similar_people(people, cohort, match=("body_site",), n=50)
    assert {"P20", "P22"} <= set(found["similar_person_id"])


def test_a_slide_scanned_twice_is_matched_with_slides_scanned_by_the_same_two(people, cohort):
    twice = cohort.loc[[20, 26]].assign(scanner="B")
    cohort = pd.concat([twice, cohort], ignore_index=True)
    with pytest.warns(UserWarning, match="similar_people: for"):
        found = similar_people(people, cohort, n=50).set_index("person_id")
    assert list(found.loc[["P20"], "similar_person_id"]) == ["P26"]
    assert list(found.loc[["P26"], "similar_person_id"]) == ["P20"]


@pytest.fixture
def atlas(cohort):
    rng = np.random.default_rng(2)
    obs = cohort.loc[np.repeat(np.arange(N), TILES)]
    obs = obs.set_axis([f"T{k:03d}" for k in range(N * TILES)])
    return anndata.AnnData(rng.normal(size=(N * TILES, 5)).astype(np.float32), obs)


def test_tiles_are_of_other_people_one_of_each(atlas):
    # The tiles of one's own are the nearest of all, and never found.
    atlas.X[60:63] = 0
    atlas.X[64:66] = 0.001
    found = similar_tiles(atlas, ["T060"], tolerance_years=8, match=(), n=100)
    assert set(found["tile_id"]) == {"T060"}
    assert not set(found["similar_person_id"]) & {"P20"}
    older = found[found["way"] == "older"]
    assert older["similar_tile_id"].iloc[0] in ("T064", "T065")
    assert older["similar_person_id"].is_unique
    assert older["distance"].is_monotonic_increasing
    assert older["similar_age_years"].between(52, 68).all()
    assert (older["n_candidates"] == len(older)).all()
    assert len(older) == 9
    z = atlas.X / atlas.X.astype(float).std(axis=0)
    row = older.iloc[3]
    other = z[atlas.obs_names.get_loc(row["similar_tile_id"])]
    assert row["distance"] == pytest.approx(np.sqrt(np.mean((other - z[60]) ** 2)), rel=1e-5)


def test_what_cannot_be_compared(atlas, people, cohort):
    with pytest.raises(StageError, match="1 of 2 tiles are not in the atlas, such as 'X'"):
        similar_tiles(atlas, ["T001", "X"])
    with pytest.raises(StageError, match="lacks scanner"):
        similar_people(people, cohort.drop(columns="scanner"))
    with pytest.raises(SettingError, match="years is -10"):
        similar_people(people, cohort, years=-10)
    with pytest.raises(SettingError, match="tolerance_years 10"):
        similar_tiles(atlas, ["T001"], tolerance_years=10)
