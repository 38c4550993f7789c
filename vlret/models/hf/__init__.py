"""Dual encoders of transformers: towers of images or videos and of texts with one space of embeddings."""
