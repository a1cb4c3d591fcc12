"""An encoder tuned to another target of the cohort.

In: tiles, the cohort, an encoder and folds. Out: out-of-fold predictions of that target.
Start with `tune.tune`.
"""
