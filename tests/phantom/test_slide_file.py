import json
import subprocess
import sys

import numpy as np
import openslide
import pytest
import tifffile

from skinage.phantom.slide_file import write_labels, write_slide

SIZES = {1.0: [(1111, 1600), (555, 800), (277, 400)], 0.5: [(601, 700), (300, 350)]}


@pytest.fixture(scope="module", params=SIZES)
def written(request, tmp_path_factory):
    """Smooth colours and random labels, and the pyramids that hold them."""
    mpp, folder = request.param, tmp_path_factory.mktemp("pyramids")
    height, width = SIZES[mpp][0]
    down, across = np.indices((height, width))
    picture = np.stack([down % 250, across % 250, (down + across) // 12], axis=2).astype(np.uint8)
    labels = np.random.default_rng(0).integers(0, 19, (height, width)).astype(np.uint8)
    write_slide(folder / "slide.tiff", picture, mpp)
    write_labels(folder / "labels.tiff", labels, mpp)
    return folder, mpp, picture, labels


@pytest.mark.parametrize("name", ["slide.tiff", "labels.tiff"])
def test_tifffile_sees_one_series_of_tiled_levels_with_their_scale(written, name):
    folder, mpp, *_ = written
    with tifffile.TiffFile(folder / name) as file:
        assert len(file.series) == 1
        levels = file.series[0].levels
        assert [level.shape[:2] for level in levels] == SIZES[mpp]
        assert not file.is_bigtiff  # some viewers sort BigTIFF under "other"
        for k, page in enumerate(file.pages):
            assert page.is_tiled
            assert page.subfiletype == min(k, 1)
            assert page.tags["ResolutionUnit"].value == tifffile.RESUNIT.CENTIMETER
            for axis in "XY":
                pixels, centimetres = page.tags[f"{axis}Resolution"].value
                assert 10_000 * centimetres / pixels == pytest.approx(mpp * 2**k, rel=1e-6)


@pytest.mark.parametrize("name", ["slide.tiff", "labels.tiff"])
def test_openslide_sees_the_same_pyramid(written, name):
    folder, mpp, *_ = written
    with openslide.OpenSlide(folder / name) as slide:
        assert slide.properties["openslide.vendor"] == "generic-tiff"
        assert [size[::-1] for size in slide.level_dimensions] == SIZES[mpp]
        for axis in "xy":
            assert float(slide.properties[f"openslide.mpp-{axis}"]) == pytest.approx(mpp)


def test_cucim_sees_the_same_pyramid(written):
    folder, mpp, picture, _ = written
    code = (
        "import sys, json, numpy as np; from cucim import CuImage; s = CuImage(sys.argv[1]);"
        "l = s.resolutions['level_dimensions']; a = np.asarray(s.read_region((0, 0), l[-1], len(l)"
        " - 1)); print(json.dumps([s.metadata['tiff'], l, a.mean(axis=(0, 1)).tolist()]))"
    )
    # A process of its own: cuCIM and torch must not meet.
    answer = subprocess.run(
        [sys.executable, "-c", code, str(folder / "slide.tiff")],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    tags, levels, colour = json.loads(answer.stdout.strip().splitlines()[-1])
    assert tags["resolution_unit"] == "centimeter"
    assert 10_000 / tags["x_resolution"] == pytest.approx(mpp)
    assert [tuple(size[::-1]) for size in levels] == SIZES[mpp]
    np.testing.assert_allclose(colour, picture.mean(axis=(0, 1)), atol=1.5)


def test_every_level_of_the_picture_is_the_mean_of_its_blocks(written):
    folder, mpp, picture, _ = written
    with openslide.OpenSlide(folder / "slide.tiff") as slide:
        for level, (height, width) in enumerate(SIZES[mpp]):
            read = np.asarray(slide.read_region((0, 0), level, (width, height)).convert("RGB"))
            side = 2**level
            blocks = picture[: height * side, : width * side].reshape(height, side, width, side, 3)
            assert np.abs(read - blocks.mean(axis=(1, 3))).mean() < 3


def test_colour_has_the_resolution_of_light(tmp_path):
    """Blue and red pixels of one brightness side by side: subsampled colour would mix them."""
    picture = np.tile(np.array([[[200, 60, 60], [60, 110, 200]]], np.uint8), (64, 32, 1))
    write_slide(tmp_path / "a.tiff", picture, 1.0)
    with tifffile.TiffFile(tmp_path / "a.tiff") as file:
        assert file.pages[0].tags["YCbCrSubSampling"].value == (1, 1)
        assert np.abs(file.pages[0].asarray().astype(int) - picture).mean() < 8


def test_a_label_of_any_level_is_one_of_its_block_and_never_a_mixture(written):
    folder, mpp, _, labels = written
    with tifffile.TiffFile(folder / "labels.tiff") as file:
        np.testing.assert_array_equal(file.pages[0].asarray(), labels)
        for level, (height, width) in enumerate(SIZES[mpp]):
            coarse, side = file.pages[level].asarray(), 2**level
            assert coarse.dtype == np.uint8
            middle = labels[side // 2 :: side, side // 2 :: side][:height, :width]
            np.testing.assert_array_equal(coarse, middle)
            blocks = labels[: height * side, : width * side].reshape(height, side, width, side)
            assert (blocks == coarse[:, None, :, None]).any(axis=(1, 3)).all()


def test_small_pictures_have_one_level(tmp_path):
    write_slide(tmp_path / "a.tiff", np.full((301, 403, 3), 200, np.uint8), 0.7)
    with openslide.OpenSlide(tmp_path / "a.tiff") as slide:
        assert slide.level_dimensions == ((403, 301),)
        assert float(slide.properties["openslide.mpp-x"]) == pytest.approx(0.7)
