"""Drawing of synthetic skin.

In: the tissue parameters of one slide. Out: RGB pixels and a label map.
Start with `optics.draw_slide`, then `anatomy`.
"""
