"""A synthetic cohort with a planted truth: people, their tissue, their slides, their fate.

In: a preset and a seed. Out: a cohort folder, and beside it the truth that was planted.
Start with `files.make_cohort`, then `people`, `ageing` and `tissue` (the law), `population` (who is
in the register, and their fate), `dials` and `presets`.

>>> from skinage import phantom
>>> phantom.make_people(3, seed=0)["person_id"].tolist()
['P00000', 'P00001', 'P00002']
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
