import hashlib

import numpy as np
import pandas as pd
import pytest

from skinage import LeakageError
from skinage.cohort.label_seen import label_seen, person_mark, refuse_seen

SEEN = [f"p{number}" for number in range(7)]
METADATA = {"labels_seen": {"target": "age_years", "people": [person_mark(p) for p in SEEN]}}


def test_a_mark_is_sixteen_digits_of_the_salted_hash():
    assert person_mark("p1") == hashlib.sha256(b"skinage:p1").hexdigest()[:16]


def test_seen_people_are_found_row_by_row():
    people = pd.Series(["p1", "q", "p1", "p6", "p7"], index=[9, 8, 7, 6, 5])
    np.testing.assert_array_equal(label_seen(METADATA, people), [True, False, True, True, False])
    assert label_seen(METADATA, (person for person in ["p0"])).tolist() == [True]
    assert label_seen(METADATA, []).dtype == bool


def test_an_encoder_without_labels_saw_nobody():
    assert label_seen({}, SEEN).tolist() == [False] * 7
    refuse_seen({}, SEEN, "clock")


def test_refusal_names_five_people_the_count_and_the_target():
    people = ["q", *SEEN, *SEEN]
    with pytest.raises(LeakageError) as refused:
        refuse_seen(METADATA, people, "clock: 5 folds")
    message = str(refused.value)
    assert message.startswith("clock: 5 folds: the encoder saw age_years of 7 of these 8 people")
    assert "(p0, p1, p2, p3, p4, ...)" in message
    refuse_seen(METADATA, ["q", "r"], "clock")
