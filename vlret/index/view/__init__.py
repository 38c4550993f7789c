"""The view: a FAISS index of the live clips, made from the shards, kept in `view/`, never the truth."""
