import pytest

from skinage.explain.morphology.measures import (
    CORE,
    MEASURES,
    TOTALS,
    WEIGHTS,
    flags_of,
    in_words,
)


@pytest.mark.parametrize(
    ("name", "difference", "words"),
    [
        ("epidermis_um", -3.14, "viable epidermis 3.1 um thinner"),
        ("reticular_collagen_fraction", -0.0123, "reticular collagen share 1.2 percentage points"),
        ("spindle_nuclei_per_mm2", -123.4, "spindle nuclei (fibroblasts) 123 per mm2 fewer"),
        ("vessel_um", 0.5, "vessels 0.5 um wider"),
    ],
)
def test_a_difference_is_put_into_words_with_its_unit(name, difference, words):
    assert in_words(name, difference).startswith(words)


def test_units_in_names_and_in_the_registry_are_the_same():
    ends = {"um": "_um", "um2": "_um2", "per mm": "_per_mm", "per mm2": "_per_mm2"}
    for name, measure in MEASURES.items():
        if measure.unit:
            assert name.endswith(ends[measure.unit]), name
        else:
            assert not name.endswith(tuple(ends.values())), name


def test_every_measure_is_weighed_by_a_total_and_the_core_is_known():
    assert {*WEIGHTS.values()} <= {*TOTALS}
    assert {*CORE} <= {*MEASURES}


def test_sections_to_look_at_are_flagged():
    assert flags_of({"sure_fraction": 0.99, "fold_fraction": 0.0}) == ""
    assert flags_of({"sure_fraction": 0.7, "fold_fraction": 0.05}) == "folded, much is unsure"
    islands = {"sure_fraction": 1.0, "papilla_islands_per_mm": 5.0}
    assert flags_of(islands) == "cut across the ridges"
