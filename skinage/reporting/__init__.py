"""Runs, results and reports.

In: a cohort table. Out: a results folder with tables, figures and a report.
Start with `run.run`; `tripod` fills in the TRIPOD+AI checklist.
"""
