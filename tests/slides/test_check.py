import hashlib

import pandas as pd

from skinage.skip_log import skipped
from skinage.slides.check import check_slides


def test_every_slide_has_a_row(write_slide, damaged_slide):
    good, _ = write_slide("good.tiff")
    cohort = pd.DataFrame(
        {"slide_id": ["gone", "bad", "good"], "path": ["/none.svs", damaged_slide[0], good]}
    )
    checked = check_slides(cohort)
    assert skipped(checked)["item"].tolist() == ["slide gone", "slide bad"]
    found = checked.set_index("slide_id")
    assert skipped(checked)["reason"].tolist() == found["problem"][:2].tolist()
    assert list(found) == [
        "path", "reader", "reason", "mpp", "width_px", "height_px", "n_levels", "n_tiles_read",
        "note", "problem",
    ]  # fmt: skip
    assert "no such file" in found.loc["gone", "problem"]
    assert "JPEG" in found.loc["bad", "problem"]
    assert found.loc["bad", "n_tiles_read"] == 0
    columns = ["reader", "mpp", "width_px", "n_levels", "n_tiles_read", "note", "problem"]
    assert found.loc["good", columns].tolist() == ["cuCIM", 0.5, 800, 3, 48, "", ""]


def test_every_level_is_looked_at(write_slide, damage):
    path, _ = write_slide()
    damage(path, b"\0", level=2)
    found = check_slides(pd.DataFrame({"slide_id": ["a"], "path": [path]})).loc[0]
    assert found["n_tiles_read"] == 32
    assert "level 2, x " in found["problem"]


def test_a_scale_to_be_doubted_is_noted(write_slide):
    path, _ = write_slide()
    table = pd.DataFrame({"slide_id": ["a"], "path": [path], "mpp": [0.25]})
    found = check_slides(table).loc[0]
    assert "header says 0.5 um per px, you say 0.25" in found["note"]
    assert found["problem"] == ""


def test_a_file_that_is_not_what_it_was(write_slide):
    path, _ = write_slide(compression=None)
    with open(path, "rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    table = pd.DataFrame({"slide_id": ["a"], "path": [path], "sha256": [sha256.upper()]})
    assert check_slides(table)["problem"].tolist() == [""]
    with open(path, "r+b") as file:  # one pixel: no reader can see that
        file.seek(5000)
        before = file.read(1)
        file.seek(5000)
        file.write(bytes([before[0] ^ 255]))
    assert "the cohort table says" in check_slides(table)["problem"][0]
    assert check_slides(table.assign(sha256=None))["problem"].tolist() == [""]


def test_real_files(real):
    cohort = pd.DataFrame(
        {
            "slide_id": ["svs", "dicom", "boxes", "broken"],
            "path": [
                real("slides/cmu-1-small-region.svs"),
                real("slides/multi_frame_jpeg2000_camelyon_challenge_image.dcm"),
                real("hazards/boxes.tiff"),
                real("hazards/broken.svs"),
            ],
            "mpp": [None, None, 1.0, None],
        }
    )
    found = check_slides(cohort)
    assert found["reader"].tolist() == ["cuCIM", "OpenSlide", "OpenSlide", ""]
    assert (found["problem"] == "").tolist() == [True, True, True, False]
