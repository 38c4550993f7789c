"""Where something new begins in a sequence of embeddings: off-line and on-line; numpy only."""
