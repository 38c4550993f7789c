"""Ranks, figures and their intervals."""
