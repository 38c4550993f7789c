"""A text for each event of a stream, as it happens."""
