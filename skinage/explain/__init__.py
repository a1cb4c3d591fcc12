"""What in the tissue the clock uses.

In: a clock, its encoder and tiles. Out: attributions in years, feature importance, measures.
Start with `attribution.attribute`, then the room `importance`, and `morphology`.
"""
