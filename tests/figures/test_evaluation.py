import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from skinage import figures
from skinage.errors import StageError
from skinage.figures.style import BLUE, GREY

MINUS = "\N{MINUS SIGN}"


@pytest.fixture
def comparison():
    return pd.DataFrame({
        "features": ["trained", "colour", "predict the mean"],
        "mae_years": [7.0, 5.0, 15.0],
        "lower_years": [6.0, 4.0, 13.0],
        "upper_years": [8.0, 6.0, 17.0],
    })  # fmt: skip


def words(ax):
    ax.figure.draw_without_rendering()
    above = ax.get_legend()
    legend = [*above.get_texts(), above.get_title()] if above else []
    return " ".join([*(text.get_text() for text in (*legend, *ax.texts)), ax.get_title()])


def texts(ax):
    return [text.get_text() for text in ax.texts]


def legend(ax):
    above = ax.get_legend()
    return [above.get_title().get_text(), *(text.get_text() for text in above.get_texts())]


def test_baselines_are_sorted_best_on_top(comparison):
    ax = figures.baselines(comparison)
    ax.figure.draw_without_rendering()
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == ["predict the mean", "trained", "colour"]
    assert "5.0" in words(ax)
    bars, dots = ax.collections
    drawn = [segment[:, 0].tolist() for segment in bars.get_segments()]
    assert drawn == [[13, 17], [6, 8], [4, 6]]
    assert [to_hex(colour) for colour in dots.get_facecolors()] == [
        colour.lower() for colour in (GREY, BLUE, BLUE)
    ]
    assert 15.0 in [line.get_xdata()[0] for line in ax.lines]


def test_shuffles_are_grey_and_blank_rows_are_left_out(comparison):
    names = ["trained", "shuffled ages", "shuffled within scanner and sex"]
    table = comparison.assign(features=names)
    _, dots = figures.baselines(table).collections
    assert [to_hex(colour) for colour in dots.get_facecolors()] == [
        colour.lower() for colour in (GREY, BLUE, GREY)
    ]
    table.loc[1, ["mae_years", "lower_years", "upper_years"]] = np.nan
    ax = figures.baselines(table)
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels == ["shuffled within\nscanner and sex", "trained"]


def test_each_group_has_its_error_interval_number_and_bias():
    table = pd.DataFrame({
        "column": ["sex", "sex", "body_site"], "level": ["F", "M", "arm"], "n_people": [50, 40, 3],
        "mae_years": [5.0, 6.0, 9.0], "mae_lower_years": [4.0, 5.0, np.nan],
        "mae_upper_years": [6.0, 7.5, np.nan], "bias_years": [0.2, -1.3, 2.0],
    })  # fmt: skip
    ax = figures.error_by_group(table, overall_years=5.6)
    bars, dots = ax.collections
    np.testing.assert_array_equal(dots.get_offsets(), [[5, 1], [6, 2], [9, 4]])
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == ["women (n = 50)", "men (n = 40)", "arm (n = 3)"]
    assert {"sex", "body site", "+0.2", f"{MINUS}1.3", "+2.0"} <= set(texts(ax))
    first, second, none = (np.asarray(segment) for segment in bars.get_segments())
    np.testing.assert_array_equal([first[:, 0], second[:, 0]], [[4, 6], [5, 7.5]])
    assert none.size == 0
    assert legend(ax)[1] == "everybody, 5.6 years"
    assert figures.error_by_group(table).get_legend() is None
    assert ax.lines[0].get_xdata() == [5.6, 5.6]
    assert ax.get_xlim()[1] > 9


def test_the_learning_curve_begins_at_no_error():
    curve = pd.DataFrame({
        "n_people": [20, 40, 80], "mae_years": [9.0, 8, 7], "lower_years": [8.0, 7, 6],
        "upper_years": [10.0, 9, 8], "baseline_mae_years": [17.0] * 3,
    })  # fmt: skip
    ax = figures.learning_curve(curve)
    assert [*ax.lines[0].get_ydata()] == [9, 8, 7]
    assert [*ax.lines[1].get_ydata()] == [17, 17, 17]
    corners = {(20, 8), (40, 7), (80, 6), (20, 10), (40, 9), (80, 8)}
    assert set(map(tuple, ax.collections[0].get_paths()[0].vertices)) == corners
    assert ax.get_ylim()[0] == 0
    assert ax.get_ylim()[1] > 17


def test_two_slides_of_a_person_are_one_dot():
    slides = pd.DataFrame({
        "person_id": ["a", "a", "b", "c", "c"], "slide_id": [*"12345"],
        "acceleration_years": [5.0, 3, 1, -2, 1],
    })  # fmt: skip
    agreement = pd.DataFrame({
        "quantity": ["gap", "acceleration", "acceleration", "acceleration", "acceleration"],
        "measured_on": ["slides of one biopsy"] * 3 + ["halves of the tiles"] * 2,
        "n_averaged": [1, 1, 2, 1, 2], "icc": [0.9, 0.45, 0.62, 0.8, 0.89],
        "lower": [0.8, -0.1, 0.2, 0.7, 0.8], "upper": [0.95, 0.7, 0.8, 0.85, 0.92],
        "n_people": [2, 2, 2, 3, 3],
    })  # fmt: skip
    ax = figures.replicates(slides, agreement=agreement)
    np.testing.assert_allclose(ax.collections[0].get_offsets(), [[5, 3], [-2, 1]])
    title, line = legend(ax)
    assert line == "both slides alike"
    assert title.splitlines() == [
        "2 people; 1 with one slide are not drawn",
        f"ICC of a slide 0.45 ({MINUS}0.10 to 0.70), n = 2",
        "ICC of all tiles 0.89 (0.80 to 0.92), n = 3",
    ]
    assert ax.get_xlim() == ax.get_ylim()
    assert ax.get_aspect() == 1
    without = figures.replicates(slides, agreement=agreement[:3])
    assert len(legend(without)[0].splitlines()) == 2


def test_of_many_slides_the_first_two_by_name_are_drawn_and_that_is_said():
    slides = pd.DataFrame({
        "person_id": [*"aabbb"], "slide_id": [*"21543"],
        "acceleration_years": [1.0, 2, 5, 4, 3],
    })  # fmt: skip
    ax = figures.replicates(slides)
    np.testing.assert_allclose(ax.collections[0].get_offsets(), [[2, 1], [3, 4]])
    assert legend(ax)[0].endswith("\n1 have more than two: two are drawn")
    with pytest.raises(StageError, match="none of 2 people has two slides"):
        figures.replicates(slides.drop_duplicates("person_id"))
    with pytest.raises(StageError, match=r"no column acceleration_years; pass .*slide_accel"):
        figures.replicates(slides.drop(columns="acceleration_years"))


def test_figures_draw_into_the_axes_they_are_given(comparison):
    _, given = plt.subplots()
    assert figures.baselines(comparison, given) is given
    assert len(plt.get_fignums()) == 1
