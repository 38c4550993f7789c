"""Runners that encode the shards of an index on several machines."""
