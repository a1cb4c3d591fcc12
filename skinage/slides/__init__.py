"""Slides: whatever the file, RGB pixels at a physical scale, where there is tissue.

In the order of use: ``slide`` (open one), ``tissue`` (where it is), ``tiles`` (the tile table),
``batches`` (pixels of a tile table), ``check`` (can every slide be read?), ``quality``. Below them:
``reader`` and ``server``, the two ends of the reader process, and inside that process ``screen``
(which library may open this file), ``backends`` (cuCIM, OpenSlide, pictures) and ``resample``.

Pixels are read in a process of their own that never imports torch: cuCIM and torch in one process
can wait for each other for ever, and a damaged file can crash cuCIM. There it costs one slide.
"""
