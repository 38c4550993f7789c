"""Search, label and question: nearest-embedding tasks."""
