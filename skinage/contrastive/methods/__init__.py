"""Contrastive methods on top of Lightly's losses.

In: a backbone and batches of pairs. Out: a loss for Lightning.
Start with `method.Method`; `momentum` has a teacher, `age` uses ages.
"""
