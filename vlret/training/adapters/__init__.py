"""Training support for X-encoder families: one file for each, entered in `registry.py`."""
