import numpy as np
import pandas as pd
import pytest

from skinage import SettingError, SlideError, skipped
from skinage.explain.morphology.tiles import MEASURES, measure_pixels, measure_tiles
from skinage.slides.reading.batches import read_pixels

SIDE_UM = 96


def micrometres(mpp):
    """Coordinates in um of the pixels' centres of a tile of 96 um."""
    axis = (np.arange(round(SIDE_UM / mpp)) + 0.5) * mpp
    return np.meshgrid(axis, axis, indexing="ij")


def discs(mpp, radius_um=3.5):
    """Nine nuclei on a grid."""
    y, x = micrometres(mpp)
    return (y % 32 - 16) ** 2 + (x % 32 - 16) ** 2 < radius_um**2


def waves(degrees, mpp=1.0, period_um=12):
    y, x = micrometres(mpp)
    angle = np.radians(degrees)
    return np.sin(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / period_um)


def measure(tile, mpp=1.0):
    return measure_pixels(tile[None], mpp).iloc[0]


@pytest.mark.parametrize("mpp", [0.5, 1.0, 2.0])
def test_planted_nuclei_are_counted_at_every_scale(stain, mpp):
    row = measure(stain(0.1 + 0.6 * discs(mpp), np.full(discs(mpp).shape, 0.3)), mpp)
    assert row["nuclei_per_mm2"] == pytest.approx(9 / (SIDE_UM / 1000) ** 2)
    assert row["nuclear_area_fraction"] == pytest.approx(9 * np.pi * 3.5**2 / SIDE_UM**2, rel=0.25)


def test_specks_are_no_nuclei(stain):
    specks = np.zeros((96, 96))
    specks[8::16, 8::16] = 1
    assert measure(stain(0.1 + 2.0 * specks, np.full((96, 96), 0.3)))["nuclei_per_mm2"] == 0


def test_the_least_nucleus_is_a_size_in_um_not_in_px(stain):
    y, x = micrometres(0.5)
    specks = (y % 16 < 2) & (x % 16 < 2)  # 4 um2 are 16 px here
    assert measure(stain(0.1 + 0.5 * specks, np.full(y.shape, 0.3)), 0.5)["nuclei_per_mm2"] == 0


def test_nuclei_of_neighbouring_tiles_stay_apart(stain):
    stripe = np.zeros((96, 96))
    stripe[:, 40:50] = 1
    tile = stain(0.1 + 0.6 * stripe, np.full((96, 96), 0.3))
    blank = np.full_like(tile, 255)
    table = measure_pixels(np.stack([tile, tile, blank, tile]), 1.0)
    assert (table["nuclei_per_mm2"] * (SIDE_UM / 1000) ** 2).round(6).tolist() == [1, 1, 0, 1]


def test_a_darker_section_has_no_more_nuclei(stain):
    light, dark = (
        measure(stain(strength * (0.1 + 0.4 * discs(1.0)), np.full((96, 96), strength * 0.3)))
        for strength in (1.0, 1.4)
    )
    assert dark["nuclei_per_mm2"] == light["nuclei_per_mm2"]
    assert dark["haematoxylin_optical_density"] > 1.3 * light["haematoxylin_optical_density"]


def test_stain_is_measured_over_tissue_only(stain):
    tile = stain(np.full((96, 96), 0.2), np.full((96, 96), 0.4))
    tile[:, :48] = 255
    row = measure(tile)
    assert row["haematoxylin_optical_density"] == pytest.approx(0.2, abs=0.01)
    assert row["eosin_optical_density"] == pytest.approx(0.4, abs=0.01)
    assert row["pale_gap_fraction"] == 0.5


@pytest.mark.parametrize("degrees", [0, 30, 90, 135])
def test_parallel_fibres_are_coherent_whatever_their_direction(stain, degrees):
    tile = stain(np.full((96, 96), 0.1), 0.4 + 0.15 * waves(degrees))
    assert measure(tile)["fibre_coherency"] > 0.95


def test_crossed_fibres_and_noise_are_not_coherent(stain):
    crossed = 0.4 + 0.1 * waves(20) + 0.1 * waves(110)
    noise = 0.4 + 0.1 * np.random.default_rng(0).standard_normal((96, 96))
    for eosin in (crossed, noise):
        assert measure(stain(np.full((96, 96), 0.1), eosin))["fibre_coherency"] < 0.15


def test_coherency_is_of_windows_not_of_the_whole_tile(stain):
    half = [0.4 + 0.15 * waves(degrees) for degrees in (0, 90)]
    tile = stain(np.full((96, 192), 0.1), np.concatenate(half, axis=1))
    assert measure(tile)["fibre_coherency"] > 0.9


def test_grey_blue_matrix_is_apart_from_pink_and_from_nuclei(stain):
    haematoxylin, eosin = np.full((96, 96), 0.05), np.full((96, 96), 0.4)
    haematoxylin[:24], eosin[:24] = 0.18, 0.1
    matrix = measure(stain(haematoxylin, eosin))
    assert matrix["grey_blue_fraction"] == pytest.approx(0.25, abs=0.02)
    nuclei = measure(stain(0.05 + 0.8 * discs(1.0), np.full((96, 96), 0.3)))
    assert nuclei["grey_blue_fraction"] < 0.02


def test_glass_has_no_tissue_to_measure():
    row = measure(np.full((96, 96, 3), 255, np.uint8))
    assert row["pale_gap_fraction"] == 1
    assert row["nuclei_per_mm2"] == 0
    unknown = ["haematoxylin_optical_density", "eosin_optical_density", "fibre_coherency"]
    assert row[unknown].isna().all()


def test_rows_follow_the_tiles_over_chunks(stain):
    amounts = np.linspace(0.2, 0.6, 150)
    tiles = np.stack([stain(np.full((8, 8), 0.1), np.full((8, 8), a)) for a in amounts])
    table = measure_pixels(tiles, 1.0)
    assert tuple(table.columns) == MEASURES
    np.testing.assert_allclose(table["eosin_optical_density"], amounts, atol=0.01)
    assert measure_pixels(tiles[:0], 1.0).shape == (0, len(MEASURES))


def test_real_skin_reads_as_a_pathologist_would(skin_tiles):
    table = measure_pixels(skin_tiles.reshape(-1, 64, 64, 3), 1.0)
    at = {name: table[name].to_numpy().reshape(15, 20) for name in MEASURES}
    glass, horn = (slice(0, 2), slice(0, 15)), (slice(2, 3), slice(7, 12))
    epidermis, dermis = (slice(4, 5), slice(3, 6)), (slice(8, 11), slice(10, 18))
    assert at["pale_gap_fraction"][glass].min() > 0.95
    assert at["fibre_coherency"][horn].min() > 0.8
    assert at["fibre_coherency"][dermis].mean() < 0.6
    assert at["nuclear_area_fraction"][epidermis].min() > at["nuclear_area_fraction"][dermis].max()
    gland = 11, 9
    assert at["grey_blue_fraction"][dermis].mean() < 0.3 < 0.5 < at["grey_blue_fraction"][gland]


@pytest.mark.parametrize(
    ("pixels", "mpp", "message"),
    [
        (np.zeros((2, 8, 8, 3)), 1.0, r"float64 of shape \(2, 8, 8, 3\); expected uint8"),
        (np.zeros((8, 8, 3), np.uint8), 1.0, r"expected uint8 \(n, h, w, 3\)"),
        (np.zeros((2, 8, 8, 3), np.uint8), 0.0, "mpp is 0.0"),
        (np.zeros((2, 8, 8, 3), np.uint8), float("nan"), "mpp is nan"),
    ],
)
def test_unusable_input(pixels, mpp, message):
    with pytest.raises(SettingError, match=message):
        measure_pixels(pixels, mpp)


def test_each_tile_is_measured_once(phantom_tiles, tmp_path):
    out = tmp_path / "measures.parquet"
    table = measure_tiles(phantom_tiles, out=out)
    assert table.index.tolist() == phantom_tiles["tile_id"].tolist()
    own = phantom_tiles[7:12]
    expected = measure_pixels(read_pixels(own), float(own["mpp"].iloc[0]))
    pd.testing.assert_frame_equal(table[7:12].reset_index(drop=True), expected)
    stamp = out.stat().st_mtime_ns
    pd.testing.assert_frame_equal(measure_tiles(phantom_tiles, out=str(out)), table)
    assert out.stat().st_mtime_ns == stamp


def test_slides_that_cannot_be_read_are_skipped_and_listed(write_slide, tile_table, tmp_path):
    good = tile_table(write_slide("a.tiff")[0], "a", 5).assign(person_id="P1", mpp=1.0)
    bad = tile_table("/none.tiff", "b", 3).assign(person_id="P2", mpp=1.0)
    both = pd.concat([good, bad], ignore_index=True).assign(tile_id=list("abcdefgh"))
    out = tmp_path / "measures.parquet"
    with pytest.warns(UserWarning, match="skipped 1 slides"):
        made = measure_tiles(both, out=out)
    loaded = measure_tiles(both, out=out)
    for table in (made, loaded):
        assert list(table.index) == list("abcde")
        assert skipped(table)["item"].tolist() == ["slide b"]
    with pytest.raises(SlideError, match="no tile could be read"):
        measure_tiles(bad.assign(tile_id=list("fgh")))
