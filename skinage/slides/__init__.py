"""Whole-slide images at physical scale.

In: a path. Out: RGB pixels that can be trusted, or a `SlideError` with the reason.
Start with `slide.open_slide`; `reading` decodes, `integrity` screens files before that.
"""
