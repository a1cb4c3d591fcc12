import warnings

import pytest

from skinage.errors import SlideError
from skinage.slides.scale import Header, finest_needed, resolution_mpp, slide_mpp


def header(**known):
    return Header("aperio", levels=((100, 100),), downsamples=(1.0,), **known)


def test_resolution_tags():
    assert resolution_mpp(20000, "centimeter") == 0.5
    assert resolution_mpp(25400 / 0.25, "inch") == pytest.approx(0.25)
    assert resolution_mpp(72, "inch") is None  # a printer's resolution
    assert resolution_mpp(20000, "none") is None
    assert resolution_mpp(0, "centimeter") is None


def test_the_user_wins_and_hears_of_a_contradiction():
    with pytest.warns(UserWarning, match=r"header says 0\.5 .* you say 0\.25"):
        assert slide_mpp("a.svs", header(mpp=0.5), 0.25) == 0.25
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert slide_mpp("a.svs", header(mpp=0.5), 0.51) == 0.51
        assert slide_mpp("a.svs", header(mpp=0.5, magnification=40.0), None) == 0.5


@pytest.mark.parametrize(("magnification", "mpp"), [(20.0, 0.5), (40.0, 0.25)])
def test_the_objective_is_the_last_resort(magnification, mpp):
    with pytest.warns(UserWarning, match="is assumed"):
        assert slide_mpp("a.svs", header(magnification=magnification), None) == mpp


def test_no_scale_says_what_to_do():
    with pytest.raises(SlideError, match="add a column `mpp`"):
        slide_mpp("a.png", header(magnification=10.0), None)


def test_level_choice_allows_for_odd_downsamples():
    assert finest_needed((1.0, 4.0005, 16.003), 4) == 1
    assert finest_needed((1.0, 4.0005, 16.003), 3.9) == 0
    assert finest_needed((1.0, 4.0005, 16.003), 100) == 2
    assert finest_needed((1.0, 4.0), 0.7) == 0
