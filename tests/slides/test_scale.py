import warnings

import pytest

from skinage.errors import SlideError
from skinage.slides.scale import (
    Header,
    finest_needed,
    resolution_mpp,
    slide_mpp,
    true_downsamples,
)


def header(**known):
    return Header("aperio", levels=((100, 100),), downsamples=(1.0,), **known)


def test_resolution_tags():
    assert resolution_mpp(20000, 3) == 0.5
    assert resolution_mpp(25400 / 0.25, 2) == pytest.approx(0.25)
    assert resolution_mpp(72, 2) is None  # a printer's resolution
    assert resolution_mpp(20000, 1) is None
    assert resolution_mpp(0, 3) is None


def test_the_user_wins_and_hears_of_a_contradiction():
    with pytest.warns(UserWarning, match=r"header says 0\.5 .* you say 0\.25"):
        assert slide_mpp("a.svs", header(mpp=0.5), 0.25) == 0.25
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert slide_mpp("a.svs", header(mpp=0.5), 0.51) == 0.51
        assert slide_mpp("a.svs", header(mpp=0.23, magnification=40.0), None) == 0.23


def test_a_header_that_contradicts_its_objective_is_doubted():
    with pytest.warns(UserWarning, match=r"0\.5 um per px, yet an objective of 40x.*about 0\.25"):
        assert slide_mpp("a.svs", header(mpp=0.5, magnification=40.0), None) == 0.5


@pytest.mark.parametrize("mpp", [0.0, -1.0, float("nan")])
def test_a_scale_must_be_positive(mpp):
    with pytest.raises(SlideError, match="above 0"):
        slide_mpp("a.svs", header(), mpp)


def test_downsamples_without_the_rounding_of_sizes():
    levels = ((2221, 3001), (1110, 1500), (555, 750), (138, 187))
    stated = [2221 / width for width, _ in levels]
    assert true_downsamples(levels, stated) == (1, 2, 4, 16)
    assert true_downsamples(((900, 600), (300, 200)), (1, 3)) == (1, 3)
    assert true_downsamples(((900, 600), (250, 167)), (1, 3.6)) == (1, 3.6)  # as stated


@pytest.mark.parametrize(("magnification", "mpp"), [(20.0, 0.5), (40.0, 0.25)])
def test_the_objective_is_the_last_resort(magnification, mpp):
    with pytest.warns(UserWarning, match="is that right"):
        assert slide_mpp("a.svs", header(magnification=magnification), None) == mpp


def test_no_scale_says_what_to_do():
    with pytest.raises(SlideError, match="add a column `mpp`"):
        slide_mpp("a.png", header(), None)


def test_level_choice_allows_for_odd_downsamples():
    assert finest_needed((1.0, 4.0005, 16.003), 4) == 1
    assert finest_needed((1.0, 4.0005, 16.003), 3.9) == 0
    assert finest_needed((1.0, 4.0005, 16.003), 100) == 2
    assert finest_needed((1.0, 4.0), 0.7) == 0
