"""The choices that change a benchmark number."""
