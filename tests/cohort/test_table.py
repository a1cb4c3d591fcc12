import pandas as pd
import pytest

from skinage import CohortError
from skinage.cohort.people import first_visits
from skinage.cohort.table import describe_cohort, inspect_cohort, read_cohort


@pytest.fixture
def write(tmp_path):
    """Write a cohort table of three good rows, changed as a test likes."""
    for name in ("a.svs", "b.svs", "c.svs"):
        (tmp_path / name).touch()

    def _write(ending="csv", **changes):
        table = pd.DataFrame(
            {
                "slide_id": ["001", "002", "003"],
                "person_id": ["p1", "p1", "p2"],
                "path": ["a.svs", "b.svs", "c.svs"],
                "age_years": ["30.5", "30.5", ""],
                "sex": ["f", "Female", "M"],
                "died": ["0", "0", "1"],
            }
        )
        table = table.assign(**changes).drop(columns=[k for k, v in changes.items() if v is None])
        path = tmp_path / f"cohort.{ending}"
        table.to_csv(path, index=False) if ending == "csv" else table.to_parquet(path)
        return path

    return _write


def test_a_sound_table_keeps_ids_as_text_and_makes_paths_absolute(write, tmp_path):
    cohort = read_cohort(write())
    assert list(cohort["slide_id"]) == ["001", "002", "003"]
    assert cohort["path"][0] == str(tmp_path / "a.svs")
    assert list(cohort["sex"]) == ["F", "F", "M"]
    assert cohort["age_years"].isna().tolist() == [False, False, True]


def test_parquet_gives_the_same_as_csv(write):
    pd.testing.assert_frame_equal(
        read_cohort(write()), read_cohort(write("parquet", age_years=[30.5, 30.5, None]))
    )


def test_a_bracket_becomes_its_midpoint(write):
    cohort = read_cohort(
        write(age_years=None, age_low=["20", "20", "70"], age_high=["29", "29", "79"])
    )
    assert list(cohort["age_years"]) == [24.5, 24.5, 74.5]
    assert list(cohort["age_high"]) == [29, 29, 79]


def test_an_age_of_its_own_is_no_bracket(write):
    cohort = read_cohort(
        write(age_years=["25.5", "25.5", ""], age_low=["20", "20", "70"], age_high=["30", "", "80"])
    )
    assert list(cohort["age_years"]) == [25.5, 25.5, 75]
    assert list(cohort["age_low"]) == [25.5, 25.5, 70]
    assert list(cohort["age_high"]) == [25.5, 25.5, 80]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"path": None}, "missing column.* path; found slide_id"),
        ({"age_years": None}, "age_years .or age_low and age_high"),
        ({"slide_id": ["001", "001", "003"]}, "row 3 .slide_id 001., slide_id: already in row 2"),
        ({"sex": ["F", "M", "M"]}, "rows 2 .F., 3 .M., sex: person_id p1 has two sexes"),
        ({"sex": ["F", "F", "x"]}, "row 4 .slide_id 003., sex: found 'x'; expected F or M"),
        ({"age_years": ["700", "30", ""]}, "row 2 .*age_years: found '700'; expected .* 0 to 120"),
        ({"age_years": ["old", "30", ""]}, "age_years: found 'old'"),
        ({"died": ["2", "0", "1"]}, "died: found '2'; expected .* .0 or 1"),
        ({"disease_x": ["0.5", "0", "1"]}, "disease_x: found '0.5'"),
        ({"path": ["a.svs", "no.svs", "c.svs"]}, "row 3 .*, path: found 'no.svs', which is no"),
        ({"person_id": ["", "p1", "p2"]}, "row 2 .slide_id 001., person_id: blank"),
        ({"age_low": [40, 1, 1], "age_high": [30, 2, 2]}, "age_low: found 40, above age_high 30"),
        (
            {"age_years": [35, None, None], "age_low": [40, 1, 1], "age_high": [50, 2, 2]},
            "age_years: found 35, outside of its bracket 40 to 50",
        ),
        (
            {"age_years": None, "age_low": [80, 1, 1], "age_high": [None, 2, 2]},
            "age_low: the bracket has one end only",
        ),
        ({"age_low": [20, 20, 70]}, "age_low: a column alone; expected both ends"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_row_column_found_and_expected(write, changes, message):
    with pytest.raises(CohortError, match=message):
        read_cohort(write(**changes))


def test_all_problems_are_listed_at_once(write):
    path = write(age_years=["700", "-1", ""], died=["3", "0", "1"])
    _, problems = inspect_cohort(path)
    assert len(problems) == 3
    with pytest.raises(CohortError, match="3 problem"):
        read_cohort(path)


def test_an_empty_table_and_no_table_are_errors(tmp_path):
    (tmp_path / "head.csv").write_text("slide_id,person_id,path,age_years\n")
    with pytest.raises(CohortError, match="no rows"):
        read_cohort(tmp_path / "head.csv")
    (tmp_path / "empty.csv").touch()
    with pytest.raises(CohortError, match="the file is empty"):
        read_cohort(tmp_path / "empty.csv")
    with pytest.raises(CohortError, match="no such file"):
        read_cohort(tmp_path / "none.csv")


def test_description_counts_people_not_slides(write):
    described = describe_cohort(read_cohort(write())).set_index("quantity")["value"]
    assert described["slides"] == "3"
    assert described["people"] == "2"
    assert described["people with an age"] == "1"
    assert described["deaths in follow-up"] == "1"


def test_of_a_person_with_visits_the_first_one_is_described():
    cohort = pd.DataFrame(
        {
            "slide_id": ["a2", "a1", "b1"],
            "person_id": ["a", "a", "b"],
            "age_years": [60.0, 50.0, 70.0],
            "visit": ["2", "1", "1"],
            "body_site": ["face", "arm", "arm"],
        }
    )
    described = describe_cohort(cohort).set_index("quantity")["value"]
    assert described["slides"] == "3"
    assert described["age, mean (SD), years"] == "60.0 (14.1)"
    assert described["age, range, years"] == "50 to 70"
    assert described["body site"] == "arm 2"


def test_first_visits_are_those_at_the_youngest_age():
    cohort = pd.DataFrame(
        {
            "slide_id": ["a1", "a2", "a3", "b1", "c1"],
            "person_id": ["a", "a", "a", "b", "c"],
            "age_years": [54.0, 50.0, 50.0, 60.0, 70.0],
            "visit": ["2", "1", "1", "1", None],
        }
    )
    assert first_visits(cohort)["slide_id"].tolist() == ["a2", "a3", "b1", "c1"]
    assert len(first_visits(cohort.drop(columns="visit"))) == 5
    with pytest.raises(CohortError, match="needs `age_years`"):
        first_visits(cohort.drop(columns="age_years"))
