import pandas as pd
import pytest

from skinage import StageError, embed
from skinage.encoders.encoder import new_encoder
from skinage.encoders.scale import check_scale
from skinage.encoders.untrained import starting_point


def table(*scales):
    return pd.DataFrame({"mpp": scales, "tile_px": 32})


def test_tiles_of_the_encoders_scale_pass_and_others_are_refused():
    metadata = {"mpp": 1.0}
    check_scale(metadata, table(1.0, 1.015), "embedding")
    with pytest.raises(StageError, match=r"embedding: tiles of 0.5 um/px .* of 1 um/px"):
        check_scale(metadata, table(1.0, 0.5), "embedding")
    check_scale({"mpp": [1.14, 4.57]}, table(4.57, 1.14), "embedding")
    with pytest.raises(StageError, match=r"tiles of 2 um/px .* of 1.14 and 4.57 um/px"):
        check_scale({"mpp": [1.14, 4.57]}, table(4.57, 2.0), "embedding")
    check_scale({"method": "colour statistics"}, table(3.0), "embedding")


def test_embedding_and_going_on_at_another_scale_are_refused(phantom_tiles):
    encoder = new_encoder("test_resnet", 48, 1.0)
    assert phantom_tiles["mpp"].iloc[0] == 2.0
    with pytest.raises(StageError, match="embedding: tiles of 2 um/px for an encoder of 1 um/px"):
        embed(phantom_tiles, encoder)
    with pytest.raises(StageError, match="training: tiles of 2 um/px"):
        starting_point(phantom_tiles, encoder, seed=0)


def test_an_encoder_of_several_scales_says_so():
    assert starting_point(table(2.0, 1.0), "test_resnet", seed=0).metadata["mpp"] == [1.0, 2.0]
    assert starting_point(table(2.0, 2.0), "test_resnet", seed=0).metadata["mpp"] == 2.0
