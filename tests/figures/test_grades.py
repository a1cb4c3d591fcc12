import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgba

from skinage import figures
from skinage.figures import style


@pytest.fixture
def grades():
    return pd.DataFrame({
        "test": ["deletion: random", "insertion: centred", "stability: out of focus",
                 "randomisation: a clock of shuffled ages"],
        "value": [0.4, 0.1, 0.8, 0.2],
        "lower": [0.2, -0.1, 0.7, np.nan],
        "upper": [0.6, 0.3, 0.9, np.nan],
        "reference": [0.0, 0.0, 0.5, 0.5],
        "passed": pd.array([True, False, True, pd.NA], dtype="boolean"),
        "n_people": 12,
        "words": "",
    })  # fmt: skip


def test_tests_stand_with_value_interval_reference_and_colour(grades):
    years, alike = figures.map_grades(grades)
    labels = [[text.get_text() for text in ax.get_yticklabels()] for ax in (years, alike)]
    assert labels == [
        ["deletion > random", "insertion > centred"],
        ["like: out of focus", "unlike: a clock of shuffled ages"],
    ]
    assert "years" in years.get_xlabel()
    assert years.get_title("left") == "2 of 4 tests passed, 12 people"
    points = years.collections[1]
    np.testing.assert_allclose(points.get_offsets(), [[0.4, 0], [0.1, 1]])
    expected = [to_rgba(style.BLUE), to_rgba(style.VERMILLION)]
    np.testing.assert_allclose(points.get_facecolors(), expected)
    grey = alike.collections[1].get_facecolors()[1]
    np.testing.assert_allclose(grey, to_rgba(style.GREY))
    assert [line.get_xdata()[0] for line in (years.lines[0], alike.lines[0])] == [0.0, 0.5]
    segment = years.collections[0].get_segments()[0]
    np.testing.assert_allclose(segment[:, 0], [0.2, 0.6])
