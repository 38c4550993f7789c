"""Pixels that are true: files to clips to frames."""
