import numpy as np
import pytest
import tifffile

import skinage as ska
from skinage import SlideError
from skinage.explain.morphology import slide as module
from skinage.explain.morphology.maps import StructureMap
from skinage.explain.morphology.slide import measure_slide


@pytest.fixture(scope="module")
def one(phantom_cohort):
    return phantom_cohort.head(1)


def test_pieces_are_measured_apart_and_combined(one, tmp_path):
    """Two copies of a piece, the second one upside down, give the measures of one."""
    slide = ska.open_row(one.iloc[0])
    piece = slide.read_region(0, 0, 2000, 1500, mpp=2.0)
    glass = np.full((80, *piece.shape[1:]), np.median(piece[:5, :5], axis=(0, 1)), np.uint8)
    path = tmp_path / "two.tiff"
    two = np.concatenate([piece, glass, piece[::-1, ::-1]])
    tifffile.imwrite(path, two, tile=(256, 256), photometric="rgb")
    alone, _ = measure_slide(ska.open_slide(_written(tmp_path / "one.tiff", piece), mpp=2.0), 2.0)
    both, packed = measure_slide(ska.open_slide(path, mpp=2.0), 2.0)
    assert both["n_pieces"] == 2 * alone["n_pieces"]
    assert both["section_mm2"] == pytest.approx(2 * alone["section_mm2"], rel=0.02)
    assert both["epidermis_um"] == pytest.approx(alone["epidermis_um"], rel=0.03)
    found = StructureMap.unpacked(packed, 2.0).structures
    top, bottom = found[: len(piece)], found[-len(piece) :][::-1, ::-1]
    assert (top == bottom).mean() > 0.97


def _written(path, pixels):
    tifffile.imwrite(path, pixels, tile=(256, 256), photometric="rgb")
    return path


def test_a_large_piece_is_cut(one, monkeypatch):
    slide = ska.open_row(one.iloc[0])
    whole, _ = measure_slide(slide, 2.0)
    monkeypatch.setattr(module, "MOST_PART_MM2", 1.2)
    cut, _ = measure_slide(slide, 2.0)
    assert cut["n_pieces"] == whole["n_pieces"]
    assert cut["n_parts"] > whole["n_parts"]
    assert cut["section_mm2"] == pytest.approx(whole["section_mm2"], rel=0.03)
    assert cut["epidermis_um"] == pytest.approx(whole["epidermis_um"], rel=0.1)


def test_glass_and_a_slide_too_coarse_are_errors(tmp_path):
    blank = _written(tmp_path / "blank.tiff", np.full((600, 800, 3), 243, np.uint8))
    with pytest.raises(SlideError, match="no tissue"):
        measure_slide(ska.open_slide(blank, mpp=1.0))
    with pytest.raises(SlideError, match="7 um per px"):
        measure_slide(ska.open_slide(blank, mpp=7.0))
