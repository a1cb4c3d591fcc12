import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from skinage import figures


def titles(figure):
    return [ax.get_title().split("\n")[0] for ax in figure.axes]


def test_curves_show_what_was_measured_and_nothing_else():
    history = pd.DataFrame({"epoch": [1, 2, 3], "loss": [5.0, 4.0, 3.5], "spread": [0.5, 0.6, 0.7]})
    figure = figures.training_curves(history)
    assert titles(figure) == ["training loss", "spread of features"]
    for name, ax in zip(("loss", "spread"), figure.axes, strict=True):
        drawn = ax.lines[0].get_xydata()
        assert drawn == pytest.approx(history[["epoch", name]].to_numpy())
    everything = history.assign(age_r2=0.1, scanner_share=0.2)
    assert len(figures.training_curves(everything).axes) == 4


def test_galleries_have_a_row_per_view_and_a_column_per_tile():
    tiles = np.zeros((3, 8, 8, 3), np.uint8)
    views = np.linspace(0, 1, 2 * 3 * 4 * 4 * 3).reshape(2, 3, 4, 4, 3)
    figure = figures.view_gallery(tiles, views)
    assert len(figure.axes) == 9
    assert np.array_equal(figure.axes[8].images[0].get_array(), views[1, 2])
    pictures = {"eosin": views[0], "none": views[1]}
    figure = figures.switch_gallery(tiles, pictures, ["drawn", "drawn", "real"])
    assert [ax.get_ylabel() for ax in figure.axes[::3]] == ["tile", "eosin", "none"]
    assert [ax.get_title(loc="left") for ax in figure.axes[:3]] == ["drawn", "", "real"]
    box = figure.axes[0].patches[0]  # what an unmoved view of 4 px shows of 8 px
    assert box.get_xy() == (1.5, 1.5)
    assert box.get_width() == 4
    plt.close("all")
