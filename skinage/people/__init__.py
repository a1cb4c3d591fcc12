"""From tiles to people.

In: the embeddings of tiles. Out: a row of features per person, from the slides of first visits.
Start with `pool.pool`; `clock_inputs` holds what a clock may see.
"""
