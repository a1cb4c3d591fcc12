"""What age acceleration is associated with.

In: age acceleration and the cohort. Out: hazard ratios and odds ratios, a row per test and unit.
Start with `associations.associations`; `regressors` builds
the regressors of all models.
"""
