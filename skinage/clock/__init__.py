"""Predicted age.

In: features of people (or of tiles) and the cohort. Out: out-of-fold ages, or a saved `Clock`.
Start with `prediction.predict_age`, then `fitting`; `learners` hold the regressions.
"""
