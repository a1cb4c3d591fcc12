import numpy as np
import pandas as pd
import pytest
import torch

from skinage.encoders.encoder import Encoder, new_encoder
from skinage.errors import SettingError
from skinage.explain.faithfulness.randomised import randomise, shuffle_ages


@pytest.fixture(scope="module")
def encoder():
    return new_encoder("test_resnet", 32, 1.0, seed=0)


def changed(one, other):
    pairs = zip(one.module.named_parameters(), other.module.parameters(), strict=True)
    return [name for (name, a), b in pairs if not torch.equal(a, b)]


def test_the_cascade_goes_from_the_output_to_the_input(encoder):
    before = {name: value.clone() for name, value in encoder.module.state_dict().items()}
    stages = dict(randomise(encoder))
    assert list(stages) == [
        f"weights random down to {layer}" for layer in ("layer4", "layer3", "layer2", "layer1")
    ] + ["weights random down to conv1"]  # fmt: skip
    rooms = [{name.split(".")[0] for name in changed(encoder, one)} for one in stages.values()]
    assert rooms[0] == {"layer4"}
    assert rooms[1] == {"layer4", "layer3"}
    assert rooms[-1] >= {"layer4", "layer3", "layer2", "layer1", "conv1"}
    for name, value in encoder.module.state_dict().items():
        assert torch.equal(value, before[name])
    last = stages["weights random down to conv1"]
    for a, b in zip(encoder.module.parameters(), last.module.parameters(), strict=True):
        assert torch.equal(a.flatten().sort().values, b.flatten().sort().values)
    assert last.metadata == encoder.metadata


def test_the_same_seed_gives_the_same_weights(encoder):
    one, again, other = (
        dict(randomise(encoder, n_stages=1, seed=seed)).popitem() for seed in (0, 0, 1)
    )
    assert one[0] == "weights random down to conv1"
    assert not changed(one[1], again[1])
    assert changed(one[1], other[1])


def test_a_transformer_is_opened_at_its_blocks():
    blocks = torch.nn.Sequential(*(torch.nn.Linear(8, 8) for _ in range(6)))
    module = torch.nn.Module()
    module.patch, module.blocks, module.norm = torch.nn.Linear(3, 2), blocks, torch.nn.LayerNorm(8)
    names = [name for name, _ in randomise(Encoder(module, {}), n_stages=4)]
    assert names == [
        f"weights random down to {layer}" for layer in ("blocks.5", "blocks.3", "blocks.1", "patch")
    ]


def test_one_layer_alone_is_a_stage():
    names = [name for name, _ in randomise(Encoder(torch.nn.Linear(3, 2), {}))]
    assert names == ["weights random down to Linear"]
    with pytest.raises(SettingError, match="n_stages is 0"):
        next(randomise(Encoder(torch.nn.Linear(3, 2), {}), n_stages=0))


def test_people_exchange_their_ages():
    cohort = pd.DataFrame({
        "slide_id": [f"S{k}" for k in range(90)],
        "person_id": [f"P{k // 3}" for k in range(90)],
        "visit": [1, 1, 2] * 30,
        "age_years": np.repeat(np.arange(30.0) + 40, 3) + np.tile([0, 0, 5], 30),
    })  # fmt: skip
    cohort["age_low"], cohort["age_high"] = cohort["age_years"] - 5, cohort["age_years"] + 5
    found = shuffle_ages(cohort, seed=1)
    assert len(found) == 60
    by_person = found.groupby("person_id")["age_years"].agg(["min", "max"])
    assert (by_person["min"] == by_person["max"]).all()
    assert sorted(by_person["min"]) == list(np.arange(30.0) + 40)
    assert (found["age_low"] == found["age_years"] - 5).all()
    own = cohort.loc[found.index, "age_years"]
    assert abs(np.corrcoef(own, found["age_years"])[0, 1]) < 0.4
