"""A synthetic cohort with a planted truth: people, their tissue, their slides, their fate.

In: a preset and a seed. Out: a cohort folder, and beside it the truth that was planted.
Start with `files.make_cohort`, then `tissue` (the law of ageing), `fate` and `presets`.

>>> from skinage import phantom
>>> phantom.make_people(3, seed=0)["person_id"].tolist()
['P00000', 'P00001', 'P00002']
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "drawing.labels": ["LABEL_NAMES", "Label"],
        "drawing.optics": ["draw_slide"],
        "files": ["make_cohort"],
        "people": ["make_people", "make_slides"],
        "presets": ["PRESETS"],
        "reference": ["real_skin"],
        "truth": ["read_labels", "read_planted", "read_truth", "read_truth_slides"],
    },
)
