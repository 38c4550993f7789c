"""Packet tables cached in memory, so that a long file opened again is not read again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from vlret.media.limits import PACKET_CACHE_BYTES
from vlret.media.video.packet_table import PacketTable
from vlret.media.video.read_packets import read_packets

_Key = tuple[Path, int, int]

_cache: OrderedDict[_Key, PacketTable] = OrderedDict()  # least recently used first
_lock = threading.Lock()


def packet_table(path: Path, on_progress: Callable[[], None]) -> PacketTable:
    """Return `read_packets(path)`, cached by path, size and modification time.

    Raises:
        MediaError: as `read_packets`.
    """
    status = path.stat()
    key = (path, status.st_size, status.st_mtime_ns)
    with _lock:
        if key in _cache:
            _cache.move_to_end(key)
            return _cache[key]
    table = read_packets(path, on_progress)
    _store(key, table)
    return table


def _store(key: _Key, table: PacketTable) -> None:
    with _lock:
        _cache[key] = table
        while sum(cached.n_bytes for cached in _cache.values()) > PACKET_CACHE_BYTES:
            _cache.popitem(last=False)
