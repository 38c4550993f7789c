"""The search page and HTTP API of indexes."""
