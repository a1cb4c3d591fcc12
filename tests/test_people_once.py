"""A person who is listed twice is refused by every function that takes a row per person."""

import numpy as np
import pandas as pd
import pytest

import skinage as ska

WITH_AGES = {
    "report_card": lambda ages, _: ska.report_card(ages),
    "report_by_group": lambda ages, _: ska.report_by_group(ages),
    "acceleration": lambda ages, _: ska.acceleration(ages),
    "compare_definitions": lambda ages, _: ska.compare_definitions(ages),
}
WITH_ACCELERATION = {
    "age_dependence": lambda accel, _: ska.age_dependence(accel),
    "follow_up": ska.follow_up,
    "mortality": ska.mortality,
    "prevalence": ska.prevalence,
    "associations": ska.associations,
}
WITH_PEOPLE = {
    "predict_age": ska.predict_age,
    "fit_clock": ska.fit_clock,
    "learning_curve": ska.learning_curve,
    "compare_clocks": lambda people, cohort: ska.compare_clocks({"features": people}, cohort),
    "compare_clocks, second": lambda people, cohort: ska.compare_clocks(
        {"first": people.drop_duplicates(), "second": people}, cohort
    ),
}


@pytest.fixture
def cohort(make_cohort):
    generator = np.random.default_rng(0)
    return make_cohort(200).assign(
        follow_up_years=generator.exponential(10, 200),
        died=generator.integers(0, 2, 200),
        disease_one=generator.integers(0, 2, 200),
    )


def with_repeated(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with a second row of two people."""
    return pd.concat([table, table.iloc[:2]])


@pytest.mark.parametrize("name", [*WITH_AGES, *WITH_ACCELERATION])
def test_a_second_row_of_a_person_is_refused(name, make_ages, cohort):
    ages, _ = make_ages()
    if name in WITH_AGES:
        table, function, word = ages, WITH_AGES[name], "ages"
    else:
        table, function, word = ska.acceleration(ages), WITH_ACCELERATION[name], "acceleration"
    function(table, cohort)
    message = rf"^{word}: 2 people are listed more than once, such as \['P0000', 'P0001'\]; .*"
    with pytest.raises(ska.StageError, match=message + "keep one row of each person"):
        function(with_repeated(table), cohort)
    visits = with_repeated(table.assign(visit="first"))
    with pytest.raises(ska.StageError, match=rf'{word}\[{word}\["visit"\] == \'first\'\]'):
        function(visits, cohort)


@pytest.mark.parametrize("name", WITH_PEOPLE)
def test_a_second_row_of_features_is_refused(name, make_people, cohort):
    people = make_people(np.random.default_rng(0).normal(size=(200, 4)))
    message = r"people: 2 people are listed more than once, such as \['P0000', 'P0001'\]"
    with pytest.raises(ska.StageError, match=message):
        WITH_PEOPLE[name](with_repeated(people), cohort)
