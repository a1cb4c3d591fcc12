import numpy as np
import pytest

from skinage.errors import SettingError
from skinage.explain.attribution.age_of_tiles import AgeOfTiles
from skinage.explain.attribution.attribute import attribute
from skinage.explain.attribution.baselines import Baseline, plain_baselines
from skinage.explain.attribution.comparison import compare_baselines
from skinage.explain.attribution.contributions import tile_contributions


def test_each_baseline_has_its_row_and_the_first_is_the_one_compared_with(toys, bent, pixels):
    clock = toys.make_clock(6)
    age_of = AgeOfTiles(bent, clock, pixels[1:])
    tissue = Baseline(pixels[3:], "tissue")
    asked = {"tissue": tissue, "again": tissue, **plain_baselines(pixels[0])}
    table = compare_baselines(age_of, pixels[0], asked).set_index("baseline")
    assert [*table.index] == ["tissue", "again", "glass", "blur", "mean stain"]
    assert table["rank_correlation"].iloc[:2].to_list() == pytest.approx([1, 1])
    assert table["rank_correlation"].iloc[2:].abs().max() < 1
    found = attribute(age_of, pixels[0], asked["glass"])
    row = table.loc["glass"]
    assert row["difference_years"] == pytest.approx(found.difference_years)
    assert row["heat_years"] == pytest.approx(found.heat.sum(), rel=1e-4)
    assert row["completeness_error_years"] == pytest.approx(found.completeness_error)
    own = tile_contributions(clock, bent.embed(pixels)).years[0]
    np.testing.assert_allclose(table["own_years"], own, rtol=1e-4)
    assert (table["same_sign"] == (np.sign(table["heat_years"]) == np.sign(own))).all()


def test_what_has_no_answer_is_missing(toys, bent, pixels):
    only = AgeOfTiles(bent, toys.make_clock(6), pixels[:0])
    itself = {"itself": Baseline(pixels[:1], "itself")}
    row = compare_baselines(only, pixels[0], itself).iloc[0]
    assert row[["own_years", "same_sign", "rank_correlation"]].isna().all()
    with pytest.raises(SettingError, match="there is no baseline"):
        compare_baselines(only, pixels[0], {})
