import pandas as pd

from skinage.slides.check import check_slides


def test_every_slide_has_a_row(write_slide, damaged_slide):
    good, _ = write_slide("good.tiff")
    cohort = pd.DataFrame(
        {"slide_id": ["gone", "bad", "good"], "path": ["/none.svs", damaged_slide[0], good]}
    )
    found = check_slides(cohort).set_index("slide_id")
    assert list(found) == [
        "path", "reader", "reason", "mpp", "width_px", "height_px", "problem",
    ]  # fmt: skip
    assert "no such file" in found.loc["gone", "problem"]
    assert "JPEG" in found.loc["bad", "problem"]
    assert found.loc["good", ["reader", "mpp", "width_px", "problem"]].tolist() == [
        "cuCIM", 0.5, 800, "",
    ]  # fmt: skip


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
