"""Speed and memory of indexing: `python -m benchmarks.speed`."""
