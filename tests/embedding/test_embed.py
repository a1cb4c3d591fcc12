import numpy as np
import pytest

from skinage import SlideError, skipped
from skinage.embedding.colour import ColourFeatures, colour_features
from skinage.embedding.embed import embed, read_atlas
from skinage.encoders.encoder import new_encoder
from skinage.slides.reading.batches import read_pixels


@pytest.fixture(scope="module")
def encoder(phantom_tiles):
    return new_encoder("test_resnet", 48, float(phantom_tiles["mpp"].iloc[0]))


def test_rows_are_tiles_with_their_features_place_and_person(
    phantom_tiles, phantom_cohort, encoder
):
    atlas = embed(phantom_tiles, encoder, cohort=phantom_cohort, batch_size=40)
    shuffled = phantom_tiles.sample(frac=1, random_state=0)
    expected = encoder.embed(read_pixels(shuffled))
    np.testing.assert_allclose(atlas[shuffled["tile_id"]].X, expected, rtol=1e-4, atol=1e-5)
    assert atlas.X.dtype == np.float32
    np.testing.assert_array_equal(atlas.obsm["spatial"], phantom_tiles[["x", "y"]])
    ages = phantom_cohort.set_index("slide_id")["age_years"]
    assert (atlas.obs["age_years"].to_numpy() == ages[atlas.obs["slide_id"]].to_numpy()).all()


def test_colour_statistics_are_embedded_like_an_encoder(phantom_tiles):
    atlas = embed(phantom_tiles, ColourFeatures())
    np.testing.assert_allclose(atlas.X, colour_features(read_pixels(phantom_tiles)), rtol=1e-5)


def test_written_embeddings_are_read_back_and_not_made_again(
    phantom_tiles, phantom_cohort, encoder, tmp_path
):
    out = tmp_path / "embeddings.zarr"
    made = embed(phantom_tiles, encoder, cohort=phantom_cohort, out=out)
    stamp = (tmp_path / ".made" / "embeddings.zarr.json").stat().st_mtime_ns
    again = embed(phantom_tiles, encoder, cohort=phantom_cohort, out=out)
    assert (tmp_path / ".made" / "embeddings.zarr.json").stat().st_mtime_ns == stamp
    np.testing.assert_array_equal(again.X, made.X)
    assert list(read_atlas(out).obs_names) == list(phantom_tiles["tile_id"])
    embed(phantom_tiles.head(50), encoder, cohort=phantom_cohort, out=out)
    assert read_atlas(out).n_obs == 50


def test_a_bad_slide_is_warned_about_and_skipped(phantom_tiles, encoder, tmp_path):
    broken = tmp_path / "broken.svs"
    broken.write_text("no slide")
    first = phantom_tiles["slide_id"].iloc[0]
    is_first = phantom_tiles["slide_id"] == first
    tiles = phantom_tiles.assign(path=phantom_tiles["path"].mask(is_first, str(broken)))
    out = str(tmp_path / "x.zarr")  # a text, as a user types it
    with pytest.warns(UserWarning, match="1 slide.s. could not be read"):
        atlas = embed(tiles, encoder, out=out)
    assert atlas.n_obs == (~is_first).sum()
    for result in (atlas, embed(tiles, encoder, out=out)):
        assert skipped(result)["item"].tolist() == [f"slide {first}"]
        assert "broken.svs" in skipped(result)["reason"].item()
    with pytest.raises(SlideError, match="no tile could be read"):
        embed(tiles[is_first], encoder)
