"""What each kind of benchmark asks, and how it is scored."""
