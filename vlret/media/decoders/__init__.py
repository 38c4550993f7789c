"""Decoders: the libraries that turn a file and times into frames, behind one protocol."""
