import numpy as np
import pandas as pd
import pytest
from scipy import stats

from skinage.errors import StageError
from skinage.evaluation.repeatability import icc

# Shrout and Fleiss 1979, table 2: 6 targets, 4 judges.
RATINGS = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9],
                    [6, 2, 4, 7]])  # fmt: skip


def long(table: np.ndarray) -> tuple[pd.Series, pd.Series]:
    return pd.Series(table.ravel()), pd.Series(np.repeat(np.arange(len(table)), table.shape[1]))


def simulated(
    counts: np.ndarray, between: float, within: float, seed: int
) -> tuple[pd.Series, pd.Series]:
    generator = np.random.default_rng(seed)
    people = np.repeat(np.arange(len(counts)), counts)
    values = 50 + generator.normal(0, between, len(counts))[people]
    return pd.Series(values + generator.normal(0, within, len(people))), pd.Series(people)


def test_the_worked_example_of_shrout_and_fleiss():
    found = icc(*long(RATINGS))
    assert round(found["within_person_sd_years"] ** 2, 2) == 6.26
    assert round(found["icc"], 2) == 0.17
    # As printed for ICC(1) of these data by psych::ICC of R, among others.
    assert (round(found["lower"], 2), round(found["upper"], 2)) == (-0.13, 0.72)
    assert found["repeatability_years"] == pytest.approx(
        2.772 * found["within_person_sd_years"], rel=1e-3
    )
    assert (found["n_people"], found["n_slides"], found["n_excluded"]) == (6, 24, 0)


def test_mean_squares_are_those_of_the_analysis_of_variance():
    values, people = simulated(np.arange(2, 12), 3, 2, 0)
    found = icc(values, people)
    groups = [group for _, group in values.groupby(people)]
    ratio, sizes = stats.f_oneway(*groups).statistic, np.arange(2, 12)
    n_effective = (sizes.sum() - (sizes**2).sum() / sizes.sum()) / 9
    assert found["icc"] == pytest.approx((ratio - 1) / (ratio + n_effective - 1))
    within = sum((len(group) - 1) * group.var() for group in groups) / (len(values) - 10)
    assert found["within_person_sd_years"] ** 2 == pytest.approx(within)


def test_unequal_numbers_agree_with_a_mixed_model_and_the_truth():
    import statsmodels.api as sm

    counts = np.random.default_rng(0).integers(2, 7, 300)
    values, people = simulated(counts, 4, 3, 1)
    found = icc(values, people)
    model = sm.MixedLM(values.to_numpy(), np.ones(len(values)), people.to_numpy()).fit(reml=True)
    between = float(np.asarray(model.cov_re)[0, 0])
    assert found["icc"] == pytest.approx(
        between / (between + model.scale), abs=0.02
    )  # its SE is .025
    assert found["within_person_sd_years"] == pytest.approx(np.sqrt(model.scale), rel=0.02)
    assert found["lower"] < 16 / 25 < found["upper"]


@pytest.mark.parametrize(
    ("counts", "least"), [(np.full(40, 2), 90), (np.tile([2, 2, 3, 5], 10), 84)]
)
def test_the_interval_covers_the_truth_as_often_as_it_says(counts, least):
    covered = 0
    for seed in range(100):
        found = icc(*simulated(counts, 4, 4, seed), n_bootstrap=300)
        covered += found["lower"] < 0.5 < found["upper"]
    assert least <= covered <= 99


def test_order_shift_and_names_do_not_matter():
    values, people = simulated(np.array([2, 3, 2, 4, 2, 2]), 4, 3, 0)
    found = icc(values, people)
    order = np.random.default_rng(0).permutation(len(values))
    again = icc(values.iloc[order] + 1e6, people.iloc[order])
    assert again["icc"] == pytest.approx(found["icc"])
    assert icc(2 * values, people)["repeatability_years"] == pytest.approx(
        2 * found["repeatability_years"]
    )


def test_people_with_one_value_are_counted_and_change_nothing():
    values, people = long(RATINGS)
    alone = icc(
        pd.concat([values, pd.Series([99.0, -99.0])]), pd.concat([people, pd.Series([7, 8])])
    )
    known = icc(values, people)
    assert alone["n_excluded"] == 2
    assert (alone["icc"], alone["lower"]) == (
        pytest.approx(known["icc"]),
        pytest.approx(known["lower"]),
    )


def test_equal_slides_agree_perfectly():
    found = icc(pd.Series([1.0, 1.0, 2.0, 2.0, 5.0, 5.0]), pd.Series(list("aabbcc")))
    assert (found["icc"], found["within_person_sd_years"], found["repeatability_years"]) == (
        1,
        0,
        0,
    )


def test_unusable_values_are_refused():
    values, people = long(RATINGS)
    with pytest.raises(StageError, match="3 of 24 values are not finite or have no person"):
        icc(values.where(values.index > 2), people)
    with pytest.raises(StageError, match="0 of 24 people have two values"):
        icc(values, pd.Series(np.arange(24)))
