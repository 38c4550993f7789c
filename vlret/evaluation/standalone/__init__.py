"""Benchmarks that do not score a dataset through the runner: captions, an index, mteb, probes."""
