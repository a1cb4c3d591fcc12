"""Slides: whatever the file, RGB pixels at a physical scale, where there is tissue.

In the order of use: ``slide`` (open one), ``tissue`` (where it is), ``quality`` (how well it can be
seen), ``choice`` (the tiles of one slide, on a ``grid``), ``tiles`` (the tile table of a cohort),
``batches`` (pixels of a tile table; ``device``: as tensors), ``check`` (can every slide be read?).

Pixels are read in processes of their own that never import torch: cuCIM and torch in one process
can wait for each other for ever, and a damaged file can crash cuCIM. There it costs one slide.
``reader`` and ``server`` are the two ends of such a process, which lays pixels into ``memory``
that both see; a ``pool`` of them serves batches. Inside, ``screen`` says which library may open a
file: ``layout`` has compared its tags, ``encoded`` (with ``jpeg``) will look at each tile. Then
``backends``, ``tiled`` or ``picture`` read, and ``resample`` brings the pixels to their ``scale``.
"""
