"""What must be true of a file before a decoder touches it.

In: a path. Out: the reader that suits the file, or a `SlideError` that says what is damaged.
Start with `screen.which_reader`; `layout` checks tags, `encoded` and `jpeg` the tile data.
"""
