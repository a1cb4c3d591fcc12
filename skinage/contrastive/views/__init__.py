"""Two altered versions (views) of a tile.

In: batches of tiles on a device. Out: batches of views.
Start with `choice.views_named`, then `histology`.
"""
