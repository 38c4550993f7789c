"""Embedders: clips and texts to vectors of one space."""
