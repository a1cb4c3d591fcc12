"""Contrastive training of an encoder.

In: the tile table. Out: an `Encoder` with the history of its training.
Start with `training.train`, which joins `views`, `pairs` and `methods`.
"""
