"""Who is in the study.

In: a CSV or Parquet table, a row per slide. Out: checked tables, one row per person, folds.
Start with `table.read_cohort`, then `people` (visits) and `folds`.
"""
