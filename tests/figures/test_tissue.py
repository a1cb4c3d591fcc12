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


def test_differences_stand_in_words_on_the_scale_of_a_correlation():
    table = pd.DataFrame({
        "words": ["viable epidermis 3 um thinner", "vessels 2 um wider"],
        "difference": [-3.0, 2.0], "lower": [-4.5, -1.0], "upper": [-1.5, 5.0],
        "partial_r": [-0.4, 0.1], "is_seen": [True, False], "n_people": [90, 100],
        "adjusted_for": "age, body_site",
    })  # fmt: skip
    ax = figures.tissue_differences(table)
    assert [text.get_text() for text in ax.get_yticklabels()] == table["words"].tolist()
    ends = [line.tolist() for line in ax.collections[0].get_segments()]
    np.testing.assert_allclose(ends, [[[-0.6, 0], [-0.2, 0]], [[-0.05, 1], [0.25, 1]]])
    seen, unseen = ax.collections[0].get_colors()
    assert not np.array_equal(seen, unseen)
    assert "100 people" in ax.get_title(loc="left")
    assert figures.tissue_differences(table, n=1).get_ylim() == (0.5, -0.5)
