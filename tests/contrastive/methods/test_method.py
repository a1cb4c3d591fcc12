import json

import pytest

from skinage import HistologyViews, Method, Pairs, SettingError
from skinage.encoders.encoder import new_encoder


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": "simclr2"}, "method: found 'simclr2'; expected one of simclr, moco"),
        ({"pairs": "patient"}, "pairs: found 'patient'; expected one of augment"),
        ({"views": "photographs"}, "views: found 'photographs'; expected one of histology, none"),
        ({"batch_size": 1}, "batch_size: found 1; expected 2 pairs or more"),
        ({"trainer_kws": {"strategies": "ddp"}}, "'strategies' is unknown; strategy"),
        ({"trainer_kws": {"max_epochs": 3}}, "'max_epochs' is set by train itself"),
    ],
)
def test_settings_that_cannot_be_used_are_refused_before_any_work(wrong, said):
    with pytest.raises(SettingError, match=said):
        Method(**{"name": "simclr"} | wrong)


def test_everything_that_decides_the_weights_is_in_the_description():
    same = [
        Method("simclr"),
        Method("simclr", pairs=Pairs("augment"), views=HistologyViews(), trainer_kws={}),
        Method("simclr", trainer_kws={"callbacks": [object()], "logger": False}),
    ]
    others = [
        Method("moco"),
        Method("simclr", backbone="test_vit"),
        Method("simclr", backbone=new_encoder("test_resnet", 32, 2.0)),
        Method("simclr", backbone=new_encoder("test_resnet", 32, 2.0, seed=1)),
        Method("simclr", pairs="slide"),
        Method("simclr", pairs=Pairs(balance=("scanner",))),
        Method("simclr", views="none"),
        Method("simclr", views=HistologyViews(noise=0.02)),
        Method("simclr", batch_size=64),
        Method("simclr", trainer_kws={"precision": 16}),
    ]
    described = [json.dumps(method.describe()) for method in [*same, *others]]
    assert len({*described[:3]}) == 1
    assert len({*described}) == 1 + len(others)
