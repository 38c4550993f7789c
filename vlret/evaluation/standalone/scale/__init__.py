"""How an index searches as it grows."""
