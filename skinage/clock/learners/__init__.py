"""Regressions of age on features.

In: `ClockInputs` and ages of training people. Out: a model made of arrays.
Start with the `Learner` protocol and `Ridge` in `ridge`.
"""
