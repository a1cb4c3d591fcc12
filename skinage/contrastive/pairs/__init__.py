"""Which tiles form a positive pair.

In: the tile table. Out: row numbers of a batch and of the partners.
Start with `pairs.Pairs`, then `pairs.PairSampler`.
"""
