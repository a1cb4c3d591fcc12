from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from skinage import skipped
from skinage.errors import SettingError, StageError
from skinage.explain.importance.names import name_groups
from skinage.explain.importance.tile_years import tile_years

N, TILES = 80, 10


@pytest.fixture
def planted():
    """People in whom one group follows thickness, one only age, one nothing."""
    rng = np.random.default_rng(0)
    ids = pd.Index([f"P{k:02d}" for k in range(N)], name="person_id")
    age = rng.uniform(20, 90, N)
    thickness = 80 - 0.4 * age + rng.normal(0, 6, N)
    measures = pd.DataFrame(
        {"epidermis_um": thickness, "wrinkles": age + rng.normal(0, 5, N),
         "noise": rng.normal(size=N)}, ids,
    )  # fmt: skip
    features = np.column_stack([thickness, -thickness, age, rng.normal(size=(N, 2))])
    features = features + rng.normal(0, 1, features.shape)
    names = [f"mean_{k:04d}" for k in range(5)]
    years = (features - features.mean(axis=0)) * [-0.5, 0.2, 0.3, 1, 1]
    explanation = SimpleNamespace(
        values=years, data=features, base_values=np.full(N, 50.0), feature_names=names,
        instance_names=list(ids),
    )  # fmt: skip
    groups = pd.Series(["thin", "thin", "age", "none", "none"], names)
    cohort = pd.DataFrame({
        "slide_id": ids + "_1", "person_id": ids, "age_years": age,
        "sex": rng.choice(["F", "M"], N), "body_site": rng.choice(["arm", "leg"], N),
    })  # fmt: skip
    return explanation, groups, measures, cohort


def named(planted, **how):
    explanation, groups, measures, cohort = planted
    return name_groups(explanation, groups, measures, cohort=cohort, **how)


def test_a_name_survives_age_or_is_none(planted):
    table = named(planted)
    assert list(table.columns) == [
        "group", "n_features", "mean_abs_years", "measure", "r_within", "r_partial", "p", "label",
    ]  # fmt: skip
    rows = table.set_index("group")
    assert rows.loc["thin", ["measure", "label"]].tolist() == [
        "epidermis_um",
        "less is older: epidermis_um",
    ]
    assert rows.loc["thin", "r_partial"] < -0.8
    assert rows.loc["thin", "p"] == pytest.approx(0.001)
    # Its years follow wrinkles with r = .97, but through age alone.
    assert rows.loc["age", "label"] == "unnamed"
    assert rows.loc["none", "label"] == "unnamed"
    assert rows["n_features"].to_dict() == {"thin": 2, "age": 1, "none": 2}
    years = pd.DataFrame(planted[0].values)
    assert rows.loc["thin", "mean_abs_years"] == pytest.approx((years[0] + years[1]).abs().mean())
    assert table["mean_abs_years"].is_monotonic_decreasing


def tiles_of(planted, sign):
    """Tiles whose first feature follows thickness over people, and ``sign`` times it within."""
    anndata = pytest.importorskip("anndata")
    explanation, _, measures, _ = planted
    rng = np.random.default_rng(1)
    person = np.repeat(np.arange(N), TILES)
    inside = rng.normal(size=len(person))
    x = np.asarray(explanation.data)[person].copy()
    x[:, 0] += inside
    obs = pd.DataFrame({"person_id": measures.index[person]}, [f"T{k}" for k in range(len(x))])
    found = measures["epidermis_um"].to_numpy()[person] + sign * inside
    return {
        "atlas": anndata.AnnData(x.astype(np.float32), obs),
        "tile_measures": pd.DataFrame({"tile_epidermis": found}, obs.index).sample(
            frac=1, random_state=0
        ),
    }


@pytest.mark.parametrize(("sign", "holds"), [(1, True), (-1, False), (0, False)])
def test_a_measure_of_tiles_must_hold_within_people_with_the_same_sign(planted, sign, holds):
    explanation, groups, measures, cohort = planted
    del measures["epidermis_um"]
    rng = np.random.default_rng(2)
    tiles = tiles_of((explanation, groups, planted[2].assign(
        epidermis_um=np.asarray(explanation.data)[:, 0]), cohort), sign)  # fmt: skip
    if sign == 0:
        tiles["tile_measures"] += rng.normal(0, 1, (N * TILES, 1))
    table = name_groups(explanation, groups, measures, cohort=cohort, **tiles).set_index("group")
    row = table.loc["thin"]
    assert row["measure"] == "tile_epidermis"
    assert row["r_partial"] < -0.8
    assert (row["label"] == "less is older: tile_epidermis") == holds
    assert np.sign(row["r_within"]) == -sign or sign == 0


def test_years_of_tiles_are_those_of_more_tiles_like_it():
    """Against the definition: what one tile in a thousand more would change."""
    import anndata

    x = np.random.default_rng(3).normal(size=(7, 2)).astype(np.float32)
    obs = pd.DataFrame({"person_id": "P0"}, [f"T{k}" for k in range(7)])
    features = np.random.default_rng(4).normal(size=(9, 3))
    explanation = SimpleNamespace(
        values=features * [2.0, 0.0, 3.0], data=features,
        feature_names=["mean_0000", "mean_0001", "std_0001"],
    )  # fmt: skip
    groups = pd.Series(["a", "a", "b"], explanation.feature_names)
    found = tile_years(explanation, groups, anndata.AnnData(x, obs))
    epsilon = 1e-4
    weights = np.full(7, (1 - epsilon) / 7)

    def pooled(weights):
        mean = weights @ x.astype(float)
        return 2 * mean[0], 3 * np.sqrt(weights @ (x[:, 1] - mean[1]) ** 2)

    for k in range(7):
        more = weights + epsilon * (np.arange(7) == k)
        change = np.subtract(pooled(more), pooled(np.full(7, 1 / 7))) / epsilon
        np.testing.assert_allclose(found.iloc[k], change, rtol=2e-3, atol=2e-3)


def test_noise_is_named_at_the_nominal_rate_over_people(planted):
    explanation, groups, measures, cohort = planted
    rng, names = np.random.default_rng(5), 0
    groups = groups[groups == "none"]
    for seed in range(50):
        noise = pd.DataFrame(rng.normal(size=(N, 6)), measures.index, list("abcdef"))
        own = name_groups(explanation, groups, noise, cohort=cohort, n_shuffles=99, seed=seed)
        names += int((own.set_index("group").loc["none", "label"]) != "unnamed")
    assert names <= 8  # 2.5 expected


def test_who_is_left_out_is_counted(planted):
    explanation, groups, measures, cohort = planted
    measures = measures[5:].assign(rare=np.nan)
    measures.iloc[:6, 3] = 1.0
    cohort.loc[20, "age_years"] = np.nan
    said = skipped(name_groups(explanation, groups, measures, cohort=cohort)).set_index("item")
    assert set(said.index) == {f"6 of {N} people", "measure rare"}
    assert "fewer than 50%" in said.loc["measure rare", "reason"]


def test_a_person_without_a_measure_drops_no_measure(planted):
    planted[2].iloc[3, 0] = np.nan
    assert "less is older: epidermis_um" in set(named(planted)["label"])


def test_too_few_people_or_half_of_the_tiles_tables(planted):
    explanation, groups, measures, cohort = planted
    with pytest.raises(StageError, match=r"19 people are in all tables \(80 are explained"):
        name_groups(explanation, groups, measures[:19], cohort=cohort)
    with pytest.raises(StageError, match="no measure is known for half of the 80"):
        name_groups(explanation, groups, measures * np.nan, cohort=cohort)
    with pytest.raises(StageError, match="'noise' holds no numbers"):
        name_groups(explanation, groups, measures.astype({"noise": str}), cohort=cohort)
    nameless = SimpleNamespace(**vars(explanation) | {"instance_names": None})
    with pytest.raises(StageError, match="does not say whose rows"):
        name_groups(nameless, groups, measures, cohort=cohort)
    with pytest.raises(SettingError, match="both, or neither"):
        named(planted, tile_measures=measures)
    tiles = tiles_of(planted, 1)
    tiles["tile_measures"].index += "?"
    with pytest.raises(StageError, match="0 of the 800 tiles"):
        named(planted, **tiles)
