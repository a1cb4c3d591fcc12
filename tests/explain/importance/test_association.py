import numpy as np
import pandas as pd
import pytest
from scipy.signal import lfilter
from scipy.stats import rankdata

from skinage.explain.importance.association import covariate_basis, familywise_correlations, ranks
from skinage.explain.importance.evidence import within_people

N = 60


def basis_of(age):
    return covariate_basis(pd.DataFrame({"age_years": age}))


def test_r_is_the_correlation_of_what_least_squares_leaves():
    rng = np.random.default_rng(0)
    age, x, y = rng.uniform(20, 90, N), rng.normal(size=N), rng.normal(size=N)
    sex = rng.choice(["F", "M"], N)
    known = pd.DataFrame({"age_years": age, "sex": sex})
    r, p = familywise_correlations(
        x[:, None], y[:, None], np.zeros(N, int), basis=covariate_basis(known), n_shuffles=9
    )
    rank = rankdata(age) / N
    design = np.column_stack([np.ones(N), rank, rank**2, rank**3, sex == "M"])
    left = [v - design @ np.linalg.lstsq(design, v, rcond=None)[0] for v in (x, y)]
    assert r == pytest.approx(np.corrcoef(*left)[0, 1])
    assert p.shape == (1, 1)
    assert 0.1 <= p[0, 0] <= 1


def test_people_agree_within_whatever_holds_over_them():
    rng = np.random.default_rng(1)
    years = pd.DataFrame({"group": rng.normal(size=N * 10)})
    of_tiles = pd.DataFrame({"person_id": np.repeat(np.arange(N), 10)})
    of_tiles["falls"] = 10 * of_tiles["person_id"] - years["group"]
    of_tiles["turns"] = years["group"] * np.where(of_tiles["person_id"] % 2, 1, -1)
    of_tiles["same"] = 1.0
    found = within_people(years, of_tiles, 99, 0).set_index("measure")
    assert found.loc["falls", "r_within"] == pytest.approx(-0.99)
    assert found.loc["falls", "p_within"] == pytest.approx(0.01)
    assert found.loc["turns", "r_within"] == pytest.approx(0)
    assert found.loc["turns", "p_within"] > 0.5
    assert found.loc["same", ["r_within", "p_within"]].isna().all()
    few = within_people(years, of_tiles.assign(person_id=np.arange(N * 10) // 7), 99, 0)
    assert few["r_within"].isna().all()


def test_tiles_that_are_like_their_neighbours_name_no_more_than_chance():
    rng = np.random.default_rng(5)
    person = np.repeat(np.arange(40), 48)
    passed = []
    for seed in range(100):
        tiles = lfilter([0.6], [1, -0.8], rng.normal(size=(40, 48, 7)), axis=1).reshape(-1, 7)
        of_tiles = pd.DataFrame(tiles[:, 1:]).assign(person_id=person)
        found = within_people(pd.DataFrame({"group": tiles[:, 0]}), of_tiles, 99, seed)
        passed.append(found["p_within"].min() <= 0.05)
    assert 0.01 <= np.mean(passed) <= 0.12  # 0.05, three standard errors; by tiles 0.7


def test_a_shuffle_never_leaves_its_stratum():
    strata = np.arange(N)
    x = np.random.default_rng(2).normal(size=(N, 1))
    r, p = familywise_correlations(x, x, strata, basis=basis_of(np.arange(N)), n_shuffles=19)
    assert r == pytest.approx(1)
    assert p == pytest.approx(1)  # nobody can move, so nothing is ever less than what was found


def test_what_does_not_vary_has_no_correlation():
    x = np.random.default_rng(3).normal(size=(N, 2))
    x[:, 1] = 4
    r, p = familywise_correlations(x, x, np.zeros(N, int), basis=basis_of(np.ones(N)), n_shuffles=9)
    np.testing.assert_array_equal(np.isnan(r), [[False, True], [True, True]])
    np.testing.assert_array_equal(np.isnan(p), np.isnan(r))


def test_noise_passes_at_the_nominal_rate_however_many_measures_there_are():
    """Measures follow age and so do targets; nothing else is shared."""
    rng = np.random.default_rng(4)
    found = []
    for seed in range(200):
        age, site = rng.uniform(20, 90, 50), rng.integers(0, 3, 50)
        target = np.exp(age / 30)[:, None] + site[:, None] + rng.normal(size=(50, 1))
        measures = (age**2 / 900)[:, None] - 2 * site[:, None] + rng.normal(size=(50, 12))
        known = pd.DataFrame({"age_years": age, "body_site": site})
        _, p = familywise_correlations(
            ranks(pd.DataFrame(target)), ranks(pd.DataFrame(measures)), site,
            basis=covariate_basis(known), n_shuffles=99, seed=seed,
        )  # fmt: skip
        found.append(p.min() <= 0.05)
    assert 0.02 <= np.mean(found) <= 0.09  # 0.05, three standard errors; without the family 0.5
