"""Reading pixels in processes of their own.

In: a path and places on a slide, or a tile table. Out: uint8 pixels in batches, as
arrays or as tensors on a device.
Start with `batches.read_tiles` (`device.read_tensors`), then `pool`, `process` and `server`;
`backends` opens files.
"""
