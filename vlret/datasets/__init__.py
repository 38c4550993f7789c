"""Benchmark sets, read from their owners' files: `registry` has them all by name. Readers of training sets."""
