import numpy as np
import pandas as pd

from skinage import figures


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
