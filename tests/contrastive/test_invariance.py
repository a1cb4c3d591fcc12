"""The same tissue on another scanner stays the same tissue."""

import numpy as np
import pytest

from skinage import Method, train, untrained_encoder
from skinage.phantom.drawing.optics import draw_slide
from skinage.phantom.files import make_slides, slide_seed
from skinage.phantom.slide_file import write_slide
from skinage.slides.reading.batches import read_pixels


@pytest.fixture(scope="module")
def twins(phantom_tiles, tmp_path_factory):
    """Some tiles, and the paths of their slides drawn again on the other scanner."""
    folder, slides = tmp_path_factory.mktemp("twins"), make_slides(6, seed=1).set_index("slide_id")
    mine = phantom_tiles[phantom_tiles["slide_id"].isin(["P00000_S1", "P00001_S1"])]
    for slide_id in mine["slide_id"].unique():
        slide = slides.loc[slide_id].to_dict() | {"slide_id": slide_id}
        slide["scanner"] = "A" if slide["scanner"] == "B" else "B"
        write_slide(
            folder / f"{slide_id}.tiff", draw_slide(slide, seed=slide_seed(1, slide_id))[0], 1.0
        )
    return mine.assign(path=mine["slide_id"].map(lambda name: str(folder / f"{name}.tiff")))


@pytest.mark.slow
def test_a_tile_on_the_other_scanner_is_nearer_to_itself_than_to_other_people(phantom_tiles, twins):
    pixels, again = read_pixels(phantom_tiles.loc[twins.index]), read_pixels(twins)
    assert np.abs(pixels.astype(int) - again).mean() > 2  # another scanner indeed
    method = Method("vicreg", batch_size=32)
    trained = train(phantom_tiles, method=method, epochs=15, device="cpu")
    nearer, nearest = shares(trained, phantom_tiles, twins)
    assert nearer > 0.98
    assert nearest > 0.6
    assert nearest > shares(untrained_encoder(phantom_tiles), phantom_tiles, twins)[1]


def shares(encoder, tiles, twins):
    """Of tiles of other people, those farther than the twin; and twins nearer than all of them."""

    def unit(some):
        features = encoder.embed(read_pixels(some))
        return features / np.linalg.norm(features, axis=1, keepdims=True)

    similarity = unit(twins) @ unit(tiles).T
    own = similarity[np.arange(len(twins)), tiles.index.get_indexer(twins.index)][:, None]
    other = twins["person_id"].to_numpy()[:, None] != tiles["person_id"].to_numpy()[None]
    farther = (own > similarity) | ~other
    return farther[other].mean(), farther.all(axis=1).mean()
