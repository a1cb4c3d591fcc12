import numpy as np
import pandas as pd
import pytest

from skinage.phantom.nuisances import EOSIN_OD, HAEMATOXYLIN_OD, draw_nuisances

N = 40_000
NO_DIALS = {"scanner": 0.0, "calendar": 0.0}


def _visits(n_people=N, **columns):
    rng = np.random.default_rng(0)
    people = {
        "age_years": rng.uniform(20, 90, n_people),
        "biopsy_year": rng.integers(2000, 2013, n_people),
        "slot": 0,
    }
    return pd.DataFrame(people | columns, index=np.arange(n_people))


@pytest.fixture(scope="module")
def slides():
    return draw_nuisances(_visits(), 4, dials=NO_DIALS)


def test_a_slide_is_the_same_whichever_others_there_are(slides):
    visits = _visits(biopsy_year=2005)
    several = pd.concat([visits, visits[5:60].assign(slot=1), visits[8:11].assign(slot=2)])
    all_slides = draw_nuisances(several, 4, dials=NO_DIALS)
    alone = draw_nuisances(several[several["slot"] == 2], 4, dials=NO_DIALS)
    pd.testing.assert_frame_equal(all_slides[-3:], alone)
    assert (all_slides[:N]["n_dust"] == slides["n_dust"]).all()
    assert (all_slides.loc[8, "eosin_r"].nunique()) == 3


@pytest.mark.parametrize(
    ("stain", "vector"), [("haematoxylin", HAEMATOXYLIN_OD), ("eosin", EOSIN_OD)]
)
def test_stains_vary_by_batch_and_by_slide(slides, stain, vector):
    columns = [f"{stain}_{colour}" for colour in "rgb"]
    np.testing.assert_allclose(np.linalg.norm(slides[columns], axis=1), 1)
    np.testing.assert_allclose(slides[columns].mean(), vector, atol=0.005)
    # Three directions of .02 before scaling to unit length, which takes one of them away.
    spread = np.sqrt((slides[columns].var()).sum())
    assert spread == pytest.approx(0.02 * np.sqrt(2), rel=0.25)
    by_batch = slides.groupby("stain_batch")
    assert sorted(by_batch.groups) == ["batch 1", "batch 2", "batch 3", "batch 4"]
    assert by_batch.size().div(N).sub(0.25).abs().max() < 0.01
    strength = np.log(slides[f"{stain}_strength"])
    means = strength.groupby(slides["stain_batch"]).mean()
    assert means.std(ddof=0) == pytest.approx(0.10, rel=0.05)
    assert (strength - slides["stain_batch"].map(means)).std() == pytest.approx(0.114, rel=0.03)
    assert strength.std() == pytest.approx(0.15, rel=0.05)


@pytest.mark.parametrize(("stain", "loss"), [("haematoxylin", 0.008), ("eosin", 0.005)])
def test_old_slides_have_faded(stain, loss):
    fresh, old = (
        draw_nuisances(_visits(biopsy_year=year), 4, dials=NO_DIALS)[f"{stain}_strength"]
        for year in (2024, 2004)
    )
    np.testing.assert_allclose(old / fresh, (1 - loss) ** 20)
    assert np.log(fresh).mean() == pytest.approx(0, abs=0.003)


def test_the_scanner_goes_with_age_only_where_its_dial_says_so(slides):
    age = _visits()["age_years"]
    others = draw_nuisances(_visits(age_years=90.0), 4, dials=NO_DIALS)
    assert (others["scanner"] == slides["scanner"]).all()
    assert (slides["scanner"] == "B").mean() == pytest.approx(0.5, abs=0.01)
    tied = draw_nuisances(_visits(), 4, dials=NO_DIALS | {"scanner": 1.0})
    for low, high in ((20, 35), (53, 57), (60, 65), (75, 90)):
        part = age.between(low, high)
        expected = (1 / (1 + np.exp(-(age[part] - 55) / 5))).mean()
        assert (tied.loc[part, "scanner"] == "B").mean() == pytest.approx(expected, abs=0.03)
    others = [name for name in slides if name != "scanner"]
    pd.testing.assert_frame_equal(tied[others], slides[others])


def test_cut_and_dirt_are_as_frequent_as_stated(slides):
    share = slides["n_pieces"].value_counts(normalize=True).sort_index()
    assert share.index.tolist() == [1, 2, 3, 4, 5, 6]
    np.testing.assert_allclose(share, [0.86, 0.08, 0.03, 0.01, 0.01, 0.01], atol=0.005)
    lesions = slides["lesion"].value_counts(normalize=True)
    assert {*lesions.index} == {"", "scar", "naevus"}
    np.testing.assert_allclose(lesions[["scar", "naevus"]], 0.02, atol=0.003)
    assert slides["has_fold"].mean() == pytest.approx(0.08, abs=0.005)
    assert slides["has_pen"].mean() == pytest.approx(0.05, abs=0.005)
    assert (slides["n_dust"].mean(), slides["n_dust"].var()) == pytest.approx((2, 2), rel=0.04)
    assert (slides["section_tilt_deg"] >= 0).all()
    assert np.sqrt((slides["section_tilt_deg"] ** 2).mean()) == pytest.approx(10, rel=0.02)
    glass = slides[["background_r", "background_g", "background_b"]]
    assert glass.min().min() >= 225
    assert glass.max().max() <= 254
