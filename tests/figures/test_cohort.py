import pandas as pd
from matplotlib.colors import to_hex

from skinage import figures
from skinage.figures.style import SEX_COLOURS


def test_bars_count_people_once_by_decade_and_sex():
    cohort = pd.DataFrame(
        {
            "person_id": ["a", "a", "b", "c", "d", "e"],
            "age_years": [25, 25, 28, 33, 31, None],
            "sex": ["F", "F", "M", "F", None, "M"],
        }
    )
    ax = figures.age_histogram(cohort)
    heights = {
        to_hex(bars[0].get_facecolor()).upper(): [bar.get_height() for bar in bars]
        for bars in ax.containers
    }
    colours = SEX_COLOURS["women"], SEX_COLOURS["men"], SEX_COLOURS["sex unknown"]
    assert [heights[colour] for colour in colours] == [[1, 1], [1, 0], [0, 1]]
    tops = [bar.get_y() + bar.get_height() for bars in ax.containers for bar in bars]
    assert max(tops) == 2
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "women", "men", "sex unknown",
    ]  # fmt: skip
    assert ax.get_legend().get_title().get_text() == "5 people, 1 without an age"


def test_without_sexes_the_bars_are_of_everybody():
    ax = figures.age_histogram(pd.DataFrame({"person_id": ["a", "b"], "age_years": [25, 38]}))
    assert [bar.get_height() for bar in ax.containers[0]] == [1, 1]
    assert ax.get_title(loc="left") == "2 people"


def test_a_cohort_without_ages_says_so():
    cohort = pd.DataFrame({"person_id": ["a"], "age_years": [None]})
    ax = figures.age_histogram(cohort)
    assert ax.texts[0].get_text() == "no age is known"
