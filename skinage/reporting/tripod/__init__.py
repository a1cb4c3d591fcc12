"""The TRIPOD+AI checklist.

In: a results folder. Out: a row per item with the answer that the run can give.
Start with `tripod.tripod`.
"""
