"""Pairs of a clip and a text for training: read from tables, tars and directories, mixed, decoded ahead."""

from vlret.training.pairs.cached_tokens import CachedTokens, make_tokens
from vlret.training.pairs.loader import PairLoader
from vlret.training.pairs.pair_batch import PairBatch
from vlret.training.pairs.pair_set import PairSet
from vlret.training.pairs.read_pairs import read_pairs

__all__ = ["CachedTokens", "PairBatch", "PairLoader", "PairSet", "make_tokens", "read_pairs"]
