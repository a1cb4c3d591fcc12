import numpy as np

from skinage.tiling.grid import around, grid, most_common, random_order, share


def test_a_grid_covers_the_slide_without_leaving_it():
    side_by_side = [[0, 0], [30, 0], [60, 0], [0, 30], [30, 30], [60, 30]]
    assert grid((100, 70), 30, 30).tolist() == side_by_side
    assert grid((20, 70), 30, 30).shape == (0, 2)
    assert grid((30, 30), 30, 30).tolist() == [[0, 0]]
    assert grid((60, 30), 30, 15).tolist() == [[0, 0], [15, 0], [30, 0]]
    assert grid((130, 30), 30, 100).tolist() == [[0, 0], [100, 0]]


def test_a_step_that_is_no_whole_number_does_not_drift():
    x = grid((10_000, 30), 30, 33.4)[:, 0]
    np.testing.assert_array_equal(x, np.floor(np.arange(len(x)) * 33.4))
    assert 10_000 - 30 - 33.4 < x[-1] <= 10_000 - 30


def test_squares_of_several_sizes_have_common_centres():
    centres = np.array([[100.0, 50.0], [7.0, 9.0]])
    for extent_px in (10, 40, 160):
        np.testing.assert_array_equal(around(centres, extent_px) + extent_px / 2, centres)


def test_the_share_is_the_area_mean():
    generator = np.random.default_rng(0)
    mask = generator.random((30, 40)) > 0.5
    fine = mask.repeat(12, axis=0).repeat(12, axis=1)  # 12 level-0 px per mask px
    corners = np.column_stack([generator.integers(0, 400, 50), generator.integers(0, 280, 50)])
    found = share(mask, (480, 360), corners, 77)
    expected = [fine[y : y + 77, x : x + 77].mean() for x, y in corners]
    np.testing.assert_allclose(found, expected)


def test_what_lies_outside_is_no_tissue():
    mask = np.ones((10, 10), bool)
    found = share(mask, (100, 100), np.array([[-50, -50], [-50, 0], [80, 20]]), 100)
    np.testing.assert_allclose(found, [0.25, 0.5, 0.2 * 0.8])


def test_most_common():
    numbers = np.zeros((10, 20), np.int32)
    numbers[:, :10], numbers[:, 12:] = 1, 2
    corners = np.array([[0, 0], [8, 0], [100, 0], [-40, -40]])  # 10 level-0 px per px
    assert most_common(numbers, (200, 100), corners, 60).tolist() == [1, 1, 2, 1]
    assert most_common(numbers, (200, 100), np.array([[101, 0]]), 9).tolist() == [0]


def test_a_random_order_is_the_slides_own():
    order = random_order(100, 0, "a")
    assert sorted(order) == list(range(100))
    np.testing.assert_array_equal(order, random_order(100, 0, "a"))
    assert (order != random_order(100, 0, "b")).any()
    assert (order != random_order(100, 1, "a")).any()
