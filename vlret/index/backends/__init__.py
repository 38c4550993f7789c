"""What finds the nearest vectors: one protocol, FAISS by default, plain numpy as the reference."""
