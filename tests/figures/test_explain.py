from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from skinage import figures


def attribution(heat):
    return SimpleNamespace(
        heat=heat, age_years=61.24, difference_years=-1.5, completeness_error=0.002,
        baseline="white glass",
    )  # fmt: skip


def test_heat_is_drawn_symmetrically_in_years_with_its_sum_kept():
    heat = np.zeros((32, 32), np.float32)
    heat[12, 20] = -0.5
    pixels = np.full((32, 32, 3), 200, np.uint8)
    tile, map_ = figures.attribution_panel(pixels, attribution(heat), mpp=1.0)
    image = map_.images[1]
    low, high = image.get_clim()
    assert low == -high < 0
    assert image.get_array().sum() / 100 == pytest.approx(-0.5, rel=1e-3)
    assert np.unravel_index(image.get_array().argmin(), heat.shape) == (12, 20)
    assert map_.get_title().startswith("\N{MINUS SIGN}1.50 years against white glass")
    assert "61.2 years" in tile.get_title()
    bar = tile.figure.axes[-1]
    assert (bar.get_ylabel(), bar.get_title(), bar.get_xlabel()) == (
        "years per 100 pixels", "older", "younger",
    )  # fmt: skip


def test_a_tile_that_says_nothing_can_be_drawn_on_axes_given():
    axes = plt.subplots(1, 2)[1]
    blank = attribution(np.zeros((8, 8), np.float32))
    assert figures.attribution_panel(np.zeros((8, 8, 3), np.uint8), blank, axes=axes) is axes


def test_measures_have_a_panel_each_and_say_their_correlation():
    people = [f"P{k:02d}" for k in range(30)]
    age = np.linspace(20, 80, 30)
    table = pd.DataFrame(
        {"nuclei_per_mm2": -(age**3), "flat": 1.0, "gaps": [np.nan, *age[1:]]},
        index=pd.Index(people, name="person_id"),
    )
    ages = pd.DataFrame({"person_id": people[::-1], "age_years": age[::-1]})
    figure = figures.measure_by_age(table, ages, labels={"gaps": "pale gaps"})
    titles = [ax.get_title().split("\n") for ax in figure.axes]
    assert titles == [
        ["nuclei per mm²", "Spearman r = \N{MINUS SIGN}1.00"],
        ["flat", "no correlation"],
        ["pale gaps", "Spearman r = 1.00"],
    ]
    assert [len(ax.collections[0].get_offsets()) for ax in figure.axes] == [30, 30, 29]
    assert figure.get_supxlabel() == "age (years)"
    assert "30 people" in figure.get_suptitle()
