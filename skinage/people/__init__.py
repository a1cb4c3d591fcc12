"""From tiles to people.

In: the embeddings of tiles. Out: one row of features per person, joined with the age.
Start with `pool.pool`; `clock_inputs` holds what a clock may see.
"""
