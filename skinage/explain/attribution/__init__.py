"""Which tiles of a person, and which pixels of a tile, make the person older or younger.

In: an encoder, a clock and a person's tiles. Out: years per pixel, per tile, or per concept.
Start with `age_of_tiles.AgeOfTiles`, the whole way from pixels to years as one module.
"""
