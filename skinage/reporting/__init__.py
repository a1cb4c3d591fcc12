"""Runs, results and reports.

In: a cohort table. Out: a results folder with tables, figures and a report.
Start with `run.run`; notebooks save their results with the functions offered here.
"""

from skinage.reporting.results import (
    record_skipped,
    recording,
    save_figure,
    save_metrics,
    save_skipped,
    save_table,
)

__all__ = [
    "record_skipped",
    "recording",
    "save_figure",
    "save_metrics",
    "save_skipped",
    "save_table",
]
