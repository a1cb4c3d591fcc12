import numpy as np
import pandas as pd
import pytest
import tifffile
import torch
from torch import nn

from skinage import CohortError, LeakageError, SettingError, SkinageError, StageError, skipped
from skinage.cohort.folds import person_folds
from skinage.cohort.label_seen import person_mark
from skinage.encoders.encoder import Encoder, new_encoder, settle_batch_norm
from skinage.slides.reading.batches import read_pixels
from skinage.transfer.end_to_end import tile_pixels
from skinage.transfer.tune import tune

SIDE, TILES = 32, 4
N_STRIPED, EPOCHS = 32, 12


class MeanColours:
    """Features that can be known beforehand: mean red, green and blue."""

    metadata = {"method": "mean colours", "dim": 3}  # noqa: RUF012

    def embed(self, pixels):
        return pixels.mean(axis=(1, 2), dtype=np.float64).astype(np.float32)


def write_people(folder, pictures):
    """Write a slide per person of pictures (n, SIDE, TILES * SIDE, 3); give tiles and cohort."""
    names = [f"P{number:03d}" for number in range(len(pictures))]
    tiles = []
    for name, picture in zip(names, pictures, strict=True):
        path = str(folder / f"{name}.tiff")
        with tifffile.TiffWriter(path) as writer:
            writer.write(
                picture, tile=(SIDE, SIDE), photometric="rgb", metadata=None,
                resolution=(1e4, 1e4), resolutionunit="CENTIMETER",
            )  # fmt: skip
        tiles += [
            {"tile_id": f"{name}_{x}", "slide_id": f"{name}_1", "person_id": name, "path": path,
             "x": x * SIDE, "y": 0, "extent_px": SIDE, "tile_px": SIDE, "mpp": 1.0}
            for x in range(TILES)
        ]  # fmt: skip
    cohort = pd.DataFrame({"slide_id": [f"{name}_1" for name in names], "person_id": names})
    return pd.DataFrame(tiles), cohort


def untrained(tiles):
    """Make an encoder of six random filters, which see little and are quickly trained."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        convolved = nn.Conv2d(3, 6, 7), nn.BatchNorm2d(6), nn.ReLU()
    module = nn.Sequential(*convolved, nn.AdaptiveAvgPool2d(1), nn.Flatten()).eval()
    encoder = Encoder(module, {"mean": [0.5] * 3, "std": [0.25] * 3, "dim": 6})
    settle_batch_norm(encoder, [torch.from_numpy(read_pixels(tiles)).permute(0, 3, 1, 2)])
    return encoder


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """Sixty people of random colours, and outcomes that follow from red and blue."""
    generator = np.random.default_rng(0)
    colour = generator.integers(40, 215, (60, 1, 1, 3))
    noise = generator.integers(-20, 21, (60, SIDE, TILES * SIDE, 3))
    tiles, cohort = write_people(
        tmp_path_factory.mktemp("colours"), (colour + noise).astype(np.uint8)
    )
    mean = MeanColours().embed(read_pixels(tiles)).reshape(60, TILES, 3).mean(axis=1, dtype=float)
    cohort["dose"] = 5 + 2 * mean[:, 0] - 0.5 * mean[:, 2]
    cohort["treated"] = mean[:, 0] > np.median(mean[:, 0])
    cohort["site"] = pd.qcut(mean[:, 2], 3, labels=["arm", "back", "leg"]).astype(str)
    years = generator.exponential(np.exp((128 - mean[:, 0]) / 20))
    cohort["years"], cohort["died"] = np.minimum(years, 3), (years < 3).astype(float)
    folds = person_folds(cohort.set_index("person_id")["dose"], 4)
    return tiles, cohort, folds


@pytest.fixture(scope="module")
def few(people):
    """The first 24 people, in two folds."""
    tiles, cohort, _ = people
    folds = pd.Series(np.arange(24) % 2, cohort["person_id"][:24])
    return tiles[tiles["person_id"].isin(folds.index)], cohort[:24], folds


def run(people, target, encoder=None, **how):
    tiles, cohort, folds = people
    encoder = MeanColours() if encoder is None else encoder
    return tune(tiles, cohort, encoder, target=target, folds=folds, device="cpu", **how)


def test_a_planted_number_comes_back_with_its_coefficients(people):
    tuned = run(people, "dose")
    assert [*tuned.predictions] == ["person_id", "fold", "dose", "predicted", "n_tiles"]
    assert (tuned.predictions["n_tiles"] == TILES).all()
    score = tuned.score()
    assert score["r2"] > 0.9999
    assert score["mae"] < 0.01 * score["baseline_mae"]
    for model in tuned.folds.values():
        weight = (model.target.spread * model.head.weight[0] / model.head.scale).detach()
        np.testing.assert_allclose(weight, [2, 0, -0.5], atol=0.01)


def test_everybody_is_predicted_by_a_model_of_the_other_folds(people):
    tiles, cohort, folds = people
    before = run(people, "dose").predictions.set_index("person_id")["predicted"]
    one = cohort["person_id"].map(folds) == 1
    changed = cohort.assign(dose=cohort["dose"].where(~one, cohort["dose"] ** 2 % 100))
    after = run((tiles, changed, folds), "dose").predictions.set_index("person_id")["predicted"]
    own = folds.reindex(before.index) == 1
    np.testing.assert_array_equal(before[own], after[own])
    assert (before[~own] != after[~own]).all()


def test_classes_and_times_that_follow_from_colour_are_found(people):
    treated = run(people, "treated")
    assert treated.target_type == "class"
    assert [*treated.predictions][3:5] == ["probability_False", "probability_True"]
    assert treated.score()["auc"] > 0.97
    assert treated.score()["prevalence_True"] == 0.5
    site = run(people, "site")
    probabilities = site.predictions.filter(like="probability_")
    assert [*probabilities] == ["probability_arm", "probability_back", "probability_leg"]
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert site.score()["auc"] > 0.85
    time = run(people, ("years", "died"))
    assert time.target_type == "time"
    assert time.score()["c_index"] > 0.85


def test_the_score_says_what_is_gained_over_age_and_sex(people):
    tiles, cohort, folds = people
    assert not [name for name in run(people, "dose").score() if "gained" in name]
    ages = np.random.default_rng(0).uniform(20, 90, 60)
    tuned = run((tiles, cohort.assign(age_years=ages, sex=[*"FM"] * 30), folds), "dose")
    score = tuned.score(n_bootstrap=20)
    assert score["age_sex_r2"] < 0.2
    assert score["with_age_sex_r2"] > 0.9
    assert score["r2_gained"] > score["r2_gained_lower"] > 0.7


def test_a_shuffled_target_is_not_found(people):
    tiles, cohort, folds = people
    shuffled = cohort.sample(frac=1, random_state=1).reset_index(drop=True)
    mixed = cohort.assign(**{name: shuffled[name] for name in ("dose", "treated", "years", "died")})
    mixed = tiles, mixed, folds
    assert run(mixed, "dose").score()["r2"] < 0.05
    assert 0.3 < run(mixed, "treated").score()["auc"] < 0.7
    assert 0.35 < run(mixed, ("years", "died")).score()["c_index"] < 0.65


def test_order_of_rows_does_not_matter(people, few):
    for target, some, encoder in (
        ("dose", few, new_encoder("test_resnet", SIDE, 1.0)),
        (("years", "died"), people, None),
    ):
        mixed = [table.sample(frac=1, random_state=2) for table in some]
        pd.testing.assert_frame_equal(
            run(some, target, encoder).predictions,
            run(mixed, target, encoder).predictions,
            check_exact=True,
        )


def test_numbers_that_a_csv_has_as_text_are_numbers(people):
    tiles, cohort, folds = people
    as_text = run((tiles, cohort.assign(dose=cohort["dose"].astype(str)), folds), "dose")
    assert as_text.target_type == "number"
    assert as_text.predictions["predicted"].equals(run(people, "dose").predictions["predicted"])


def test_new_people_are_predicted_by_all_folds_and_known_ones_refused(people):
    tiles, cohort, folds = people
    new = cohort["person_id"].iloc[:7]
    known = tiles[~tiles["person_id"].isin(new)]
    with pytest.warns(UserWarning, match="0 have no target, 7 have no tiles, 0 have no fold"):
        tuned = run((known, cohort, folds), "dose")
    applied = tuned.apply(tiles[tiles["person_id"].isin(new)])
    assert [*applied["person_id"]] == [*new]
    np.testing.assert_allclose(applied["predicted"], cohort["dose"].iloc[:7], atol=0.5)
    with pytest.raises(LeakageError, match=r"seen 53 of these people, such as \['P007'"):
        tuned.apply(tiles)


def test_excluded_people_and_slides_are_counted_and_listed(people):
    tiles, cohort, folds = people
    blank = cohort.assign(dose=cohort["dose"].where(cohort.index > 1))
    with pytest.warns(
        UserWarning,
        match="60 people of the cohort 2 have no target, 0 have no tiles, 3 have no fold",
    ):
        tuned = run((tiles, blank, folds.drop(["P001", "P010", "P011"])), "dose")
    assert len(tuned.predictions) == 56
    assert not set(tuned.predictions["person_id"]) & {"P000", "P001", "P010", "P011"}
    listed = skipped(tuned.predictions).set_index("item")["reason"]
    assert listed.drop("person P001").to_dict() == {
        "person P000": "no target", "person P010": "no fold", "person P011": "no fold"
    }  # fmt: skip
    with pytest.warns(UserWarning, match="1 slides"):
        tuned = run((tiles, cohort[1:], folds.drop("P000")), "dose")
    assert skipped(tuned.predictions)["item"].tolist() == ["slide P000_1"]


def with_second_visits(people):
    """Add a second visit to everybody: other tissue, other values, listed first."""
    tiles, cohort, folds = people
    later = tiles.assign(
        slide_id=tiles["person_id"] + "_2",
        tile_id="later_" + tiles["tile_id"],
        path=tiles["path"].to_numpy()[::-1],
    )
    second = cohort.assign(
        slide_id=cohort["person_id"] + "_2", visit="b", age_years=61.0,
        dose=-cohort["dose"], years=7.0, died=1 - cohort["died"],
    )  # fmt: skip
    both = pd.concat([second, cohort.assign(visit="z", age_years=60.0)])
    return pd.concat([later, tiles]), both, folds


@pytest.mark.parametrize("target", ["dose", ("years", "died")])
def test_second_visits_change_nothing(people, target):
    tuned = run(with_second_visits(people), target)
    pd.testing.assert_frame_equal(
        tuned.predictions, run(people, target).predictions, check_exact=True
    )


def test_whose_first_visit_has_no_target_is_excluded(people):
    tiles, cohort, folds = with_second_visits(people)
    first = cohort["slide_id"] == "P005_1"
    with pytest.warns(UserWarning, match="1 have no target"):
        tuned = run((tiles, cohort.assign(dose=cohort["dose"].mask(first)), folds), "dose")
    assert "P005" not in set(tuned.predictions["person_id"])


@pytest.mark.parametrize(
    ("target", "changes", "message"),
    [
        ("height", {}, r"no column height; found \['slide_id', 'person_id', 'dose'"),
        ("dose", {"dose": 3.0}, "dose is 3.0 for all 60 people"),
        ("dose", {"dose": [np.inf, *range(59)]}, "dose must be finite"),
        ("site", {"site": ["rare"] * 3 + ["arm", "leg", "back"] * 19}, "rare for 3 people"),
        (("years", "died"), {"died": 0.0}, r"0 events \(died\) among 60 people"),
        (("years", "died"), {"died": 2.0}, "died must be 0 or 1"),
        (("years", "died"), {"years": -1.0}, "years must be 0 or more; found -1"),
        (("years", "dead"), {}, "no column dead"),
        ("follow_up_years", {"follow_up_years": 3.0}, "until when, not what happened"),
        (("years", "died", "site"), {}, r"expected a column or a pair"),
    ],
)
def test_a_target_that_cannot_be_learnt_is_refused(people, target, changes, message):
    tiles, cohort, folds = people
    with pytest.raises(SkinageError, match=message):
        run((tiles, cohort.assign(**changes), folds), target)


def test_slides_of_a_visit_must_agree(people):
    tiles, cohort, folds = people
    second = cohort.iloc[:1].assign(slide_id="P000_2", dose=1.0)
    with pytest.raises(CohortError, match="dose of person P000 is"):
        run((tiles, pd.concat([cohort, second]), folds), "dose")
    run((tiles, pd.concat([cohort, second.assign(dose=cohort["dose"][0])]), folds), "dose")


def test_folds_must_be_sound(people):
    tiles, cohort, folds = people
    with pytest.raises(LeakageError, match=r"more than one fold: \['P000'\]"):
        run((tiles, cohort, pd.concat([folds, folds[:1] + 1])), "dose")
    alone = pd.Series({"P000": 0, "P001": 0})
    with (
        pytest.warns(UserWarning, match="58 have no fold"),
        pytest.raises(StageError, match="2 people in 1 folds are left"),
    ):
        run((tiles, cohort, alone), "dose")
    with pytest.raises(SettingError, match="expected a Series"):
        run((tiles, cohort, dict(folds)), "dose")
    swapped = tiles.assign(person_id=tiles["person_id"].replace("P000", "P009"))
    with pytest.raises(LeakageError, match=r"P000_1 .* person P009 in the .* P000"):
        run((swapped, cohort, folds), "dose")


def test_an_encoder_that_has_seen_labels_is_refused(people):
    encoder = MeanColours()
    another, known = person_mark("another"), person_mark("P003")
    encoder.metadata = MeanColours.metadata | {
        "labels_seen": {"target": "age", "people": [another]}
    }
    run(people, "dose", encoder)
    encoder.metadata = MeanColours.metadata | {"labels_seen": {"target": "age", "people": [known]}}
    with pytest.raises(LeakageError, match=r"tune: the encoder saw age of 1 of these.*P003"):
        run(people, "dose", encoder)


def test_features_that_are_not_finite_name_the_person(people):
    class Broken(MeanColours):
        def embed(self, pixels):
            features = super().embed(pixels)
            return np.where(features == features.max(), np.nan, features)

    with pytest.raises(StageError, match=r"not finite, such as mean_000\d of person P0"):
        run(people, "dose", Broken())


def test_settings_that_cannot_be_used_are_refused(people):
    with pytest.raises(SettingError, match="epochs is -1"):
        run(people, "dose", epochs=-1)
    with pytest.raises(SettingError, match="only an Encoder has a backbone"):
        run(people, "dose", epochs=1)
    with pytest.raises(SettingError, match="'tpu'"):
        tune(*people[:2], MeanColours(), target="dose", folds=people[2], device="tpu")


@pytest.fixture(scope="module")
def striped(tmp_path_factory):
    """Stripes lie or stand by a person's class; contrast and phase tell nothing."""
    generator = np.random.default_rng(3)
    upright = np.arange(N_STRIPED) % 2 == 1
    pictures = []
    for stands in upright:
        wave = np.sin(np.arange(SIDE) * 2 * np.pi / 6.4 + generator.uniform(0, 6))
        stripes = np.tile(wave, (SIDE, TILES)) if stands else np.tile(wave[:, None], SIDE * TILES)
        grey = 128 + generator.uniform(4, 8) * stripes + generator.normal(0, 25, stripes.shape)
        pictures.append(np.repeat(np.clip(grey, 0, 255)[..., None], 3, axis=2).astype(np.uint8))
    tiles, cohort = write_people(tmp_path_factory.mktemp("stripes"), pictures)
    folds = pd.Series(np.arange(N_STRIPED) // 2 % 2, cohort["person_id"])
    return tiles, cohort.assign(upright=upright), folds


def test_end_to_end_finds_what_an_untrained_encoder_does_not_show(striped, monkeypatch):
    monkeypatch.setattr("skinage.transfer.end_to_end.BACKBONE_RATE", 2e-2)
    monkeypatch.setattr("skinage.transfer.end_to_end.HEAD_RATE", 1e-2)
    encoder = untrained(striped[0])
    before = [value.clone() for value in encoder.module.state_dict().values()]
    frozen = run(striped, "upright", encoder).score()
    tuned = run(striped, "upright", encoder, epochs=EPOCHS)
    assert frozen["auc"] < 0.85
    assert tuned.score()["auc"] > 0.95
    assert tuned.score()["brier"] < frozen["brier"] / 2
    for old, new in zip(before, encoder.module.state_dict().values(), strict=True):
        assert torch.equal(old, new)


@pytest.mark.parametrize("target", ["dose", "treated", ("years", "died")])
def test_end_to_end_repeats_itself_and_learns_every_target(few, target):
    encoder = untrained(few[0])
    torch.manual_seed(0)
    state = torch.random.get_rng_state()
    first, again, other = (run(few, target, encoder, epochs=1, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(state, torch.random.get_rng_state())
    pd.testing.assert_frame_equal(first.predictions, again.predictions)
    assert not first.predictions.equals(other.predictions)
    backbones = [model.encoder.module for model in first.folds.values()]
    assert len({id(backbone) for backbone in backbones}) == 2
    assert not any(backbone.training for backbone in backbones)


def test_pixels_beyond_the_bound_of_memory_are_read_again(people, monkeypatch):
    tiles = people[0].sample(frac=1, random_state=4)
    rows = np.array([7, 0, 199, 7])
    kept = tile_pixels(tiles)(rows)
    monkeypatch.setattr("skinage.transfer.end_to_end.POOL_BYTES", 1000)
    assert torch.equal(tile_pixels(tiles)(rows), kept)
    assert torch.equal(kept[0], torch.from_numpy(read_pixels(tiles[7:8])[0]).permute(2, 0, 1))


def test_a_slide_that_cannot_be_read_costs_its_person_only(people):
    tiles, cohort, folds = people
    path = tiles["path"].where(tiles["person_id"] != "P004", "/none.tiff")
    with pytest.warns(UserWarning, match=r"1 slide\(s\) could not be read"):
        tuned = run((tiles.assign(path=path), cohort, folds), "dose")
    assert len(tuned.predictions) == 59
    assert tuned.score()["r2"] > 0.999
    assert skipped(tuned.predictions)["item"].tolist() == ["slide P004_1", "person P004"]
