"""From slides to tables of tiles.

In: the cohort table. Out: the tile table, with the rejected tiles and their reasons.
Start with `table.tile`, then `choice`, which uses `tissue`, `grid` and `quality`.
"""
