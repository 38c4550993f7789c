"""The version of everything that turns media and texts into embeddings."""

ENCODING_VERSION = 1
"""Key of cached embeddings, visual tokens and durations, and part of every result's stamp.

Increment it when a change makes the embedding of some media file or text different: in decoding, the choice of
frames, resizing, a model's preprocessing or its computation. Embeddings cached before are then computed again. New
weights need no new version: their hash is a part of the key. `tests/evaluation/embeddings/test_encoding_version.py`
fails when embeddings of the sample media change while this number does not.
"""
