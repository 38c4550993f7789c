"""One batch over several processes, and in parts."""
