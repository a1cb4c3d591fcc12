import numpy as np
import pytest

from skinage.phantom import make_slides

N = 40_000
FIRST, LATER = (1, 1), (2, 1)


def _visits(*, preset="null", **dials):
    """First and later biopsies of those with both, and all first biopsies."""
    slides = make_slides(N, seed=5, preset=preset, dials=dials).set_index("person_id")
    moments = list(zip(slides["visit"], slides["replicate"], strict=True))
    first, later = (slides[[m == moment for m in moments]] for moment in (FIRST, LATER))
    return first.loc[later.index], later, first


@pytest.mark.parametrize("k", [0.5, 1.0])
def test_drift_changes_people_and_keeps_their_spread(k):
    first, later, _ = _visits(drift=k)
    change = later["acceleration_years"] - first["acceleration_years"]
    assert change.std() == pytest.approx(3 * k, rel=0.05)
    assert later["acceleration_years"].std() == pytest.approx(6, rel=0.05)
    back = np.polyfit(first["acceleration_years"], change, 1)[0]
    assert back == pytest.approx(-(k**2) / 8, abs=0.02)


def test_all_compartments_drift_and_are_treated_together():
    first, later, _ = _visits(preset="teaching", drift=1, compartments=0.5)
    names = [name for name in first if name.startswith("acceleration_")]
    change = later[names] - first[names]
    assert len(names) == 4
    assert (change.sub(change["acceleration_years"], axis=0).abs() < 1e-9).all(axis=None)
    treated = first["arm"] == "treated"
    effect = change["acceleration_years"].groupby(treated).mean()
    assert effect[True] - effect[False] == pytest.approx(-6, abs=0.4)


def test_the_treated_are_chosen_for_a_high_gap_and_regress():
    first, later, everybody = _visits(chosen_arm=1, drift=1)
    treated = first["arm"] == "treated"
    gap = first["measured_gap_years"]
    assert gap[treated].mean() - gap[~treated].mean() > 10
    assert gap[gap > 12].index.isin(first.index[treated]).mean() > 0.95
    error = everybody["measured_gap_years"] - everybody["acceleration_years"]
    assert error.std() == pytest.approx(6, rel=0.02)
    # Nothing is planted in this arm, yet the treated get better and the controls worse.
    change = later["acceleration_years"] - first["acceleration_years"]
    assert change[treated].mean() < -0.3
    assert change[treated].mean() - change[~treated].mean() == pytest.approx(-0.85, abs=0.3)


def test_the_treated_who_feel_worse_stay_away():
    _, _, everybody = _visits(drift=1)
    first, later, all_first = _visits(drift=1, dropout=1)
    assert (all_first["arm"].value_counts() == everybody["arm"].value_counts()).all()
    asked = all_first[all_first["arm"].notna()]
    came = asked.index.isin(first.index)
    by_arm = came[asked["arm"] == "treated"].mean(), came[asked["arm"] == "control"].mean()
    assert by_arm[1] == 1
    assert 0.4 < by_arm[0] < 0.6
    change = later["acceleration_years"] - first["acceleration_years"]
    treated = first["arm"] == "treated"
    assert change[treated].mean() < change[~treated].mean() - 1
