"""An index encoded by many workers: a plan of shards, the worker's share of it, and the merge."""
