import numpy as np
import pytest

from skinage.explain.morphology.dermis.nuclei import describe_nuclei, find_nuclei


def ellipses(middles, *, length_um=12.0, width_um=5.0, turn=0.0, side_um=200, mpp=1.0):
    """Draw the share of each pixel that ellipses cover; middles in um down and across."""
    axis = (np.arange(round(side_um / mpp)) + 0.5) * mpp
    down, across = np.meshgrid(axis, axis, indexing="ij")
    shares = np.zeros(down.shape, np.float32)
    for row, col in middles:
        onward = (across - col) * np.cos(turn) + (down - row) * np.sin(turn)
        aside = (down - row) * np.cos(turn) - (across - col) * np.sin(turn)
        radius = np.hypot(onward / length_um * 2, aside / width_um * 2)
        shares = np.maximum(shares, np.clip((1 - radius) * width_um / 2 / mpp + 0.5, 0, 1))
    return shares.astype(np.float32)


def found(haematoxylin, mpp=1.0):
    return find_nuclei(haematoxylin, [np.ones(haematoxylin.shape, bool)], mpp)


GRID = [(20 + 40 * i, 20 + 40 * j) for i in range(4) for j in range(4)]


@pytest.mark.parametrize("mpp", [0.5, 1.0])
@pytest.mark.parametrize("turn", [0.0, 0.6, np.pi / 2])
def test_size_shape_and_direction_of_drawn_nuclei(turn, mpp):
    drawn = 1.3 * ellipses(GRID, turn=turn, mpp=mpp)  # dense in the middle, as chromatin is
    table = describe_nuclei(found(drawn, mpp), drawn, mpp)
    assert len(table) == 16
    assert table["area_um2"].median() == pytest.approx(np.pi / 4 * 12 * 5, rel=0.2)
    assert table["roundness"].median() == pytest.approx(5 / 12, abs=0.08)
    assert np.cos(2 * (table["angle"] - turn)).min() > 0.98
    places = sorted(zip(table["row"].round() * mpp, table["col"].round() * mpp, strict=True))
    assert np.abs(np.array(places) - GRID).max() <= 1.0


def test_cytoplasm_as_dark_as_half_a_nucleus_is_none():
    nuclei = ellipses(GRID, length_um=8, width_um=8)
    cytoplasm = np.maximum(nuclei, 0.45)
    assert found(cytoplasm).max() == 16
    assert found(np.full((200, 200), 0.45, np.float32)).max() == 0


def test_touching_round_nuclei_are_two_and_a_long_one_is_one():
    pair = ellipses([(100, 96), (100, 104.5)], length_um=9, width_um=9)
    labels = found(pair)
    assert labels.max() == 2
    table = describe_nuclei(labels, pair, 1.0)
    assert table["area_um2"].max() / table["area_um2"].min() < 1.2
    assert table["roundness"].min() > 0.75
    assert found(ellipses([(100, 100)], length_um=18, width_um=5)).max() == 1


def test_nuclei_of_two_areas_never_mix():
    """Two pairs side by side: each pixel goes to a middle of its own area."""
    pairs = ellipses([(60, 60), (60, 68.5), (76, 60), (76, 68.5)], length_um=9, width_um=9)
    table = describe_nuclei(found(pairs), pairs, 1.0)
    assert len(table) == 4
    assert table["area_um2"].max() / table["area_um2"].min() < 1.2


def test_specks_and_blots_are_no_nuclei():
    assert found(ellipses(GRID, length_um=2.4, width_um=2.4)).max() == 0
    assert found(ellipses([(100, 100)], length_um=60, width_um=60)).max() == 0


def test_only_within_the_mask_and_none_at_all():
    drawn = ellipses(GRID)
    left = np.zeros(drawn.shape, bool)
    left[:, :80] = True
    assert find_nuclei(drawn, [left], 1.0).max() == 8
    empty = find_nuclei(drawn, [left & False], 1.0)
    assert empty.max() == 0
    assert describe_nuclei(empty, drawn, 1.0).empty


def test_stain_is_the_mean_over_the_nucleus():
    drawn = ellipses(GRID)
    labels = found(drawn)
    table = describe_nuclei(labels, np.where(labels == 3, 2.0, 1.0).astype(np.float32), 1.0)
    assert table["haematoxylin"].tolist() == [1, 1, 2, *[1] * 13]
