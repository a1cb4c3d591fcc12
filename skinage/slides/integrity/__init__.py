"""Checks of a file before a decoder reads it.

In: a path. Out: the reader that suits the file, or a `SlideError` that says what is wrong.
Start with `screen.which_reader`; `layout` checks tags, `encoded` and `jpeg` the tile data.
"""
