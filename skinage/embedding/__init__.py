"""Embeddings of all tiles.

In: the tile table and an encoder. Out: AnnData (tiles x features) with UMAP and clusters.
Start with `embed.embed`, then `atlas`.
"""
