"""Metrics, statistics and benchmark protocol."""
