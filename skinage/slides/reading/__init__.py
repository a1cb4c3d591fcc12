"""Reading pixels in processes of their own.

In: a path and places on a slide, or a tile table. Out: uint8 pixels in batches.
Start with `batches.read_tiles`, then `pool`, `process` and `server`; `backends` opens files.
"""
