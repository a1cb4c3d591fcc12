"""skinage: from skin-biopsy slides to an explained age clock.

The pipeline, in the order of the data::

    cohort table -> slide -> tissue -> tile table -> two views -> encoder -> embeddings
    -> people -> age -> acceleration -> outcomes, and back from age to tissue

>>> import skinage as ska  # doctest: +SKIP
>>> cohort = ska.read_cohort("cohort.csv")  # doctest: +SKIP
>>> tiles = ska.tile(cohort, tile_px=64, mpp=2.0)  # doctest: +SKIP
>>> encoder = ska.train(tiles, seed=0)  # doctest: +SKIP
>>> atlas = ska.embed(tiles, encoder)  # doctest: +SKIP
>>> ages = ska.predict_age(ska.pool(atlas), cohort, seed=0)  # doctest: +SKIP
>>> accel = ska.acceleration(ages, definition="linear")  # doctest: +SKIP

Public names are loaded when first used, so that ``import skinage`` stays fast.
"""

import lazy_loader

__version__ = "0.2.0"
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
