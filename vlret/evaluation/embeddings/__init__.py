"""Embeddings of media and texts, computed once and cached."""
