import anndata
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from skinage import figures
from skinage.figures.style import GREY


@pytest.fixture
def atlas():
    rng = np.random.default_rng(0)
    obs = pd.DataFrame(
        {
            "cluster": pd.Categorical([str(k % 3 + 1) for k in range(60)]),
            "age_years": [np.nan, *rng.uniform(20, 80, 59)],
            "slide_id": [f"S{k % 15:02d}" for k in range(60)],
            "scanner": [None, *["A", "B"] * 29, "A"],
        },
        index=[f"t{k}" for k in range(60)],
    )
    return anndata.AnnData(obs=obs, obsm={"X_umap": rng.normal(size=(60, 2))})


def legend_of(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_clusters_have_a_legend_with_sizes_and_a_number_in_their_middle(atlas):
    ax = figures.umap_scatter(atlas)
    assert legend_of(ax) == ["1 (20)", "2 (20)", "3 (20)"]
    middle = {text.get_text(): text.get_position() for text in ax.texts}
    members = atlas.obsm["X_umap"][(atlas.obs["cluster"] == "2").to_numpy()]
    assert middle["2"] == pytest.approx(np.median(members, axis=0))


def test_every_tile_has_its_clusters_colour(atlas):
    ax = figures.umap_scatter(atlas)
    dots = ax.collections[0]
    places = pd.DataFrame(atlas.obsm["X_umap"]).round(9).apply(tuple, axis=1)
    cluster = dict(zip(places, atlas.obs["cluster"], strict=True))
    drawn = {}
    for place, colour in zip(dots.get_offsets().data, dots.get_facecolors(), strict=True):
        drawn.setdefault(cluster[tuple(place.round(9))], set()).add(to_hex(colour))
    handles = [to_hex(line.get_color()) for line in ax.get_legend().legend_handles]
    assert [drawn[name] for name in "123"] == [{colour} for colour in handles]


def test_numbers_have_a_colour_bar_in_words_that_counts_the_unknown(atlas):
    ax = figures.umap_scatter(atlas, "age_years")
    assert ax.figure.axes[-1].get_ylabel() == "age (years), grey: unknown (1)"
    assert [len(dots.get_offsets()) for dots in ax.collections] == [1, 59]


def test_many_categories_end_in_other_and_missing_ones_are_counted(atlas):
    assert legend_of(figures.umap_scatter(atlas, "slide_id"))[-1] == "other (20)"
    ax = figures.umap_scatter(atlas, "scanner")
    assert legend_of(ax) == ["A (30)", "B (29)", "unknown (1)"]
    assert to_hex(ax.get_legend().legend_handles[-1].get_color()) == GREY.lower()


def test_it_draws_on_the_axes_given(atlas):
    ax = plt.subplots()[1]
    assert figures.umap_scatter(atlas, ax=ax) is ax


def test_gallery_has_a_row_per_cluster_and_a_true_scale_bar():
    tiles = np.random.default_rng(0).integers(0, 256, (4, 64, 64, 3), dtype=np.uint8)
    figure = figures.cluster_gallery(
        {"1": tiles, "2": tiles[:2]}, sizes={"1": 1234, "2": 5}, mpp=2.0
    )
    axes = np.reshape(figure.axes, (2, 4))
    assert [len(ax.images) for ax in axes.flat] == [1, 1, 1, 1, 1, 1, 0, 0]
    np.testing.assert_array_equal(axes[1, 1].images[0].get_array(), tiles[1])
    assert axes[0, 0].get_ylabel() == "cluster 1\n1,234 tiles"
    (bar,) = axes[0, 0].lines
    assert np.ptp(bar.get_xdata()) * 2.0 == 50
    assert axes[0, 0].texts[0].get_text() == "50 µm"
