import numpy as np
import pandas as pd
import pytest

from skinage.errors import StageError
from skinage.people.clock_inputs import FirstVisits
from skinage.people.pool import pool


def test_people_come_in_the_order_asked_for_with_their_own(make_cohort, make_atlas):
    cohort = make_cohort(30)
    atlas = make_atlas(cohort)
    atlas = atlas[np.random.default_rng(0).permutation(atlas.n_obs)]
    ids = pd.Index(["P0007", "P0002", "P0020"])
    known = pd.DataFrame({"sex": ["M", "F", None]}, index=ids)
    found = FirstVisits.of(atlas).inputs(known, ("mean", "std"))
    np.testing.assert_array_equal(found.sex_male, [1, 0, np.nan])
    pooled = pool(atlas)
    np.testing.assert_allclose(found.features, pooled.loc[ids].iloc[:, :12])
    of_table = FirstVisits.of(pooled).inputs(known, None)
    np.testing.assert_allclose(of_table.features, found.features)
    for person, rows in zip(ids, found.tiles.rows, strict=True):
        assert (atlas.obs["person_id"].iloc[rows] == person).all()
    last = found.take(np.array([False, False, True]))
    assert len(last) == 1
    assert (last.tiles.rows[0] == found.tiles.rows[2]).all()
    np.testing.assert_allclose(last.described(), found.features[2:])


def test_where_nothing_is_pooled_the_mean_describes(make_cohort, make_atlas):
    atlas = make_atlas(make_cohort(30))
    everybody = FirstVisits.of(atlas)
    found = everybody.inputs(pd.DataFrame(index=everybody.ids), ("mean", "proportions"))
    assert found.features is None
    means = pool(atlas, statistics=("mean",)).iloc[:, :6]
    np.testing.assert_allclose(found.described(), means, rtol=1e-5)
    with pytest.raises(StageError, match="pool the tiles first"):
        found.pooled()


def test_tiles_of_nobody_are_refused(make_cohort, make_atlas):
    atlas = make_atlas(make_cohort(30))
    atlas.obs["person_id"] = atlas.obs["person_id"].where(atlas.obs["person_id"] != "P0001")
    with pytest.raises(StageError, match="12 tiles have no person_id"):
        FirstVisits.of(atlas)
    del atlas.obs["person_id"]
    with pytest.raises(StageError, match="no column person_id"):
        FirstVisits.of(atlas)
