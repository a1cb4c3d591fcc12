"""The accuracy of a clock.

In: tables of predicted ages. Out: tidy tables of metrics with intervals by person.
Start with `report_card.report_card`, then `baselines` and `repeatability`.
"""
