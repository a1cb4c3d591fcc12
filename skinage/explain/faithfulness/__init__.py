"""Every map is graded: does the age follow it, does it follow the clock, does it hold still.

In: tiles with the age and the map as plain functions (`MapCase`). Out: a table with a row per test.
Start with `grade.grade_maps`; `randomised` makes what a map must not look like.
"""
