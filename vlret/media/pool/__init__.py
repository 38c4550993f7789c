"""Decoding in child processes: a file on which a decoder hangs or crashes costs no more than itself."""

from vlret.media.pool.events import ClipDecoded, DecodeJob, Event, FileDone, FileFailed
from vlret.media.pool.pool import DecodePool

__all__ = ["ClipDecoded", "DecodeJob", "DecodePool", "Event", "FileDone", "FileFailed"]
