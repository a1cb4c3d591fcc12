import json
import shutil

import numpy as np
import pandas as pd
import pytest

from skinage.cohort.label_seen import person_mark
from skinage.errors import CohortError, SettingError, StageError
from skinage.evaluation.groups import report_by_group
from skinage.evaluation.report_card import report_card
from skinage.reporting.tripod import read_checklist, render, tripod
from skinage.reporting.tripod_facts import FILES, gather
from skinage.storage import table_hash

ITEMS = [
    "1", "2", "3a", "3b", "3c", "4", "5a", "5b", "6a", "6b", "6c", "7", "8a", "8b", "8c", "9a",
    "9b", "9c", "10", "11", "12a", "12b", "12c", "12d", "12e", "12f", "12g", "13", "14", "15", "16",
    "17", "18a", "18b", "18c", "18d", "18e", "18f", "19", "20a", "20b", "20c", "21", "22", "23a",
    "23b", "24", "25", "26", "27a", "27b", "27c",
]  # fmt: skip


def people(count: int) -> list[str]:
    return [f"P{number}" for number in range(count)]


@pytest.fixture
def cohort(tmp_path):
    """Eight people, a slide each: P6 without tiles, P7 without age; P0 came twice."""
    table = pd.DataFrame({
        "slide_id": [*(f"S{number}" for number in range(8)), "S0_later"],
        "person_id": [*people(8), "P0"],
        "path": "slide.tiff",
        "age_years": [20.0, 30, 40, 50, 60, 70, 80, None, 25],
        "sex": ["F", "F", "F", "F", "M", "M", "M", "M", "F"],
        "scanner": ["A"] * 5 + ["B"] * 4,
        "body_site": "arm",
        "biopsy_year": [2001.0] * 8 + [2006],
        "visit": [1] * 8 + [2],
        "arm": [None] * 7 + ["control", None],
        "died": [0.0, 0, 0, 0, 0, 1, 1, None, 0],
        "follow_up_years": [9.0, 8, 7, 6, 5, 4, 3, None, 9],
        "disease_lung": [0, 0, 1, 0, 0, 1, 0, 0, 0],
    })  # fmt: skip
    table.to_csv(tmp_path / "cohort.csv", index=False)
    return table


@pytest.fixture
def results(tmp_path, cohort):
    folder = tmp_path / "results"
    for name in ("encoder", "clock", "figures", ".made"):
        (folder / name).mkdir(parents=True)
    write_tables(folder, cohort)
    write_cards(folder)
    (folder / "clock/clock.safetensors").touch()
    (folder / "figures/04_age.png").touch()
    return folder


def write_tables(folder, cohort):
    tiled = cohort[~cohort["person_id"].isin(["P6"])]
    tiles = tiled[["slide_id", "person_id"]].assign(tile_px=96, mpp=0.5)
    tiles = pd.concat([tiles, tiles], ignore_index=True)
    tiles.to_parquet(folder / "tiles.parquet")
    reasons = ["pen_fraction 0.20 (at most 0.05); tissue_fraction 0.1 (at least 0.50)"]
    reasons += ["tissue_fraction 0.3 (at least 0.50)"]
    refused = pd.DataFrame({"person_id": ["P0", "P4"], "slide_id": ["S0", "S4"]})
    refused.assign(reason=reasons).to_parquet(folder / "rejected_tiles.parquet")
    problems = cohort["person_id"].map({"P6": "no tissue"})
    slides = pd.DataFrame({"slide_id": cohort["slide_id"], "problem": problems})
    slides.to_csv(folder / "slides.csv", index=False)
    known = cohort[:6][["person_id", "age_years", "sex"]]
    known.assign(
        predicted_years=[22.0, 32, 42, 48, 58, 68], fold=[0, 1, 2, 0, 1, 2], n_tiles=2,
        age_low=known["age_years"] - [0, 0, 0, 0, 0, 5], age_high=known["age_years"],
        lower_years=20.0, upper_years=31.5, predicted_years_2=50.0, fold_2=[0, 0, 1, 1, 2, 2],
    ).to_csv(folder / "ages.csv", index=False)  # fmt: skip
    pd.DataFrame({"person_id": people(6), "definition": "gap"}).to_csv(
        folder / "acceleration.csv", index=False
    )
    rows = {
        "outcomes": [
            {"outcome": "death", "estimate_name": "hazard_ratio", "unit": "per 5 years",
             "estimate": 1.234, "lower": 0.9, "upper": 1.7, "n_people": 6, "n_events": 1},
            {"outcome": "death", "estimate_name": "hazard_ratio", "unit": "per SD",
             "estimate": 9.0, "lower": 0.9, "upper": 1.7, "n_people": 6, "n_events": 1},
        ],
        "report_card": [
            {"metric": "mae_years", "value": 2.04, "lower": 1.95, "upper": 2.15},
            {"metric": "r2", "value": 0.987, "lower": np.nan, "upper": np.nan},
            {"metric": "weighted_kappa", "value": np.nan, "lower": np.nan, "upper": np.nan},
            {"metric": "of_tomorrow", "value": 1.0, "lower": 1.0, "upper": 1.0},
        ],
        "report_card_by_group": [
            {"column": "sex", "level": "F", "n_people": 4, "mae_years": 2.0,
             "mae_lower_years": 1.5, "mae_upper_years": 2.5},
            {"column": "scanner", "level": "B", "n_people": 1, "mae_years": 3.0,
             "mae_lower_years": np.nan, "mae_upper_years": np.nan},
        ],
        "baselines": [
            {"features": "trained", "mae_years": 2.0, "lower_years": 1.9, "upper_years": 2.1},
            {"features": "colour", "mae_years": 9.0, "lower_years": 8.0, "upper_years": 9.9},
            {"features": "shuffled ages", "mae_years": 17.0, "lower_years": 15.0,
             "upper_years": 19.0, "n_shuffles": 199,
             "verdict": "the clock knows something of age: R2 0.90 (p = 0.005, 199 shuffles)"},
            {"features": "shuffled within sex", "verdict": "no sex is known that varies"},
        ],
        "learning_curve": [
            {"n_people": 4, "mae_years": 2.04}, {"n_people": 2, "mae_years": 5.0},
            {"n_people": 3, "mae_years": 4.0},
        ],
    }  # fmt: skip
    for name, table in rows.items():
        pd.DataFrame(table).to_csv(folder / f"{name}.csv", index=False)


def write_cards(folder):
    skipped = {
        "stage": ["associations", "real_skin"],
        "item": ["prevalence", "picture of real skin"],
        "reason": ["too few", "no network"],
    }
    pd.DataFrame(skipped).to_csv(folder / "skipped.csv", index=False)
    cards = {
        "metrics.json": {"age.mae_years": 2.04, "age.r2": 0.987, "age.n_people": 6},
        "encoder/encoder.json": {
            "architecture": "resnet", "method": "vicreg", "epochs": 3, "seed": 7, "dim": 5,
            "hash": "ab" * 32,
            "recipe": {
                "tiles": table_hash(pd.read_parquet(folder / "tiles.parquet")),
                "backbone": "resnet", "pairs": {"balance": ["scanner"]},
            },
        },
        "clock/clock.json": {
            "model": "trees", "feature_names": ["mean_0000", "mean_0001", "std_0000"],
            "statistics": None, "n_people": 6, "age_low_years": 20.0, "age_high_years": 70.0,
            "seed": 3, "encoder_hash": "ab" * 32,
        },
        "run.json": {
            "skinage": "9.8", "settings": {"seed": 4}, "slides": {"S0": "1", "S1": "2"},
            "versions": {"torch": "2", "umap-learn": "not installed"},
            "machine": {"python": "3.11"},
        },
    }  # fmt: skip
    for name, card in cards.items():
        (folder / name).write_text(json.dumps(card))


def change(path, **changes):
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def answers(table):
    return table.set_index("item")["answer"]


def test_every_item_is_there_once_and_in_order(results, cohort):
    table = tripod(results, cohort)
    assert [*table] == ["item", "section", "topic", "status", "answer", "source"]
    assert [*table["item"]] == ITEMS
    assert len({item.rstrip("abcdefg") for item in ITEMS}) == 27
    sections = table.set_index("item")["section"]
    assert (sections["1"], sections["5a"], sections["17"]) == ("Title", "Methods", "Methods")
    assert (sections["18f"], sections["20a"]) == ("Open science", "Results")
    assert (sections["24"], sections["25"]) == ("Results", "Discussion")
    assert set(table["status"]) == {"answered", "partly", "open"}


def test_people_are_followed_from_the_cohort_into_the_clock(results, cohort):
    table = tripod(results, cohort).set_index("item")
    assert table.loc["20a", "status"] == "answered"
    assert table.loc["20a", "answer"] == (
        "The cohort has 9 slides of 8 people, 7 of them with an age. Slides that could not be "
        "used: 1 of 9 (no tissue 1). 7 people had tiles (16 tiles of 8 slides); 6 people are in "
        "the clock. Not in the clock: 2 of 8 (1 without an age, 1 with an age but without a tile). "
        "Slides of later visits, not used by the clock: 1 of 9. Deaths among people with "
        "follow-up: 2 of 7; median follow-up 6.0 years, at most 9.0."
    )
    assert table.loc["20a", "source"].split("; ") == [
        "the cohort table", "slides.csv", "tiles.parquet", "ages.csv",
    ]  # fmt: skip


def test_somebody_missing_without_a_reason_is_not_hidden(results, cohort):
    ages = pd.read_csv(results / "ages.csv")
    ages[1:].to_csv(results / "ages.csv", index=False)
    assert "1 for a reason that no file holds" in answers(tripod(results, cohort))["11"]


def test_numbers_stand_with_their_intervals(results, cohort):
    table = tripod(results, cohort).set_index("item")
    assert table.loc["23a", "status"] == "answered"
    assert table.loc["23a", "answer"] == (
        "Out of fold, with 95 % intervals: mean absolute error 2.0 (1.9 to 2.1) years; "
        "R² 0.99. Mean absolute error by group, with 95 % intervals: sex: F (n = 4) 2.0 "
        "(1.5 to 2.5) years. In the same people, mean absolute error with 95 % intervals: trained "
        "2.0 (1.9 to 2.1) years; colour 9.0 (8.0 to 9.9) years. Tests against ages shuffled "
        "between people, in folds that do not look at the age: the clock knows something of age: "
        "R2 0.90 (p = 0.005, 199 shuffles)."
    )
    compared = "Compared in the same people, over several deals into folds: trained and colour."
    assert compared in table["answer"]["12e"]
    assert "colour 9.0 (8.0 to 9.9) years. Acceleration" in table["answer"]["25"]
    assert table.loc["23b", "answer"].endswith("scanner: B (n = 1) 3.0 years.")
    assert "fitted on 2 people 5.0 years; fitted on 4 people 2.0 years." in table["answer"]["10"]
    per_sd = "Acceleration, per SD, with 95 % intervals: death: hazard ratio 9.00 (0.90 to 1.70). "
    in_years = "The same tests: death: hazard ratio per 5 years 1.23 (0.90 to 1.70).]"
    assert per_sd + in_years in table["answer"]["25"]


def test_a_run_without_shuffles_says_nothing_of_them(results, cohort):
    rows = pd.read_csv(results / "baselines.csv")
    rows[rows["n_shuffles"].isna()].to_csv(results / "baselines.csv", index=False)
    table = tripod(results, cohort)
    assert "colour 9.0" in answers(table)["23a"]
    assert "shuffled" not in answers(table)["23a"]


def test_refused_tiles_are_counted_by_reason_and_sex(results, cohort):
    answer = answers(tripod(results, cohort))["7"]
    assert "tissue fraction (at least 0.50) 2, pen fraction (at most 0.05) 1" in answer
    assert "F 9%, M 14%" in answer  # 1 of 11, 1 of 7


def test_folds_are_described_as_they_are(results, cohort):
    answer = answers(tripod(results, cohort))["12a"]
    assert "3 folds of 2 people" in answer
    assert "fitted on the other folds (4 people)" in answer
    assert "People were assigned to folds 2 times" in answer
    ages = pd.read_csv(results / "ages.csv")
    later = ages[:1].assign(visit=2, age_years=25, predicted_years=99)
    pd.concat([later, ages.assign(visit=1)]).to_csv(results / "ages.csv", index=False)
    assert answers(tripod(results, cohort))["12a"] == answer
    pd.concat([ages, ages[:1]]).to_csv(results / "ages.csv", index=False)
    with pytest.raises(StageError, match=r"ages.csv: 1 people are listed more than once"):
        tripod(results, cohort)


def test_nothing_but_the_cohort_answers_for_an_empty_folder(tmp_path, cohort):
    empty = tmp_path / "empty"
    empty.mkdir()
    table = tripod(empty, cohort)
    assert set(table["status"]) == {"open", "partly"}
    open_items = table[table["status"] == "open"]
    assert open_items["answer"].str.match(r"\[(To write|Missing|To use): ").all()
    assert set(table["source"]) == {"", "the cohort table"}


@pytest.mark.parametrize(
    "gone", [name for name in FILES.values() if "." in name and not name.startswith("truth")]
)
def test_a_file_that_is_gone_answers_nothing(results, cohort, gone):
    before = tripod(results, cohort)
    (results / gone).unlink()
    after = tripod(results, cohort)
    cited = before["source"].str.split("; ").map(lambda files: gone in files)
    assert cited.any()
    assert not after["source"].str.split("; ").map(lambda files: gone in files).any()
    rank = {"open": 0, "partly": 1, "answered": 2}
    assert (after["status"].map(rank) <= before["status"].map(rank)).all()
    missing = after["answer"].str.contains(rf"\[Missing: [^]]*{gone}")
    optional = {"acceleration.csv", "outcomes.csv", "learning_curve.csv", "skipped.csv"}
    assert missing.any() or gone in optional


def test_missing_columns_are_named(results, cohort):
    ages = pd.read_csv(results / "ages.csv")[["person_id", "age_years", "predicted_years"]]
    ages.to_csv(results / "ages.csv", index=False)
    few = cohort[["slide_id", "person_id", "path", "age_years"]]
    table = tripod(results, few)
    assert "[Missing: ages.csv (nothing there of: fold)" in answers(table)["4"]
    assert "the cohort table (nothing there of: sex)" in answers(table)["20b"]


def test_the_encoder_is_said_to_have_met_those_whom_it_met(results, cohort):
    card = results / "encoder/encoder.json"
    assert (
        "trained on all 16 tiles of all 7 people, those tested included, and was shown no age."
        in answers(tripod(results, cohort))["12a"]
    )
    seen = {"target": "age_years", "people": [person_mark(name) for name in ("P0", "P7", "X")]}
    change(card, labels_seen=seen)
    assert (
        "shown the ages of 3 people, 1 of the people tested among them."
        in answers(tripod(results, cohort))["9b"]
    )
    pd.read_parquet(results / "tiles.parquet")[1:].to_parquet(results / "tiles.parquet")
    answer = answers(tripod(results, cohort))["12a"]
    assert "those tested included" not in answer
    assert "tiles.parquet, ages.csv (nothing there of: trained on)]" in answer


@pytest.mark.parametrize("start", ["hf-hub:org/model", "local-dir:/somewhere", "f0" * 32])
def test_only_new_weights_are_called_random(results, cohort, start):
    assert "random weights" in answers(tripod(results, cohort))["9b"]
    card = results / "encoder/encoder.json"
    change(card, recipe={"backbone": start})
    assert "random weights" not in answers(tripod(results, cohort))["9b"]


def test_the_model_of_the_clock_is_described_or_missing(results, cohort):
    card = results / "clock/clock.json"
    table = answers(tripod(results, cohort))
    assert "The saved clock is gradient-boosted trees" in table["12c"]
    assert "3 features of a person, pooled over tiles: mean and std" in table["9a"]
    assert "The clock also used sex." in table["9a"]
    change(card, model="ridge")
    table = answers(tripod(results, cohort))
    assert "The saved clock is ridge regression" in table["12c"]
    assert "also used sex" not in table["9a"]
    change(card, model="unknown")
    assert answers(tripod(results, cohort))["12b"] == (
        "[Missing: clock/clock.json (nothing there of: regressor)]"
    )
    change(card, model="ElasticNetCV")
    table = answers(tripod(results, cohort))
    assert "The saved clock is the scikit-learn regressor ElasticNetCV;" in table["12c"]
    assert table["12b"].endswith("standardised by the mean and SD of the training people.")


def test_every_sentence_can_be_filled_in_and_needs_a_file(results, cohort):
    """A misspelt name in a template would silence its sentence for good."""
    shutil.copy(results.parent / "cohort.csv", results.parent / "truth.csv")
    change(results / "run.json", cohort={"path": str(results.parent / "cohort.csv"), "hash": "-"})
    facts = gather(results, cohort)
    sentences = read_checklist()
    assert set(sentences["role"]) == {"state", "if known", "use", "write"}
    for role, sentence in zip(sentences["role"], sentences["text"], strict=True):
        text, missing, files = render(sentence, facts)
        assert text, (sentence, missing)
        # A sentence that needs no file would be said of any run, also of one that did nothing.
        assert bool(files) == (role != "write"), sentence


def test_what_was_not_tested_is_listed_with_the_reason(results, cohort):
    answer = answers(tripod(results, cohort))["11"]
    assert "Skipped in the models of outcomes: prevalence (too few)." in answer
    assert "real skin" not in answer


def test_a_phantom_is_called_synthetic(results, cohort):
    (results / "phantom").mkdir()
    truth = pd.DataFrame({"person_id": people(8)})
    truth.to_csv(results / "phantom/truth.csv", index=False)
    assert answers(tripod(results, cohort))["5a"].startswith("The people are synthetic")
    truth[:3].to_csv(results / "phantom/truth.csv", index=False)
    assert "synthetic" not in answers(tripod(results, cohort))["5a"]


def test_what_cannot_be_used_is_refused(results, cohort, tmp_path):
    with pytest.raises(SettingError, match="is no folder"):
        tripod(tmp_path / "nowhere", cohort)
    with pytest.raises(CohortError, match="has no slide_id"):
        tripod(results, cohort.drop(columns="slide_id"))
    with pytest.raises(StageError, match=r"5 of 6 people of ages.csv are not in .*'P1'"):
        tripod(results, cohort[:1])
    (results / "clock/clock.json").write_text('{"model": ')
    with pytest.raises(StageError, match=r"clock.json cannot be read"):
        tripod(results, cohort)


def test_the_cards_of_today_are_understood(results, cohort, make_ages):
    ages = make_ages(120)[0]
    report_card(ages, n_bootstrap=50).to_csv(results / "report_card.csv", index=False)
    report_by_group(ages, columns=["sex"], n_bootstrap=50).to_csv(
        results / "report_card_by_group.csv", index=False
    )
    answer = answers(tripod(results, cohort))["23a"]
    mae = np.abs(ages["predicted_years"] - ages["age_years"]).mean()
    assert f"mean absolute error {mae:.1f} (" in answer
    of_women = ages[ages["sex"] == "F"]
    mae_of_women = np.abs(of_women["predicted_years"] - of_women["age_years"]).mean()
    assert f"sex: F (n = {len(of_women)}) {mae_of_women:.1f} (" in answer
