import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
import torch
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.loggers import CSVLogger

from skinage import (
    LeakageError,
    Method,
    Pairs,
    SettingError,
    StageError,
    embed,
    pool,
    predict_age,
    skipped,
)
from skinage.cohort.label_seen import label_seen
from skinage.contrastive.methods.module import SimCLR
from skinage.contrastive.methods.momentum import DINO, MoCo, WithTeacher
from skinage.contrastive.training.labels import label_tiles
from skinage.contrastive.training.train import train
from skinage.contrastive.training.trainer import share_statistics
from skinage.contrastive.views.choice import views_named
from skinage.encoders.encoder import load_encoder, new_encoder
from skinage.encoders.untrained import untrained_encoder
from skinage.people.pool import refuse_seen_labels
from skinage.slides.reading.batches import read_pixels
from skinage.storage import stored

SETTINGS = {"method": Method("simclr", batch_size=32), "epochs": 4, "device": "cpu"}


def _weights(encoder):
    return torch.cat([value.flatten().double() for value in encoder.module.state_dict().values()])


@pytest.mark.slow
def test_training_lowers_the_loss_and_leaves_an_encoder(phantom_tiles, tmp_path):
    encoder = train(phantom_tiles, **SETTINGS | {"epochs": 12}, out=tmp_path / "encoder")
    losses = [row["loss"] for row in encoder.history]
    assert [row["epoch"] for row in encoder.history] == list(range(1, 13))
    assert np.mean(losses[-5:]) < np.mean(losses[:5])  # of three batches each, so it varies
    names = {path.name for path in (tmp_path / "encoder").iterdir()}
    assert names == {
        "encoder.safetensors", "encoder.json", "history.json", "last.ckpt", "log.csv",
        "best.safetensors",
    }  # fmt: skip
    best = int(np.argmin(losses))
    kept = load_encoder(tmp_path / "encoder", weights="best.safetensors")
    last = load_encoder(tmp_path / "encoder")
    pairs = zip(kept.module.parameters(), last.module.parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs) == (best == 11)
    log = pd.read_csv(tmp_path / "encoder" / "log.csv")
    assert log["loss"].dropna().to_numpy() == pytest.approx(losses)
    metadata = json.loads((tmp_path / "encoder" / "encoder.json").read_text())
    assert metadata["tile_px"] == 48
    assert metadata["method"] == "simclr"
    features = encoder.embed(read_pixels(phantom_tiles.head(5)))
    assert features.shape == (5, metadata["dim"])
    assert np.isfinite(features).all()


def test_every_epoch_mixes_the_tiles_anew(phantom_tiles, monkeypatch):
    """Tiles that always met the same others would always be told from the same others."""
    seen = []
    step = SimCLR.training_step

    def watch(self, batch, number):
        seen.append((self.current_epoch, {tile.numpy().tobytes() for tile in batch.first}))
        return step(self, batch, number)

    monkeypatch.setattr(SimCLR, "training_step", watch)
    train(phantom_tiles, **SETTINGS | {"epochs": 3})
    first = dict(reversed(seen))
    assert len(seen) == 9
    for epoch in (1, 2):
        assert len(first[0] & first[epoch]) < 25
    assert first[1] != first[2]


def test_the_same_settings_load_and_others_train_anew(phantom_tiles, tmp_path):
    settings = SETTINGS | {"epochs": 1}
    first = train(phantom_tiles, **settings, out=tmp_path / "encoder")
    written = (tmp_path / "encoder" / "encoder.safetensors").stat().st_mtime_ns
    again = train(phantom_tiles, **settings, out=tmp_path / "encoder")
    assert (tmp_path / "encoder" / "encoder.safetensors").stat().st_mtime_ns == written
    assert torch.equal(_weights(first), _weights(again))
    other = train(phantom_tiles, **settings, seed=1, out=tmp_path / "encoder")
    assert not torch.equal(_weights(first), _weights(other))


STOPPABLE = """
import pandas as pd
from skinage import Method, train
tiles = pd.read_parquet("tiles.parquet")
train(tiles, method=Method("dino", batch_size=32), epochs=4, device="cpu", out="encoder")
"""


@pytest.mark.slow
def test_killed_and_started_again_it_ends_at_the_same_curve(phantom_tiles, tmp_path):
    """DINO has a teacher and a centre of its prototypes to remember beside its weights."""
    settings = SETTINGS | {"method": Method("dino", batch_size=32)}
    whole = train(phantom_tiles, **settings, out=tmp_path / "whole")
    phantom_tiles.to_parquet(tmp_path / "tiles.parquet")
    child = subprocess.Popen([sys.executable, "-c", STOPPABLE], cwd=tmp_path)
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob(".made/encoder-*/last.ckpt")) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    assert list(tmp_path.glob(".made/encoder-*/last.ckpt"))
    resumed = train(phantom_tiles, **settings, out=tmp_path / "encoder")
    assert [row["epoch"] for row in resumed.history] == [1, 2, 3, 4]
    curves = [[row["loss"] for row in one.history] for one in (resumed, whole)]
    assert curves[0] == pytest.approx(curves[1], rel=1e-4)
    torch.testing.assert_close(_weights(resumed), _weights(whole), rtol=1e-4, atol=1e-5)
    assert not list(tmp_path.glob(".made/encoder-*"))


def test_a_loss_that_is_no_number_stops_with_the_step(phantom_tiles, monkeypatch):
    monkeypatch.setattr("skinage.contrastive.methods.module.LEARNING_RATE", 1e30)
    with pytest.raises(StageError, match=r"the loss is (nan|inf) at step \d+ .epoch \d+"):
        train(phantom_tiles, **SETTINGS)


def test_unknown_method_and_too_few_tiles_are_named(phantom_tiles, tmp_path):
    with pytest.raises(SettingError, match="found 'simclr2'; expected one of simclr"):
        train(phantom_tiles, method="simclr2")
    with pytest.raises(StageError, match="fewer than a batch of 512"):
        train(phantom_tiles, method=Method("vicreg", batch_size=512), out=tmp_path / "encoder")
    assert not stored(tmp_path / "encoder", {})


def test_the_untrained_rival_is_settled_on_these_tiles(phantom_tiles):
    baseline = untrained_encoder(phantom_tiles, "test_resnet", seed=3)
    raw = new_encoder("test_resnet", 48, float(phantom_tiles["mpp"].iloc[0]), seed=3)
    for (name, settled), (_, fresh) in zip(
        baseline.module.state_dict().items(), raw.module.state_dict().items(), strict=True
    ):
        changed = not torch.equal(settled, fresh)
        assert changed == ("running_" in name or "num_batches" in name), name


@pytest.mark.slow
def test_every_kind_of_pair_and_view_goes_through(phantom_tiles, phantom_cohort):
    tiles = phantom_tiles.assign(person_id=phantom_tiles["slide_id"].str[:5])  # ten to a name
    for pairs in (Pairs("neighbour", 1500), "slide", Pairs(balance=("person_id",))):
        method = Method("vicreg", pairs=pairs, batch_size=4)
        encoder = train(phantom_tiles, phantom_cohort, method=method, epochs=1, device="cpu")
        assert encoder.metadata["recipe"]["pairs"]["rule"] == getattr(pairs, "rule", pairs)
    with pytest.raises(StageError, match="1 person"):
        train(tiles, method=Method("vicreg", pairs="person", batch_size=4), epochs=1, device="cpu")
    plain = Method("vicreg", views="none", batch_size=32)
    train(phantom_tiles, method=plain, epochs=1, device="cpu")


def test_tiles_without_a_partner_are_counted(phantom_tiles):
    few = phantom_tiles.groupby("slide_id").head(2)
    lone = pd.concat([few, phantom_tiles.groupby("slide_id").tail(1).head(1)])
    one = lone.groupby("slide_id").head(2).drop(index=lone.index[0])
    with pytest.warns(UserWarning, match=r"1 of \d+ tiles have no partner by 'slide'"):
        train(one, method=Method("vicreg", pairs="slide", batch_size=2), epochs=1, device="cpu")


AGES = SETTINGS | {"method": Method("y_aware", batch_size=32), "epochs": 1}


def test_slides_without_an_age_are_skipped_by_a_method_that_sees_ages(
    phantom_tiles, phantom_cohort
):
    unknown = phantom_cohort["slide_id"].iloc[-1]
    cohort = phantom_cohort.assign(
        age_years=phantom_cohort["age_years"].mask(phantom_cohort["slide_id"] == unknown)
    )
    with pytest.warns(UserWarning, match="1 slides without an age are skipped"):
        labelled = label_tiles(phantom_tiles, cohort, ["P00000"], needs_ages=True, columns=())
    assert unknown not in set(labelled.training["slide_id"])
    assert labelled.skipped == {f"slide {unknown}": "no age is known"}


def test_slides_that_cannot_be_read_are_skipped_and_named(phantom_tiles, tmp_path):
    broken = tmp_path / "broken.svs"
    broken.write_text("no slide")
    first = phantom_tiles["slide_id"].iloc[0]
    path = phantom_tiles["path"].mask(phantom_tiles["slide_id"] == first, str(broken))
    with pytest.warns(UserWarning, match=r"1 slide.s. could not be read; see skinage.skipped"):
        train(phantom_tiles.assign(path=path), **SETTINGS | {"epochs": 1}, out=str(tmp_path / "e"))
    found = skipped(load_encoder(str(tmp_path / "e")))
    assert found[["stage", "item"]].to_numpy().tolist() == [["train", f"slide {first}"]]


def test_a_method_that_sees_ages_needs_people_held_out(phantom_tiles, phantom_cohort):
    with pytest.raises(StageError, match="name the people whose ages must not be: held_out"):
        train(phantom_tiles, phantom_cohort, **AGES)
    with pytest.raises(StageError, match="no age is known"):
        train(phantom_tiles, None, ["P00000"], **AGES)
    by_age = Method("simclr", pairs=Pairs(balance=("age_years",)))
    with pytest.raises(StageError, match="held_out"):
        train(phantom_tiles, phantom_cohort, method=by_age)


def test_an_encoder_that_saw_ages_is_refused_for_those_people(
    phantom_tiles, phantom_cohort, tmp_path, monkeypatch
):
    monkeypatch.setattr("skinage.people.known_ages.MIN_PEOPLE", 2)
    people = sorted(phantom_tiles["person_id"].unique())
    train(phantom_tiles, phantom_cohort, people[:2], **AGES, out=tmp_path / "encoder")
    encoder = load_encoder(tmp_path / "encoder")
    assert [*label_seen(encoder.metadata, people)] == [False] * 2 + [True] * 4
    assert not any(person in json.dumps(encoder.metadata) for person in people)
    pooled = pool(embed(phantom_tiles, encoder))
    assert [*pooled["label_seen"]] == [False] * 2 + [True] * 4
    with pytest.raises(LeakageError, match=r"saw the ages of 4 of these 6 people.*P00002"):
        predict_age(pooled, phantom_cohort, folds=2)
    refuse_seen_labels(pooled, pooled.index[:2])


def test_marks_travel_when_training_goes_on_from_such_an_encoder(phantom_tiles, phantom_cohort):
    people = sorted(phantom_tiles["person_id"].unique())
    first = train(phantom_tiles, phantom_cohort, people[:2], **AGES)
    onwards = Method("vicreg", backbone=first, batch_size=32)
    then = train(phantom_tiles, method=onwards, epochs=1, device="cpu")
    assert then.metadata["labels_seen"] == first.metadata["labels_seen"]
    assert then.metadata["hash"] != first.metadata["hash"]
    assert not torch.equal(_weights(first), _weights(then))


def test_people_held_out_are_not_trained_on(phantom_tiles, monkeypatch):
    held, seen = ["P00000", "P00003"], set()
    step = SimCLR.training_step

    def watch(self, batch, number):
        seen.update(tile.numpy().tobytes() for tile in batch.first)
        return step(self, batch, number)

    monkeypatch.setattr(SimCLR, "training_step", watch)
    train(phantom_tiles, held_out=pd.Index(held), **SETTINGS | {"epochs": 3})
    theirs = read_pixels(phantom_tiles[phantom_tiles["person_id"].isin(held)])
    assert not seen & {tile.transpose(2, 0, 1).tobytes() for tile in theirs}
    with pytest.raises(StageError, match="none of the 1 people held out has a tile"):
        train(phantom_tiles, held_out=["nobody"], **SETTINGS)


def test_one_person_only_is_refused(phantom_tiles):
    with pytest.raises(StageError, match=r"tiles are of 1 person"):
        train(phantom_tiles.assign(person_id="P0"), **SETTINGS)


def test_a_checkpoint_of_other_settings_or_cut_short_is_refused(
    phantom_tiles, tmp_path, monkeypatch
):
    out = tmp_path / "encoder"
    train(phantom_tiles, **SETTINGS | {"epochs": 1}, out=out)
    monkeypatch.setattr("skinage.contrastive.training.train.recipe_hash", lambda _: "f" * 64)
    work = tmp_path / ".made" / f"{out.name}-{'f' * 12}"
    work.mkdir()
    (work / "last.ckpt").write_bytes((out / "last.ckpt").read_bytes())
    with pytest.raises(StageError, match="checkpoint to go on from is of other settings"):
        train(phantom_tiles, **SETTINGS, out=out)
    (work / "last.ckpt").write_bytes((out / "last.ckpt").read_bytes()[:5000])
    with pytest.raises(StageError, match=r"checkpoint is cut short; delete .*encoder-f"):
        train(phantom_tiles, **SETTINGS, out=out)


def test_memory_that_runs_out_is_said_with_a_smaller_batch_size(phantom_tiles, monkeypatch):
    def short(*_):
        raise torch.OutOfMemoryError("out of memory")

    monkeypatch.setattr(SimCLR, "compare", short)
    expected = "cpu ran out of memory at a batch of 32 pairs of 48 px; take batch_size=16"
    with pytest.raises(StageError, match=expected):
        train(phantom_tiles, **SETTINGS)


class Watch(Callback):
    """Reads the history of the module after every epoch, as `LiveCurves` does."""

    def __init__(self):
        self.epochs = []

    def on_train_epoch_end(self, _trainer, module):
        self.epochs.append([row["epoch"] for row in module.history])


def test_lightnings_arguments_are_passed_on(phantom_tiles, tmp_path):
    watch = Watch()
    settings = {
        "accumulate_grad_batches": 3, "logger": CSVLogger(tmp_path), "callbacks": [watch],
    }  # fmt: skip
    method = Method("simclr", batch_size=32, trainer_kws=settings)
    trained = train(phantom_tiles, method=method, epochs=2, device="cpu")
    assert watch.epochs == [[1], [1, 2]]
    assert trained.metadata["recipe"]["trainer"] == {"accumulate_grad_batches": "3"}
    assert list(tmp_path.rglob("metrics.csv"))


def test_a_teacher_follows_the_student_and_ends_near_it(phantom_tiles, monkeypatch):
    made = []
    build = WithTeacher.add_head
    monkeypatch.setattr(
        WithTeacher, "add_head", lambda self, make: (made.append(self), build(self, make))[1]
    )
    for name, method in (("moco", MoCo), ("dino", DINO)):
        start = new_encoder("test_resnet", 48, 2.0)
        train(phantom_tiles, **SETTINGS | {"epochs": 2, "method": Method(name, batch_size=32)})
        taught = torch.cat([w.flatten() for w in made[-1].teacher.parameters()])
        student = torch.cat([w.flatten() for w in made[-1].backbone.parameters()])
        first = torch.cat([w.flatten() for w in start.module.parameters()])
        assert isinstance(made[-1], method)
        assert 0 < (taught - first).norm() < (student - first).norm()


class ManyGpus:
    """What `share_statistics` asks a trainer."""

    world_size = 2

    class strategy:
        root_device = torch.device("cuda")


def test_statistics_are_shared_by_layers_that_keep_their_activation():
    encoder = new_encoder("mobilenetv3_small_050", 32, 2.0)  # whose norm layers hold activations
    images = torch.randn(2, 3, 32, 32)
    before = encoder.module(images)
    method = SimCLR(encoder.module, encoder.metadata, views_named("none"), 8, seed=0)
    share_statistics(ManyGpus, method)
    norms = [m for m in method.modules() if isinstance(m, torch.nn.modules.batchnorm._BatchNorm)]
    assert norms
    assert all(isinstance(norm, torch.nn.SyncBatchNorm) for norm in norms)
    assert torch.equal(method.backbone.eval()(images), before)


TWO_PROCESSES = """
import pandas as pd, torch
from skinage import Method, train
from skinage.contrastive.methods.module import SimCLR

seen, step = [], SimCLR.training_step
def watch(self, batch, number):
    loss = step(self, batch, number)
    seen.append((loss.item(), [tile.numpy().tobytes()[:64].hex() for tile in batch.first]))
    return loss
SimCLR.training_step = watch
tiles = pd.read_parquet("tiles.parquet")
method = Method("simclr", batch_size=8, trainer_kws={"devices": 2, "strategy": "ddp"})
encoder = train(tiles, method=method, epochs=1, device="cpu", out="encoder")
rank = torch.distributed.get_rank()
weights = torch.cat([w.flatten() for w in encoder.module.parameters()])
torch.save((seen, weights), f"rank{rank}.pt")
"""


@pytest.mark.slow
def test_two_processes_train_one_encoder_on_different_tiles(phantom_tiles, tmp_path):
    phantom_tiles.to_parquet(tmp_path / "tiles.parquet")
    (tmp_path / "job.py").write_text(TWO_PROCESSES)
    done = subprocess.run(
        [sys.executable, "job.py"], cwd=tmp_path, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr
    (seen_0, weights_0), (seen_1, weights_1) = (
        torch.load(tmp_path / f"rank{rank}.pt", weights_only=True) for rank in (0, 1)
    )
    assert torch.equal(weights_0, weights_1)
    assert len(seen_0) == len(seen_1) == len(phantom_tiles) // 8 // 2
    # Half an epoch each: no tile in both. With negatives of both, chance is ln 31, not ln 15.
    tiles_0, tiles_1 = ({k for _, keys in seen for k in keys} for seen in (seen_0, seen_1))
    assert not tiles_0 & tiles_1
    assert seen_0[0][0] > np.log(15) + 0.1
    assert load_encoder(tmp_path / "encoder").metadata["recipe"]["trainer"]["devices"] == "2"
