"""Results of a benchmark: what was measured, and how."""
