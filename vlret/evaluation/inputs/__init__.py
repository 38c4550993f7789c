"""Benchmark requests: read, checked and run."""
