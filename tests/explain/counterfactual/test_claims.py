import numpy as np
import pandas as pd
import pytest

from skinage.errors import StageError
from skinage.explain.counterfactual.claims import claim_against_change, claim_agreement

N, SIDE = 12, 20


@pytest.fixture
def moved():
    """A clock that goes by blue in the left half; blue is moved in a patch of it, or of the right.

    Half of the years per unit of blue are claimed by the second map, the third claims by edges.
    """
    rng = np.random.default_rng(0)
    weights = np.zeros((SIDE, SIDE))
    weights[:, : SIDE // 2] = 1 / SIDE
    before = rng.integers(60, 200, (N, SIDE, SIDE, 3)).astype(np.uint8)

    def change(columns):
        after = before.copy()
        by = rng.integers(-50, 50, N)
        by[np.abs(by) < 10] = 30
        after[:, 5:15, columns, 2] = (before[:, 5:15, columns, 2] + by[:, None, None]).astype(int)
        return after

    def heat(pixels):
        return (pixels[..., 2] / 255 - 0.5) * weights

    return before, change, heat


def claims_of(moved, columns, map_, parameter="blue"):
    before, change, heat = moved
    after = change(columns)
    years = heat(after).sum(axis=(1, 2)) - heat(before).sum(axis=(1, 2))
    return claim_against_change(
        before, after, heat_before=map_(before), heat_after=map_(after),
        change_years=years, parameter=parameter,
    )  # fmt: skip


def test_the_true_map_claims_the_whole_change_where_it_happened(moved):
    table = claims_of(moved, slice(0, 5), moved[2])
    np.testing.assert_allclose(table["claimed_years"], table["change_years"])
    np.testing.assert_allclose(table["elsewhere_years"], 0, atol=1e-12)
    np.testing.assert_allclose(table["changed_fraction"], 50 / 400)
    row = claim_agreement(table).iloc[0]
    assert row["parameter"] == "blue"
    assert (row["n"], row["slope"], row["r"]) == (N, pytest.approx(1), pytest.approx(1))
    assert row["change_years"] == pytest.approx(np.sqrt((table["change_years"] ** 2).mean()))
    assert row["elsewhere"] == pytest.approx(0, abs=1e-12)


def test_a_map_that_claims_half_and_one_that_claims_elsewhere(moved):
    half = claim_agreement(claims_of(moved, slice(0, 5), lambda p: moved[2](p) / 2))
    assert half.loc[0, "slope"] == pytest.approx(0.5)
    shifted = claims_of(moved, slice(0, 5), lambda p: np.roll(moved[2](p), 10, axis=2))
    row = claim_agreement(shifted).iloc[0]
    assert row["slope"] == pytest.approx(0)
    assert np.isnan(row["r"])
    assert row["elsewhere"] == pytest.approx(1)


def test_all_tiles_of_a_person_count_together(moved):
    before, change, heat = moved
    after = change(slice(0, 5))
    years = heat(after).sum(axis=(1, 2)) - heat(before).sum(axis=(1, 2))
    parts = [array.reshape(3, 4, *array.shape[1:]) for array in (before, after)]
    table = claim_against_change(
        *parts, heat_before=heat(parts[0]), heat_after=heat(parts[1]),
        change_years=years.reshape(3, 4).sum(axis=1), parameter=["a", "b", "c"],
    )  # fmt: skip
    np.testing.assert_allclose(table["claimed_years"], table["change_years"])
    assert list(table["parameter"]) == ["a", "b", "c"]


def test_what_the_clock_does_not_use_has_no_slope(moved):
    table = claims_of(moved, slice(15, 20), moved[2], "control")
    both = pd.concat([table, claims_of(moved, slice(0, 5), moved[2])])
    agreement = claim_agreement(both)
    assert list(agreement["parameter"]) == ["control", "blue", "all"]
    assert agreement.loc[2, "n"] == 2 * N
    assert agreement.loc[2, "slope"] == pytest.approx(1)
    row = agreement.iloc[0]
    assert row["change_years"] == 0
    assert row[["slope", "r", "elsewhere"]].isna().all()


def test_two_pairs_make_no_line(moved):
    row = claim_agreement(claims_of(moved, slice(0, 5), moved[2])[:2]).iloc[0]
    assert np.isnan(row["slope"])
    assert row["n"] == 2


def test_arrays_that_do_not_belong_together(moved):
    before, _, heat = moved
    maps = {"heat_before": heat(before), "heat_after": heat(before)[:, 1:]}
    with pytest.raises(StageError, match=r"maps \(12, 20, 20\) and \(12, 19, 20\)"):
        claim_against_change(before, before, **maps, change_years=np.zeros(N))


def test_the_line_goes_through_the_origin_with_the_interval_of_least_squares():
    statsmodels = pytest.importorskip("statsmodels.api")
    rng = np.random.default_rng(1)
    change = 3 + rng.normal(0, 0.2, 9)  # all alike: a line with an intercept would say nothing
    claims = pd.DataFrame({
        "parameter": "x", "change_years": change, "elsewhere_years": 0.0,
        "claimed_years": 0.8 * change + rng.normal(0, 0.5, 9),
    })  # fmt: skip
    fit = statsmodels.OLS(claims["claimed_years"], change).fit()
    row = claim_agreement(claims).iloc[0]
    assert row["slope"] == pytest.approx(fit.params.iloc[0])
    np.testing.assert_allclose(row[["lower", "upper"]].astype(float), fit.conf_int().iloc[0])
