"""Benchmarks: embeddings, tasks, metrics and results."""
