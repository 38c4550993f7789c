"""Training of a text decoder: embeddings of captions to the captions themselves."""
