"""Indexes in databases: written by `push`, opened by address."""
