import logging
from pathlib import Path

import numpy as np
import pooch
import pytest
import tifffile
from PIL import Image

from skinage import StageError
from skinage.phantom import real_skin

REAL = Path(__file__).parents[3] / "shared" / "realdata" / "skin" / "skin.tif"


def test_a_picture_is_read_whatever_its_format(tmp_path):
    picture = np.random.default_rng(0).integers(0, 255, (20, 30, 3), np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", picture, compression="deflate")
    Image.fromarray(picture).save(tmp_path / "a.png")
    for name in ("a.tif", "a.png"):
        np.testing.assert_array_equal(real_skin(tmp_path / name), picture)


def test_what_is_no_picture_is_named(tmp_path):
    (tmp_path / "a.png").write_text("no picture")
    tifffile.imwrite(tmp_path / "grey.tif", np.zeros((20, 30), np.uint8))
    for name, message in (("a.png", "cannot be read"), ("b.png", "cannot be"), ("grey.tif", "RGB")):
        with pytest.raises(StageError, match=message):
            real_skin(tmp_path / name)


def test_without_internet_the_error_says_what_to_do(monkeypatch):
    logger, said = pooch.get_logger(), []
    handler = logging.Handler()
    monkeypatch.setattr(handler, "emit", said.append)
    logger.addHandler(handler)

    def offline():
        pooch.get_logger().warning("trying again")
        raise ConnectionError("no route")

    monkeypatch.setattr("skimage.data.skin", offline)
    with pytest.raises(StageError, match="give the path of a picture"):
        real_skin()
    assert said == []
    logger.warning("as before")
    assert len(said) == 1
    logger.removeHandler(handler)


@pytest.mark.real
@pytest.mark.skipif(not REAL.is_file(), reason="needs the real picture beside the checkout")
def test_the_real_picture_is_skin():
    picture = real_skin(REAL)
    assert picture.shape == (960, 1280, 3)
    red, green, blue = picture.reshape(-1, 3).mean(axis=0)
    assert red > blue > green
