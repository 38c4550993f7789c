"""Vectors on disk: append-only shards and a FAISS view."""
