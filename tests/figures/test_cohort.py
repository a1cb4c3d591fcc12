import pandas as pd

from skinage import figures


def test_bars_count_people_once_by_decade_and_sex():
    cohort = pd.DataFrame(
        {
            "person_id": ["a", "a", "b", "c", "d", "e"],
            "age_years": [25, 25, 28, 33, 31, None],
            "sex": ["F", "F", "M", "F", None, "M"],
        }
    )
    ax = figures.age_histogram(cohort)
    heights = [[bar.get_height() for bar in bars] for bars in ax.containers]
    assert heights == [[1, 1], [1, 0], [0, 1]]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "women", "men", "sex not known",
    ]  # fmt: skip
    assert ax.get_title() == "5 people, 1 without an age"


def test_a_cohort_without_ages_says_so():
    cohort = pd.DataFrame({"person_id": ["a"], "age_years": [None]})
    ax = figures.age_histogram(cohort)
    assert ax.texts[0].get_text() == "no age is known"
