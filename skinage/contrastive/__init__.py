"""Contrastive training: two views of a tile, an encoder that tells tiles apart."""
