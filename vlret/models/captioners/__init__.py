"""Embeddings to texts: what writes or finds a sentence for a predicted embedding."""
