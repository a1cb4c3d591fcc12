"""What in the tissue the clock uses.

In: a clock, its encoder and tiles. Out: attributions in years, feature importance, measures.
Start with `attribution.age_of_tiles`, then the rooms `importance`, `counterfactual` and
`faithfulness`, and `morphology`.
"""
