"""From tiles to a map: embeddings, colour features, neighbourhoods and typical tiles."""
