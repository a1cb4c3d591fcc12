from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from skinage import figures
from skinage.figures import live_curves


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


class Shown:
    """What IPython's ``display`` returns: it remembers what it was updated with."""

    def __init__(self):
        self.updates = []

    def update(self, what):
        self.updates.append(what)


def test_live_curves_show_the_history_of_the_module_in_one_output_of_a_notebook(monkeypatch):
    shown, drawn = [], []
    monkeypatch.setattr(
        live_curves, "display", lambda figure, display_id: shown.append(Shown()) or shown[-1]
    )
    monkeypatch.setattr(
        live_curves, "training_curves", lambda table: drawn.append(len(table)) or plt.figure()
    )
    monkeypatch.setattr(live_curves, "get_ipython", lambda: SimpleNamespace(kernel=object()))
    curves, module = live_curves.LiveCurves(), SimpleNamespace(history=[])
    for epoch in range(3):
        module.history.append({"epoch": epoch + 1, "loss": 1.0})
        curves.on_train_epoch_end(None, module)
    assert drawn == [1, 2, 3]
    assert len(shown) == 1
    assert len(shown[0].updates) == 2
    curves.on_train_end(None, module)
    assert shown[0].updates[-1].data == ""  # taken away: the encoder keeps the history
    monkeypatch.setattr(live_curves, "get_ipython", lambda: None)
    live_curves.LiveCurves().on_train_epoch_end(None, module)
    assert drawn == [1, 2, 3]
    assert not plt.get_fignums()
